//! What follows from a dossier, computed before it is taken: every period that its procedure can set, from the moments and
//! dates that the dossier gives. What would fail later, at a step that nobody can go back from, is found here.

use std::collections::BTreeMap;

use calendar::{Budget, CalendarError, Gaps, Text, end_of};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{effective_start, words};
use crate::contract::Channel;
use crate::law::{FINDINGS_MAX, Finding, Procedure, is_date};
use crate::step::Rule;

/// The first year that a date of an ordinary form may lie in: nothing that is filed is older.
const FIRST_YEAR: i16 = 1900;
/// How far ahead a date in a form may lie, in years.
const YEARS_AHEAD_MAX: i16 = 100;
/// How far ahead a date may lie from which a rule counts, in years: more than the longest licence, less than a slip of a
/// century.
const RULE_YEARS_AHEAD_MAX: i16 = 50;
/// How long a parcel may have been on its way, in days. The Universal Postal Convention gives six months to ask after one;
/// what is older is another year, mistyped.
const POSTED_DAYS_MAX: i64 = 183;
/// How often something is repeated when it is computed ahead; a rule may allow it more often.
const TIMES_MAX: u32 = 100;

/// A dossier as it is filed, or as it is once its form is corrected.
#[derive(Debug, Clone, Copy)]
pub struct Filed<'a> {
    /// By which way it comes.
    pub channel: Channel,
    /// Its form.
    pub form: &'a Value,
    /// For post: the date that the law counts by, if that is said now.
    pub posted_at: Option<Timestamp>,
    /// When it is, or was, submitted.
    pub submitted_at: Timestamp,
    /// The first day of the procedure in whichever version: what it has is not older. A parcel may have been handed in, and what is
    /// asked for may have begun, under the version before.
    pub since: Date,
}

/// Everything in a dossier that cannot be right, or from which something follows that cannot be computed, under the law that
/// it is received under, at `now`. Pointers are into the request that gives it.
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
    // What fails by the rules alone is not the dossier's fault, and does not stop it: see `end`.
    let mut of_the_rules = Run { rule, faults: Vec::new() };
    of_the_rules.clock(channel, now, now);
    of_the_rules.duties(&Value::Null, now);
    let by_rule = |fault: &Finding| of_the_rules.faults.iter().any(|f| f.pointer == fault.pointer);
    run.faults.retain(|fault| !by_rule(fault));
    let given =
        |fault: Finding| Finding { pointer: given_at(rule.procedure, &fault.pointer), ..fault };
    run.faults.into_iter().map(given).collect()
}

/// What a dossier gives that the rule at `place` counts from.
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

/// Why a day cannot be one of a dossier of a procedure that took effect `from` another one.
pub(crate) fn before_it_took_effect(day: Date, from: Date) -> Text {
    let (Text { vi: day_vi, en: day_en }, Text { vi, en }) = (words::day(day), words::day(from));
    Text::new(
        format!("ngày {day_vi} ở trước ngày thủ tục này có hiệu lực {vi}"),
        format!("{day_en} is before {en}, when this procedure took effect"),
    )
}

/// Why a date of posting cannot be right. One in the future, and one where none counts, are refused by themselves.
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

/// The dates in a form that cannot be right: those that rules count from, those that views show, and those of a period that
/// ends before it begins.
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

/// The fields with the days from which rules count.
fn counted_from(procedure: &Procedure) -> Vec<&str> {
    let ahead = procedure.intake.ahead.iter().map(|ahead| &*ahead.field);
    ahead.chain(procedure.result.duties.iter().filter_map(|duty| duty.field.as_deref())).collect()
}

/// The fields `from` and `to` of one object, where the schema says that both are dates, are a period.
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

/// A run of the law, which goes on when something fails.
struct Run<'a> {
    rule: Rule<'a>,
    faults: Vec<Finding>,
}

impl Run<'_> {
    /// The end of a period that is set by the procedure's rule at `place`.
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

    /// The period for the decision: from when it was received, after a supplement, and extended as often as may be.
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

    /// What is owed after the result, one thing after another, as late as it may be done.
    fn duties(&mut self, form: &Value, now: Timestamp) {
        let duties = &self.rule.procedure.result.duties;
        let mut ends: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for (place, duty) in duties.iter().enumerate() {
            let before = duty.after.as_deref().map(|after| ends.get(after).copied());
            let named =
                duty.field.as_ref().and_then(|field| form.pointer(field)?.as_str()?.parse().ok());
            let since = match (before, named) {
                // What it follows cannot be computed, which has been said.
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
