//! The statutory clock. The due instant is computed from a start, a budget and a ledger of
//! suspensions. Promised dates are recorded in events and never change without a further event.

use calendar::{Budget, Calendar, CalendarError, End, Gaps, HORIZON_DAYS, Span, Text};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::contract::{Channel, Promise, Vnd};
use crate::law::Finding;
use crate::law::Outage;
use crate::step::Rule;

mod course;
mod deadline;
mod explanation;
mod forward;
mod period;
mod promised;
mod start;
pub mod words;

pub use course::Course;
pub(crate) use deadline::deadline_kinds;
pub use deadline::{
    Basis, Checked, Deadline, DeadlineKind, Deadlines, Explained, Passed, check, enforce, explain,
    explanation, extend, open_deadlines,
};
pub use explanation::{ExplainedSpan, Explanation};
pub(crate) use forward::before_it_took_effect;
pub use forward::{Filed, forward};
pub use period::{Period, Running};
pub use promised::PromisedDate;
pub use start::{Moments, effective_start, start_moment};

/// A span in which the clock is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    pub from: Timestamp,
    /// Absent while the suspension lasts.
    pub to: Option<Timestamp>,
    /// The event that stopped the clock.
    pub cause: Uuid,
}

/// The start and the suspensions of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The instant from which the period is counted.
    pub started_at: Timestamp,
    /// In order of time.
    pub suspensions: Vec<Suspension>,
    /// Number of extensions of the period.
    pub extensions: u32,
    /// Whether the clock began again with a supplement; another period may apply then.
    pub anew: bool,
}

impl Ledger {
    /// A clock that has been running since `started_at` without suspensions.
    #[must_use]
    pub const fn since(started_at: Timestamp) -> Self {
        Self { started_at, suspensions: Vec::new(), extensions: 0, anew: false }
    }

    /// A clock that begins again at `started_at`, with a supplement.
    #[must_use]
    pub fn anew(started_at: Timestamp) -> Self {
        Self { anew: true, ..Self::since(started_at) }
    }

    /// Whether the clock is suspended.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.suspensions.iter().any(|suspension| suspension.to.is_none())
    }

    /// The period of a dossier filed by `channel`, extensions included; `None` if the law gives
    /// none.
    fn budget(&self, rule: Rule<'_>, channel: Channel) -> Option<Budget> {
        let clock = &rule.procedure.clock;
        let whole = *clock.budget.get(&channel)?;
        let Budget { amount, unit } = clock.after_supplement.filter(|_| self.anew).unwrap_or(whole);
        let more = clock.extension.as_ref().map_or(0, |extension| extension.budget.amount);
        let amount = amount.saturating_add(more.saturating_mul(self.extensions));
        Some(Budget { amount, unit })
    }

    /// The suspensions of the clock, for a dossier filed by `channel`: its own and the outages, as
    /// far as they have ended.
    fn gaps(&self, rule: Rule<'_>, channel: Channel) -> Gaps {
        let own = self.suspensions.iter().filter_map(|s| Some(Span { from: s.from, to: s.to? }));
        let outages = rule.outages.iter().filter(|outage| outage.hits(channel));
        Gaps::new(own.chain(outages.filter_map(Outage::span)).collect())
    }
}

/// Whether an ongoing outage affects dossiers filed by `channel`. If it began before `due_at`, it
/// is not yet known whether the period that ends then has passed.
#[must_use]
pub fn is_held(rule: Rule<'_>, channel: Channel, due_at: Timestamp) -> bool {
    let mut lasting = rule.outages.iter().filter(|outage| outage.to.is_none());
    lasting.any(|outage| outage.hits(channel) && outage.from < due_at)
}

/// The end of a period without suspensions.
#[must_use]
pub fn end_of(rule: Rule<'_>, start: Timestamp, budget: Budget) -> Timestamp {
    end(rule.calendar, start, budget, &Gaps::default()).due_at
}

/// The end of the applicant's window to pay a fee of `total` that is owed since `start`; `None` if
/// there is nothing to pay, or no window.
#[must_use]
pub fn fee_window(rule: Rule<'_>, total: Vnd, start: Timestamp) -> Option<Timestamp> {
    let window = rule.procedure.fees.window.filter(|_| total > Vnd::ZERO)?;
    Some(end_of(rule, start, window))
}

/// The latest due instant, in UTC: three days before the last representable date, so that adjacent
/// days can be computed.
const LAST_DUE: &str = "9999-12-28T00:00:00Z";

/// The end of a period. If the period does not end within the calendar's horizon, the horizon is
/// the end, provisionally: this covers dossiers recorded before such dates were refused, see
/// [`forward`].
#[must_use]
pub fn end(calendar: &Calendar, start: Timestamp, budget: Budget, gaps: &Gaps) -> End {
    calendar::end_of(calendar, start, budget, gaps).unwrap_or_else(|_| {
        let last = LAST_DUE.parse().expect("a constant instant");
        let followed = SignedDuration::from_hours(i64::from(HORIZON_DAYS).saturating_mul(24));
        let horizon = start.checked_add(followed).map_or(last, |horizon| horizon.min(last));
        End { due_at: horizon.max(start), provisional: true }
    })
}

/// The promise to the applicant; `None` if the law gives no period for the channel.
pub fn promise(
    rule: Rule<'_>,
    channel: Channel,
    ledger: &Ledger,
) -> Result<Option<Promise>, CalendarError> {
    let Some(budget) = ledger.budget(rule, channel) else { return Ok(None) };
    let end = end(rule.calendar, ledger.started_at, budget, &ledger.gaps(rule, channel));
    Ok(Some(Promise {
        due_at: end.due_at,
        foresee_at: foresee_at(rule, ledger.started_at, end.due_at)?,
        calendar: Some(rule.calendar.version()),
        provisional: end.provisional,
    }))
}

/// How far ahead a date may be fixed or moved, in days: ten years, more than any statutory period.
const GIVEN_DAYS_AHEAD_MAX: i64 = 3_653;

/// A finding if `given` is too far after `now` to be a valid date for a dossier.
#[must_use]
pub fn impossible(pointer: &str, now: Timestamp, given: Timestamp) -> Option<Finding> {
    let far = SignedDuration::from_hours(24 * GIVEN_DAYS_AHEAD_MAX);
    let what = Text::new(
        format!("cách hiện tại hơn {GIVEN_DAYS_AHEAD_MAX} ngày"),
        format!("it is more than {GIVEN_DAYS_AHEAD_MAX} days ahead"),
    );
    now.checked_add(far).is_ok_and(|last| given > last).then(|| Finding::said(pointer, what))
}

/// The promise of a date that was fixed, not computed.
pub fn given(rule: Rule<'_>, now: Timestamp, due_at: Timestamp) -> Result<Promise, CalendarError> {
    let foresee_at = foresee_at(rule, now, due_at)?;
    Ok(Promise { due_at, foresee_at, calendar: None, provisional: false })
}

/// One working day before `due_at`, at the same time of day; `None` if that is not after `start`.
fn foresee_at(
    rule: Rule<'_>,
    start: Timestamp,
    due_at: Timestamp,
) -> Result<Option<Timestamp>, CalendarError> {
    // A period of days ends at 24:00, which is the next date: step back to the last instant inside
    // it and forth again.
    let instant = SignedDuration::from_nanos(1);
    let last = due_at.checked_sub(instant)?;
    let day_before = rule.calendar.working_day_before(rule.calendar.date_of(last))?;
    let before = rule.calendar.instant(day_before, rule.calendar.time_of(last))?;
    let foresee_at = before.checked_add(instant)?;
    Ok((foresee_at > start).then_some(foresee_at))
}

/// How much later `now` is than `due_at`, in milliseconds.
pub(crate) fn late_by_ms(due_at: Timestamp, now: Timestamp) -> i64 {
    i64::try_from(now.duration_since(due_at).as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use crate::testing::{at, law};

    fn rule<'a>(law: &'a Law, code: &str) -> Rule<'a> {
        let procedure = law.procedures().find(|p| p.code.as_str() == code).unwrap();
        let agency = law.agencies().find(|a| procedure.agency.covers(&a.code)).unwrap();
        Rule { procedure, calendar: law.calendar_of(&agency.code).unwrap(), outages: &[] }
    }

    #[test]
    fn a_certificate_of_origin_takes_six_eight_or_twenty_four_working_hours_by_channel() {
        let law = law();
        let rule = rule(&law, "CO.D");
        let due = |channel| {
            let ledger = Ledger::since(at("2026-11-20T09:00"));
            promise(rule, channel, &ledger).unwrap().unwrap().due_at
        };
        assert_eq!(due(Channel::Online), at("2026-11-20T16:00"));
        assert_eq!(due(Channel::Counter), at("2026-11-23T09:00"));
        // Tuesday 24 November is Vietnam Culture Day.
        assert_eq!(due(Channel::Post), at("2026-11-26T09:00"));
    }

    #[test]
    fn lateness_of_five_working_days_is_foreseen_one_working_day_before() {
        let law = law();
        let ledger = Ledger::since(at("2026-11-20T09:00"));
        let promise = promise(rule(&law, "2.000004"), Channel::Online, &ledger).unwrap().unwrap();
        assert_eq!(promise.due_at, at("2026-12-01T00:00"));
        assert_eq!(promise.foresee_at, Some(at("2026-11-28T00:00")));
    }

    #[test]
    fn lateness_of_a_few_hours_cannot_be_foreseen_a_day_before() {
        let law = law();
        let ledger = Ledger::since(at("2026-11-20T09:00"));
        let promise = promise(rule(&law, "CO.D"), Channel::Online, &ledger).unwrap().unwrap();
        assert_eq!(promise.foresee_at, None);
    }

    #[test]
    fn lateness_is_foreseen_only_after_the_clock_has_started() {
        let law = law();
        let rule = rule(&law, "2.000004");
        let due = at("2026-12-01T00:00");
        let foreseen = |now| given(rule, at(now), due).unwrap().foresee_at;
        let before = at("2026-11-28T00:00");
        assert_eq!(foreseen("2026-11-27T23:59"), Some(before));
        assert_eq!(foreseen("2026-11-28T00:00"), None, "it is that instant already");
    }

    #[test]
    fn how_late_it_is_is_said_in_milliseconds() {
        assert_eq!(late_by_ms(at("2026-11-20T09:00"), at("2026-11-20T09:01")), 60_000);
    }

    #[test]
    fn only_an_outage_that_lasts_and_began_before_the_end_holds_a_date_of_the_ways_that_it_hits() {
        let law = law();
        let due = at("2026-11-27T00:00");
        let held = |from: &str, to: Option<&str>, channels: Vec<Channel>| {
            let (from, to, recorded_at) = (at(from), to.map(at), at(from));
            let (id, agency, reason) = (Uuid::nil(), "H26.14".into(), String::new());
            let outages = [Outage { id, agency, channels, from, to, reason, recorded_at }];
            is_held(Rule { outages: &outages, ..rule(&law, "2.000004") }, Channel::Online, due)
        };
        assert!(held("2026-11-26T23:59", None, Vec::new()));
        assert!(held("2026-11-26T23:59", None, vec![Channel::Online]));
        assert!(!held("2026-11-26T23:59", None, vec![Channel::Post]), "another way");
        assert!(!held("2026-11-26T23:00", Some("2026-11-26T23:59"), Vec::new()), "it is over");
        assert!(!held("2026-11-27T00:00", None, Vec::new()), "it began when the period was over");
    }

    #[test]
    fn a_suspension_of_two_nights_moves_five_working_days_by_two() {
        let law = law();
        let rule = rule(&law, "2.000004");
        let mut ledger = Ledger::since(at("2026-11-02T09:00"));
        let before = promise(rule, Channel::Online, &ledger).unwrap().unwrap().due_at;
        assert_eq!(before, at("2026-11-10T00:00"));
        ledger.suspensions.push(Suspension {
            from: at("2026-11-03T10:00"),
            to: Some(at("2026-11-05T16:00")),
            cause: Uuid::nil(),
        });
        let after = promise(rule, Channel::Online, &ledger).unwrap().unwrap().due_at;
        assert_eq!(after, at("2026-11-12T00:00"));
    }
}
