//! Explains how a due instant was computed, as data and as a text for citizens.

use calendar::{Budget, Calendar, End, Gaps, Span, Text, Trace, Unit, Why, reckon};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{Ledger, Suspension, end, words};
use crate::contract::{Channel, Promise};
use crate::law::{ClockStart, Outage};
use crate::step::Rule;

/// A span that was counted or skipped.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ExplainedSpan {
    /// Start, included.
    pub from: Timestamp,
    /// End, excluded.
    pub to: Timestamp,
    /// The span in words, in the agency's local time: its days, or the times of a day.
    pub when: Text,
    /// Whether it counts towards the period.
    pub counted: bool,
    /// The reason, in words.
    pub why: Text,
    /// The event, or the outage, that stopped the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Uuid>,
}

/// How a due instant was computed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Explanation {
    /// The first instant at which the period has passed.
    pub due_at: Timestamp,
    /// The last day of the period, in the agency's local time.
    pub due_on: Date,
    /// The instant from which the period is counted.
    pub started_at: Timestamp,
    /// The rule that determined this instant; absent for periods other than that of the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<ClockStart>,
    /// The length of the period; absent if the date was fixed, not computed.
    pub budget: Option<Budget>,
    /// The legal basis of the period.
    #[schema(example = "Decree 31/2018/ND-CP, art. 12.4")]
    pub legal_basis: String,
    /// The calendar and its version.
    #[schema(example = "vn 3")]
    pub calendar: String,
    /// The announcements of days off on which the calendar is based.
    #[schema(example = "Announcement 6150/TB-BLDTBXH")]
    pub calendar_basis: String,
    /// Whether it was computed with assumed days off, because a year's days off were not announced
    /// yet.
    pub provisional: bool,
    /// All counted and skipped spans, in order.
    pub spans: Vec<ExplainedSpan>,
    /// The explanation in one paragraph.
    pub text: Text,
}

/// Explains the period of a dossier filed by `channel` with this `ledger`; `None` if the law gives
/// no period.
pub(super) fn explain_computed(
    rule: Rule<'_>,
    channel: Channel,
    ledger: &Ledger,
) -> Option<Explanation> {
    let budget = ledger.budget(rule, channel)?;
    let outages: Vec<&Outage> = rule.outages.iter().filter(|o| o.hits(channel)).collect();
    let reckoned = Reckoned {
        calendar: rule.calendar,
        started_at: ledger.started_at,
        start: Some(rule.procedure.clock.start),
        budget,
        gaps: &ledger.gaps(rule, channel),
        suspensions: &ledger.suspensions,
        outages: &outages,
        basis: &rule.procedure.legal_basis,
    };
    Some(explain_reckoned(&reckoned))
}

/// The input from which an end is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reckoned<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) started_at: Timestamp,
    pub(super) start: Option<ClockStart>,
    pub(super) budget: Budget,
    pub(super) gaps: &'a Gaps,
    pub(super) suspensions: &'a [Suspension],
    pub(super) outages: &'a [&'a Outage],
    pub(super) basis: &'a str,
}

/// Computes the end again, with the reason for each day or hour.
pub(super) fn explain_reckoned(of: &Reckoned<'_>) -> Explanation {
    let Ok(reckoning) = reckon(of.calendar, of.started_at, of.budget, of.gaps) else {
        let End { due_at, provisional } = end(of.calendar, of.started_at, of.budget, of.gaps);
        let text = paragraph(of, due_at, &[]);
        let framed = frame(of.calendar, of.basis, due_at, of.started_at);
        return Explanation {
            start: of.start,
            budget: Some(of.budget),
            provisional,
            text,
            ..framed
        };
    };
    let end = reckoning.end;
    let spans: Vec<ExplainedSpan> =
        reckoning.trace.iter().map(|step| explained(of, step)).collect();
    Explanation {
        start: of.start,
        budget: Some(of.budget),
        provisional: end.provisional,
        text: paragraph(of, end.due_at, &spans),
        spans,
        ..frame(of.calendar, of.basis, end.due_at, of.started_at)
    }
}

fn explained(of: &Reckoned<'_>, step: &Trace) -> ExplainedSpan {
    let Span { from, to } = step.span;
    let counted = matches!(step.why, Why::Counted | Why::MakeUpDay(_));
    let (mut why, mut cause) = (reason(&step.why), None);
    let when = words::span(of.calendar, step.span);
    if step.why == Why::Suspended {
        let overlaps = |since: Timestamp, until: Option<Timestamp>| {
            since < to && until.is_none_or(|until| until > from)
        };
        if let Some(suspension) = of.suspensions.iter().find(|s| overlaps(s.from, s.to)) {
            cause = Some(suspension.cause);
        } else if let Some(outage) = of.outages.iter().find(|o| overlaps(o.from, o.to)) {
            cause = Some(outage.id);
            why = Text {
                vi: format!("hệ thống gặp sự cố: {}", outage.reason),
                en: format!("systems were out of order: {}", outage.reason),
            };
        }
    }
    ExplainedSpan { from, to, when, counted, why, cause }
}

/// Explains a date that was fixed: an appointment that was moved, or a date that another authority
/// fixed.
pub(super) fn explain_fixed(
    rule: Rule<'_>,
    started_at: Timestamp,
    promise: &Promise,
    basis: &str,
) -> Explanation {
    let due = words::end(rule.calendar, promise.due_at);
    Explanation {
        text: Text {
            vi: format!("Hạn trả kết quả là {}, được ấn định theo: {basis}.", due.vi),
            en: format!("The result is due by {}, a date fixed on this basis: {basis}.", due.en),
        },
        start: Some(rule.procedure.clock.start),
        ..frame(rule.calendar, &rule.procedure.legal_basis, promise.due_at, started_at)
    }
}

/// Explains the instant by which lateness must be announced (Decree 61/2018/NĐ-CP, art. 19.9).
pub(super) fn explain_foresight(
    rule: Rule<'_>,
    started_at: Timestamp,
    promise: &Promise,
) -> Option<Explanation> {
    let by = promise.foresee_at?;
    let (before, due) = (words::end(rule.calendar, by), words::end(rule.calendar, promise.due_at));
    Some(Explanation {
        text: Text {
            vi: format!(
                "Nếu không kịp trả kết quả ({}), phải xin lỗi và hẹn lại chậm nhất {}: một ngày làm việc trước đó.",
                due.vi, before.vi
            ),
            en: format!(
                "If the result cannot be given by {}, an apology with a new date is due by {}, one working day before it.",
                due.en, before.en
            ),
        },
        ..frame(rule.calendar, "61/2018/NĐ-CP Điều 19.9", by, started_at)
    })
}

fn frame(
    calendar: &Calendar,
    basis: &str,
    due_at: Timestamp,
    started_at: Timestamp,
) -> Explanation {
    Explanation {
        due_at,
        due_on: calendar.last_day(due_at),
        started_at,
        start: None,
        budget: None,
        legal_basis: basis.to_owned(),
        calendar: format!("{}/{}", calendar.id(), calendar.version()),
        calendar_basis: calendar.legal_basis().trim().to_owned(),
        provisional: false,
        spans: Vec::new(),
        text: Text { vi: String::new(), en: String::new() },
    }
}

fn reason(why: &Why) -> Text {
    let text = |vi: &str, en: &str| Text { vi: vi.to_owned(), en: en.to_owned() };
    match why {
        Why::Counted => text("được tính", "counted"),
        Why::FirstDay => text("ngày bắt đầu không tính", "the first day is not counted"),
        Why::Rest => text("ngày nghỉ hằng tuần", "weekly rest day"),
        Why::MakeUpDay(name) | Why::Off(name) => name.clone(),
        Why::Suspended => text("thời gian tạm dừng", "the clock stood still"),
        Why::LastDay => text("ngày kết thúc thời hạn", "the day on which the period ends"),
        Why::RolledOver => text("không phải ngày làm việc cuối kỳ", "not a working day to end on"),
    }
}

fn paragraph(of: &Reckoned<'_>, due_at: Timestamp, spans: &[ExplainedSpan]) -> Text {
    let Reckoned { calendar, budget, basis, .. } = *of;
    let (unit_vi, unit_en) = unit(budget.unit);
    let (from, due) = (words::moment(calendar, of.started_at), words::end(calendar, due_at));
    let mut skipped: Vec<&ExplainedSpan> = spans.iter().filter(|span| !span.counted).collect();
    skipped.retain(|span| span.why.en != "weekly rest day");
    let list = |pick: fn(&Text) -> &String| {
        let all: Vec<String> = skipped
            .iter()
            .map(|span| format!("{} ({})", pick(&span.when), pick(&span.why)))
            .collect();
        all.join(", ")
    };
    let (skipped_vi, skipped_en) = if skipped.is_empty() {
        (String::new(), String::new())
    } else {
        (
            format!(" Không tính: {}.", list(|t| &t.vi)),
            format!(" Not counted: {}.", list(|t| &t.en)),
        )
    };
    Text {
        vi: format!(
            "Thời hạn {} {unit_vi}, tính từ {}, đến {}.{skipped_vi} Căn cứ: {}.",
            budget.amount, from.vi, due.vi, basis
        ),
        en: format!(
            "A period of {} {unit_en}, counted from {}, runs to {}.{skipped_en} Basis: {}.",
            budget.amount, from.en, due.en, basis
        ),
    }
}

const fn unit(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::WorkingHours => ("giờ làm việc", "working hours"),
        Unit::WorkingDays => ("ngày làm việc", "working days"),
        Unit::CalendarDays => ("ngày", "days"),
        Unit::Months => ("tháng", "months"),
        Unit::SameDay => ("(trong ngày)", "(the same day)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use crate::testing::{at, law};

    fn promotion(law: &Law) -> Rule<'_> {
        let procedure = law.procedures().find(|p| p.code.as_str() == "2.000004").unwrap();
        let calendar = law.calendar_of(&"H26.14".into()).unwrap();
        Rule { procedure, calendar, outages: &[] }
    }

    #[test]
    fn an_explanation_names_the_holiday_that_moved_the_date() {
        let law = law();
        let ledger = Ledger::since(at("2026-11-20T09:00"));
        let explained = explain_computed(promotion(&law), Channel::Online, &ledger).unwrap();
        let Text { vi, en } = &explained.text;
        assert!(vi.contains("24/11/2026 (Ngày Văn hóa Việt Nam)"), "{vi}");
        assert!(en.contains("5 working days, counted from 09:00 on 20 November 2026"), "{en}");
        assert!(en.contains("runs to the end of 30 November 2026."), "{en}");
        assert_eq!(explained.spans.iter().filter(|span| span.counted).count(), 5);
        assert_eq!(explained.start, Some(ClockStart::Submitted));
        assert!(!explained.provisional);
        let next_year = Ledger::since(at("2026-12-30T09:00"));
        let explained = explain_computed(promotion(&law), Channel::Online, &next_year).unwrap();
        assert!(explained.provisional, "2027 is not announced");
    }

    #[test]
    fn a_day_that_did_not_count_names_what_stopped_it_and_only_that() {
        let law = law();
        let (first, second, outage) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let mut ledger = Ledger::since(at("2026-11-02T09:00"));
        ledger.suspensions = vec![
            // It ends with the day on which it began, so that no day was skipped for it.
            Suspension {
                from: at("2026-11-03T10:00"),
                to: Some(at("2026-11-04T00:00")),
                cause: first,
            },
            Suspension {
                from: at("2026-11-04T00:00"),
                to: Some(at("2026-11-05T00:00")),
                cause: second,
            },
        ];
        let outages = [Outage {
            id: outage,
            agency: "H26.14".into(),
            channels: Vec::new(),
            from: at("2026-11-05T00:00"),
            to: Some(at("2026-11-06T00:00")),
            reason: "mất điện".to_owned(),
            recorded_at: at("2026-11-05T00:00"),
        }];
        let rule = Rule { outages: &outages, ..promotion(&law) };
        let explained = explain_computed(rule, Channel::Online, &ledger).unwrap();
        let causes: Vec<(String, Option<Uuid>)> = explained
            .spans
            .iter()
            .filter(|span| span.cause.is_some() || !span.counted)
            .map(|span| (span.when.vi[..5].to_owned(), span.cause))
            .collect();
        let expected = [
            ("02/11", None),
            ("04/11", Some(second)),
            ("05/11", Some(outage)),
            ("07/11", None),
            ("08/11", None),
        ];
        assert_eq!(causes, expected.map(|(day, cause)| (day.to_owned(), cause)));
        let out: Vec<&ExplainedSpan> =
            explained.spans.iter().filter(|span| span.cause == Some(outage)).collect();
        assert!(out.iter().all(|span| span.why.vi.contains("mất điện")), "{out:?}");
    }

    #[test]
    fn of_two_suspensions_that_touch_each_day_names_its_own_in_whatever_order_they_were_recorded() {
        let law = law();
        let (earlier, later) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let day =
            |from: &str, to: &str, cause| Suspension { from: at(from), to: Some(at(to)), cause };
        let mut ledger = Ledger::since(at("2026-11-02T09:00"));
        ledger.suspensions = vec![
            day("2026-11-05T00:00", "2026-11-06T00:00", later),
            day("2026-11-04T00:00", "2026-11-05T00:00", earlier),
        ];
        let explained = explain_computed(promotion(&law), Channel::Online, &ledger).unwrap();
        let causes: Vec<Uuid> = explained.spans.iter().filter_map(|span| span.cause).collect();
        assert_eq!(causes, [earlier, later]);
    }

    #[test]
    fn a_date_that_was_given_and_when_lateness_is_foreseen_are_explained_in_words() {
        let law = law();
        let rule = promotion(&law);
        let promise = Promise {
            due_at: at("2026-12-01T00:00"),
            foresee_at: Some(at("2026-11-28T00:00")),
            calendar: None,
            provisional: false,
        };
        let started_at = at("2026-11-20T09:00");
        let fixed = explain_fixed(rule, started_at, &promise, "Điều 9");
        assert_eq!((fixed.start, fixed.due_at), (Some(ClockStart::Submitted), promise.due_at));
        let words = "due by the end of 30 November 2026, a date fixed on this basis: Điều 9";
        assert!(fixed.text.en.contains(words), "{}", fixed.text.en);
        let foresight = explain_foresight(rule, started_at, &promise).unwrap();
        assert_eq!(Some(foresight.due_at), promise.foresee_at);
        let words = "an apology with a new date is due by the end of 27 November 2026";
        assert!(foresight.text.en.contains(words), "{}", foresight.text.en);
        let hours = Promise { foresee_at: None, ..promise };
        assert!(explain_foresight(rule, started_at, &hours).is_none());
    }
}
