//! The start of a clock: the instant that starts it, and the cut-off of the day.

use calendar::CalendarError;
use jiff::{SignedDuration, Timestamp};

use crate::contract::SupplementEffect;
use crate::law::{ClockRules, ClockStart};
use crate::step::Rule;

/// The instants of a dossier that can start its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    /// When it was submitted; by post, the date of posting where the law counts by it.
    pub received_at: Timestamp,
    /// When it last became complete: with the submission, or with a supplement before acceptance.
    pub completed_at: Timestamp,
    pub accepted_at: Timestamp,
    pub fee_at: Option<Timestamp>,
}

/// The instant from which the procedure counts; `None` if it has not been reached.
#[must_use]
pub fn start_moment(clock: &ClockRules, moments: Moments) -> Option<Timestamp> {
    let Moments { received_at, completed_at, accepted_at, fee_at } = moments;
    match clock.start {
        // A supplement that restarts the clock does so before acceptance too.
        ClockStart::Submitted => Some(match clock.supplement {
            SupplementEffect::Restart => completed_at,
            SupplementEffect::Pause => received_at,
        }),
        ClockStart::Accepted => Some(accepted_at),
        // A fee paid after acceptance does not change when the dossier was complete.
        ClockStart::Complete => Some(
            fee_at.filter(|at| *at <= accepted_at).map_or(completed_at, |at| at.max(completed_at)),
        ),
        ClockStart::FeeReceived => fee_at,
    }
}

/// The instant from which a dossier received at `moment` counts: the next working day's opening if
/// it was received after the procedure's cut-off, within its last hour or on a day off (for example
/// Decree 297/2025/NĐ-CP); otherwise `moment`.
pub fn effective_start(rule: Rule<'_>, moment: Timestamp) -> Result<Timestamp, CalendarError> {
    let Some(cut_off) = &rule.procedure.clock.cut_off else { return Ok(moment) };
    let date = rule.calendar.date_of(moment);
    let in_time = match cut_off.on(date.weekday()) {
        Some(time) => rule.calendar.time_of(moment) < time,
        None => true,
    };
    let before_last_hour = match rule.calendar.closing(date)? {
        Some(closing) if cut_off.last_hour => {
            moment < closing.checked_sub(SignedDuration::from_hours(1))?
        }
        Some(_) | None => true,
    };
    if rule.calendar.is_working_day(date) && in_time && before_last_hour {
        return Ok(moment);
    }
    rule.calendar.next_opening_after(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::{CutOff, Law};
    use crate::testing::{at, law};

    fn start(law: &Law, cut_off: &str, moment: &str) -> Timestamp {
        let mut procedure =
            law.in_force(&"2.000004".into(), jiff::civil::date(2026, 11, 20)).unwrap().clone();
        let cut_off: CutOff = serde_yaml_ng::from_str(cut_off).unwrap();
        procedure.clock.cut_off = Some(cut_off);
        let calendar = law.calendar_of(&"H26.14".into()).unwrap();
        effective_start(Rule { procedure: &procedure, calendar, outages: &[] }, at(moment)).unwrap()
    }

    #[test]
    fn what_comes_after_the_cut_off_counts_from_the_next_working_morning() {
        let law = law();
        let start = |moment| start(&law, "{ at: '15:00' }", moment);
        assert_eq!(start("2026-11-20T14:59"), at("2026-11-20T14:59"));
        assert_eq!(start("2026-11-20T15:00"), at("2026-11-23T08:00"));
        assert_eq!(start("2026-11-21T09:00"), at("2026-11-23T08:00"));
        assert_eq!(start("2026-11-23T16:00"), at("2026-11-25T08:00"));
    }

    #[test]
    fn the_last_hour_is_an_hour_like_any_other_where_the_law_does_not_name_it() {
        let law = law();
        let start = start(&law, "{ at: '17:00' }", "2026-11-20T16:30");
        assert_eq!(start, at("2026-11-20T16:30"));
    }

    #[test]
    fn what_comes_in_the_last_hour_of_office_time_counts_from_the_next_working_morning() {
        let law = law();
        let start = |moment| start(&law, "{ at: '17:00', last_hour: true }", moment);
        assert_eq!(start("2026-11-20T15:59"), at("2026-11-20T15:59"));
        assert_eq!(start("2026-11-20T16:00"), at("2026-11-23T08:00"));
        assert_eq!(start("2026-11-20T22:00"), at("2026-11-23T08:00"));
        assert_eq!(start("2026-11-20T03:00"), at("2026-11-20T03:00"), "before opening is that day");
    }

    #[test]
    fn another_weekday_may_have_another_cut_off() {
        let law = law();
        let start = |moment| start(&law, "{ at: '16:00', weekdays: { friday: '11:00' } }", moment);
        assert_eq!(start("2026-11-19T15:00"), at("2026-11-19T15:00"));
        assert_eq!(start("2026-11-20T11:00"), at("2026-11-23T08:00"));
    }

    #[test]
    fn each_rule_counts_from_its_own_moment() {
        let law = law();
        let moments = Moments {
            received_at: at("2026-11-02T09:00"),
            completed_at: at("2026-11-04T09:00"),
            accepted_at: at("2026-11-05T09:00"),
            fee_at: Some(at("2026-11-06T09:00")),
        };
        let procedure = law.procedures().find(|p| p.code.as_str() == "2.000004").unwrap();
        let from = |start, supplement| {
            let mut clock = procedure.clock.clone();
            (clock.start, clock.supplement) = (start, supplement);
            start_moment(&clock, moments)
        };
        let (pause, restart) = (SupplementEffect::Pause, SupplementEffect::Restart);
        assert_eq!(from(ClockStart::Submitted, pause), Some(moments.received_at));
        assert_eq!(from(ClockStart::Submitted, restart), Some(moments.completed_at));
        assert_eq!(from(ClockStart::Accepted, pause), Some(moments.accepted_at));
        assert_eq!(from(ClockStart::Complete, pause), Some(moments.completed_at));
        assert_eq!(from(ClockStart::FeeReceived, pause), moments.fee_at);
        let early = Moments { fee_at: Some(at("2026-11-04T10:00")), ..moments };
        let mut clock = procedure.clock.clone();
        clock.start = ClockStart::Complete;
        assert_eq!(start_moment(&clock, early), early.fee_at, "complete with its fee");
    }
}
