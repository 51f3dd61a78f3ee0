//! Computes in advance what follows from a dossier, before it is accepted for recording: all
//! periods that its procedure can set, from the instants and dates of the dossier. Values that
//! would make a later, irreversible step fail are found here.

use std::collections::BTreeMap;

use calendar::{Budget, CalendarError, Gaps, Text, end_of};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{effective_start, words};
use crate::contract::Channel;
use crate::law::{FINDINGS_MAX, Finding, Procedure, is_date};
use crate::step::Rule;

/// The first valid year for dates in a form.
const FIRST_YEAR: i16 = 1900;
/// How many years ahead a date in a form may be.
const YEARS_AHEAD_MAX: i16 = 100;
/// How many years ahead a date may be from which a rule counts: more than the longest licence, less
/// than a mistyped century.
const RULE_YEARS_AHEAD_MAX: i16 = 50;
/// How long a parcel may have been in transit, in days. The Universal Postal Convention gives six
/// months for inquiries; an older date is most likely a mistyped year.
const POSTED_DAYS_MAX: i64 = 183;
/// Maximum number of repetitions that are computed in advance, even if a rule allows more.
const TIMES_MAX: u32 = 100;

/// A dossier as submitted, or as it is after a correction of its form.
#[derive(Debug, Clone, Copy)]
pub struct Filed<'a> {
    pub channel: Channel,
    pub form: &'a Value,
    /// For post: the date of posting, if it is given now.
    pub posted_at: Option<Timestamp>,
    pub submitted_at: Timestamp,
    /// The first day of the procedure in any version. Dates in the dossier are not earlier: a
    /// parcel may have been posted, and the activity may have begun, under an earlier version.
    pub since: Date,
}

/// Findings for all values of a dossier that cannot be right, or that make something impossible to
/// compute, under the law by which it is received, at `now`. Their pointers refer to the request.
#[must_use]
pub fn forward(rule: Rule<'_>, filed: Filed<'_>, now: Timestamp) -> Vec<Finding> {
    let mut faults = Vec::new();
    let Filed { channel, form, posted_at, submitted_at, since } = filed;
    if let Some(posted_at) = posted_at {
        faults.extend(posted(rule, since, posted_at, submitted_at));
    }
    faults.extend(dates(rule, since, form, now));
    if !faults.is_empty() {
        return faults;
    }
    let mut run = Run { rule, faults: Vec::new() };
    run.clock(channel, posted_at.unwrap_or(now), now);
    run.duties(form, now);
    if run.faults.is_empty() {
        return faults;
    }
    // Faults that result from the rules alone are not the dossier's fault and do not prevent its
    // submission, see `end`.
    let mut of_the_rules = Run { rule, faults: Vec::new() };
    of_the_rules.clock(channel, now, now);
    of_the_rules.duties(&Value::Null, now);
    let by_rule = |fault: &Finding| of_the_rules.faults.iter().any(|f| f.pointer == fault.pointer);
    run.faults.retain(|fault| !by_rule(fault));
    let given =
        |fault: Finding| Finding { pointer: given_at(rule.procedure, &fault.pointer), ..fault };
    run.faults.into_iter().map(given).collect()
}

/// The pointer to the value of the dossier from which the rule at `place` counts.
fn given_at(procedure: &Procedure, place: &str) -> String {
    let result = &procedure.result;
    let place = place.strip_prefix("/result/duties/").and_then(|rest| rest.strip_suffix("/budget"));
    let place = place.and_then(|place| place.parse::<usize>().ok());
    let mut duty = place.and_then(|place| result.duties.get(place));
    while let Some(found) = duty {
        if let Some(field) = &found.field {
            return format!("/form{field}");
        }
        duty = found.after.as_ref().and_then(|after| result.duty(after));
    }
    "/posted_at".to_owned()
}

/// Why `day` is too early for a procedure that took effect on `from`.
pub(crate) fn before_it_took_effect(day: Date, from: Date) -> Text {
    let (Text { vi: day_vi, en: day_en }, Text { vi, en }) = (words::day(day), words::day(from));
    Text::new(
        format!("ngày {day_vi} ở trước ngày thủ tục này có hiệu lực {vi}"),
        format!("{day_en} is before {en}, when this procedure took effect"),
    )
}

/// A finding if the date of posting cannot be right. Dates in the future, and dates where none
/// counts, are refused elsewhere.
fn posted(rule: Rule<'_>, from: Date, posted_at: Timestamp, now: Timestamp) -> Option<Finding> {
    let day = rule.calendar.date_of(posted_at);
    let earliest = now.checked_sub(SignedDuration::from_hours(24 * POSTED_DAYS_MAX)).ok()?;
    let what = if day < from {
        before_it_took_effect(day, from)
    } else if posted_at < earliest {
        let Text { vi, en } = words::day(day);
        Text::new(
            format!("ngày {vi} đã qua hơn {POSTED_DAYS_MAX} ngày"),
            format!("{en} is more than {POSTED_DAYS_MAX} days ago"),
        )
    } else {
        return None;
    };
    Some(Finding::said("/posted_at", what))
}

/// Findings for dates in a form that cannot be right: dates from which rules count, dates in public
/// fields, and periods that end before they begin.
fn dates(rule: Rule<'_>, from: Date, form: &Value, now: Timestamp) -> Vec<Finding> {
    let procedure = rule.procedure;
    let today = rule.calendar.date_of(now);
    let counted = counted_from(procedure);
    let mut faults = Vec::new();
    for field in &procedure.public {
        let used = counted.contains(&field.as_str());
        let Some(value) = form.pointer(field).filter(|value| !value.is_null()) else { continue };
        if !used && !is_date(&procedure.form, field) {
            continue;
        }
        let at = format!("/form{field}");
        let Some(date) = value.as_str().and_then(|text| text.parse::<Date>().ok()) else {
            if used {
                let (vi, en) = (
                    "quy định tính thời hạn từ ngày này, nhưng đây không phải là ngày",
                    "a rule counts from this day: it is not a date",
                );
                faults.push(Finding::said(at, Text::new(vi, en)));
            }
            continue;
        };
        let ahead = if used { RULE_YEARS_AHEAD_MAX } else { YEARS_AHEAD_MAX };
        let last_year = today.year().saturating_add(ahead);
        let Text { vi, en } = words::day(date);
        if used && date < from {
            faults.push(Finding::said(at, before_it_took_effect(date, from)));
        } else if date.year() < FIRST_YEAR {
            let what = Text::new(
                format!("ngày {vi} ở trước năm {FIRST_YEAR}"),
                format!("{en} is before the year {FIRST_YEAR}"),
            );
            faults.push(Finding::said(at, what));
        } else if date.year() > last_year {
            let what = Text::new(
                format!("ngày {vi} ở sau năm {last_year}: không tính được thời hạn từ đó"),
                format!("{en} is after the year {last_year}: nothing can be computed from it"),
            );
            faults.push(Finding::said(at, what));
        }
    }
    backwards(&procedure.form, form, "", &mut faults);
    faults
}

/// The fields with the dates from which rules count.
fn counted_from(procedure: &Procedure) -> Vec<&str> {
    let ahead = procedure.intake.ahead.iter().map(|ahead| &*ahead.field);
    ahead.chain(procedure.result.duties.iter().filter_map(|duty| duty.field.as_deref())).collect()
}

/// Findings for periods that end before they begin. Two fields `from` and `to` of one object are a
/// period if the schema defines both as dates.
fn backwards(schema: &Value, value: &Value, at: &str, faults: &mut Vec<Finding>) {
    if faults.len() >= FINDINGS_MAX {
        return;
    }
    let day = |key: &str| {
        let date: Date = value.get(key)?.as_str()?.parse().ok()?;
        is_date(schema, &format!("{at}/{key}")).then_some(date)
    };
    if let (Some(from), Some(to)) = (day("from"), day("to"))
        && to < from
    {
        let (to, from) = (words::day(to), words::day(from));
        let what = Text::new(
            format!("ngày {} ở trước ngày bắt đầu {}", to.vi, from.vi),
            format!("{} is before {}, where it begins", to.en, from.en),
        );
        faults.push(Finding::said(format!("/form{at}/to"), what));
    }
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                backwards(schema, item, &format!("{at}/{place}"), faults);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                backwards(schema, field, &format!("{at}/{key}"), faults);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A computation that continues after a failure and collects the findings.
struct Run<'a> {
    rule: Rule<'a>,
    faults: Vec<Finding>,
}

impl Run<'_> {
    /// The end of a period that the rule at `place` sets.
    fn end(&mut self, place: &str, start: Timestamp, budget: Budget) -> Option<Timestamp> {
        self.noted(
            place,
            end_of(self.rule.calendar, start, budget, &Gaps::default()).map(|end| end.due_at),
        )
    }

    fn noted<T>(&mut self, place: &str, computed: Result<T, CalendarError>) -> Option<T> {
        computed.map_err(|error| self.fault(place, &error)).ok()
    }

    fn fault(&mut self, place: &str, error: &CalendarError) {
        let vi = "không tính được thời hạn từ giá trị này";
        self.faults.push(Finding::said(place, Text::new(vi, error.to_string())));
    }

    /// The period for the decision: from the receipt, after a supplement, and with all permitted
    /// extensions.
    fn clock(&mut self, channel: Channel, received_at: Timestamp, now: Timestamp) {
        let clock = &self.rule.procedure.clock;
        for moment in [received_at, now] {
            let Some(start) = self.noted("/clock/cut_off", effective_start(self.rule, moment))
            else {
                continue;
            };
            for (place, budget) in [
                ("/clock/budget", clock.budget.get(&channel).copied()),
                ("/clock/after_supplement", clock.after_supplement),
            ] {
                let Some(whole) = budget else { continue };
                self.end(place, start, whole);
                if let Some(extension) = &clock.extension {
                    let more =
                        extension.budget.amount.saturating_mul(extension.times.min(TIMES_MAX));
                    let amount = whole.amount.saturating_add(more);
                    self.end("/clock/extension", start, Budget { amount, ..whole });
                }
            }
        }
    }

    /// The duties after the result, one after another, each met as late as permitted.
    fn duties(&mut self, form: &Value, now: Timestamp) {
        let duties = &self.rule.procedure.result.duties;
        let mut ends: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for (place, duty) in duties.iter().enumerate() {
            let before = duty.after.as_deref().map(|after| ends.get(after).copied());
            let named =
                duty.field.as_ref().and_then(|field| form.pointer(field)?.as_str()?.parse().ok());
            let since = match (before, named) {
                // The duty that it follows cannot be computed, which was found already.
                (Some(None), _) => continue,
                (Some(Some(before)), _) => before,
                (None, Some(day)) => match self.rule.calendar.start_of_day(day) {
                    Ok(start) => start.max(now),
                    Err(_) => continue,
                },
                (None, None) => now,
            };
            if let Some(end) =
                self.end(&format!("/result/duties/{place}/budget"), since, duty.budget)
            {
                ends.insert(&duty.code, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::intake::submit_dossier::tests::promotion;
    use crate::law::Law;
    use crate::testing::{at, law};

    fn faults(law: &Law, change: impl FnOnce(&mut Value), posted_at: Option<&str>) -> Vec<Finding> {
        let mut form = promotion().form;
        change(&mut form);
        let now = at("2026-11-20T09:00");
        let procedure = law.in_force(&"2.000004".into(), jiff::civil::date(2026, 11, 20)).unwrap();
        let calendar = law.calendar_of(&"H26.14".into()).unwrap();
        let posted_at = posted_at.map(at);
        let channel = if posted_at.is_some() { Channel::Post } else { Channel::Online };
        let since = law.first_day(&procedure.code).unwrap();
        let filed = Filed { channel, form: &form, posted_at, submitted_at: now, since };
        forward(Rule { procedure, calendar, outages: &[] }, filed, now)
    }

    fn pointers(faults: &[Finding]) -> Vec<&str> {
        faults.iter().map(|fault| &*fault.pointer).collect()
    }

    #[test]
    fn an_ordinary_dossier_leads_nowhere_that_cannot_be_computed() {
        let law = law();
        assert_eq!(faults(&law, |_| {}, None), []);
        assert_eq!(faults(&law, |_| {}, Some("2026-11-16T09:00")), []);
    }

    #[test]
    fn a_day_from_which_a_rule_counts_is_one_that_can_be_counted_from() {
        let law = law();
        for day in
            ["9999-12-31", "9999-11-15", "2077-01-01", "0001-01-01", "1970-01-01", "2018-07-14"]
        {
            let set = |form: &mut Value| form["programme"]["to"] = json!(day);
            assert_eq!(pointers(&faults(&law, set, None))[0], "/form/programme/to", "{day}");
        }
        let set = |form: &mut Value| form["programme"]["to"] = json!("2076-12-31");
        assert_eq!(faults(&law, set, None), []);
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_found_with_everything_else() {
        let law = law();
        let set = |form: &mut Value| {
            form["programme"]["from"] = json!("2026-12-02");
            form["programme"]["to"] = json!("2026-12-01");
        };
        let found = faults(&law, set, Some("2016-02-29T09:00"));
        assert_eq!(pointers(&found), ["/posted_at", "/form/programme/to"], "{found:?}");
    }

    #[test]
    fn a_period_that_runs_backwards_is_found_through_every_path_of_a_schema() {
        let day = json!({ "type": "string", "format": "date" });
        let schema = json!({
            "$defs": { "days": { "properties": { "from": day, "to": { "allOf": [day] } } } },
            "properties": { "stays": { "items": { "$ref": "#/$defs/days" } }, "from": {}, "to": day },
        });
        let stay = |from: &str, to: &str| json!({ "from": from, "to": to });
        let form = json!({
            "stays": [stay("2026-01-01", "2026-01-02"), stay("2026-01-03", "2026-01-02")],
            "from": "2027-01-01", "to": "2026-01-01",
        });
        let mut found = Vec::new();
        backwards(&schema, &form, "", &mut found);
        assert_eq!(pointers(&found), ["/form/stays/1/to"], "the other `from` is no date");
        assert!(found[0].vi.contains("02/01/2026"), "{found:?}");
        let many = json!({ "stays": vec![stay("2026-01-03", "2026-01-02"); 2 * FINDINGS_MAX] });
        found.clear();
        backwards(&schema, &many, "", &mut found);
        assert_eq!(found.len(), FINDINGS_MAX);
    }

    #[test]
    fn a_date_of_posting_lies_in_the_time_of_the_law_and_not_years_ago() {
        let law = law();
        for (day, wrong) in [
            ("0001-01-02T00:00", true),
            ("1970-01-01T00:00", true),
            ("2018-07-14T23:59", true),
            ("2025-11-20T09:00", true),
            ("2026-05-22T09:00", false),
        ] {
            let found = faults(&law, |_| {}, Some(day));
            assert_eq!(pointers(&found), if wrong { &["/posted_at"][..] } else { &[] }, "{day}");
        }
    }

    #[test]
    fn what_was_on_its_way_when_a_new_version_took_effect_is_no_older_than_the_procedure() {
        let mut law = law();
        let text = include_str!("../../procedures/promotion_registration.yaml");
        let known = law.in_force(&"2.000004".into(), jiff::civil::date(2026, 11, 20)).unwrap();
        let next = text
            .replace(
                &format!("\nversion: {}\n", known.version),
                "\nversion: 9\napplies_to_open: true\n",
            )
            .replace(&format!("from: {}", known.effective.from), "from: 2026-11-20");
        law.add_procedure("next", &next).unwrap();
        let begun = |form: &mut Value| form["programme"]["to"] = json!("2026-11-19");
        assert_eq!(faults(&law, |_| {}, Some("2026-11-18T09:00")), []);
        assert_eq!(faults(&law, begun, None).len(), 0);
        assert_eq!(pointers(&faults(&law, |_| {}, Some("2018-07-14T23:59"))), ["/posted_at"]);
    }

    #[test]
    fn rules_that_lead_nowhere_by_themselves_do_not_stop_a_dossier() {
        let law = law();
        let today = jiff::civil::date(2026, 11, 20);
        let mut procedure = law.in_force(&"2.000004".into(), today).unwrap().clone();
        procedure.clock.budget.values_mut().for_each(|budget| budget.amount = 12_000);
        procedure.result.duties[0].budget.amount = 3_000_000;
        let calendar = law.calendar_of(&"H26.14".into()).unwrap();
        let mut form = promotion().form;
        form["programme"]["to"] = json!("2046-12-31");
        let now = at("2026-11-20T09:00");
        let since = procedure.effective.from;
        let (channel, posted_at) = (Channel::Online, None);
        let filed = Filed { channel, form: &form, posted_at, submitted_at: now, since };
        assert_eq!(forward(Rule { procedure: &procedure, calendar, outages: &[] }, filed, now), []);
    }
}
