//! The promise when a suspended clock resumes.

use jiff::Timestamp;

use super::Intake;
use crate::clock::{self, Ledger, Suspension};
use crate::contract::Promise;
use crate::step::{Facts, LawError};

/// Ends, at `at`, the open suspension that `meant` selects.
pub(super) fn resume(
    suspensions: &mut [Suspension],
    at: Timestamp,
    meant: impl Fn(&Suspension) -> bool,
) {
    if let Some(open) = suspensions.iter_mut().find(|open| open.to.is_none() && meant(open)) {
        open.to = Some(at.max(open.from));
    }
}

/// The promise when the clock resumes at `at` with this ledger; none while another suspension
/// lasts, or if the law gives no period. A fixed date is not computed: it moves by the suspended
/// time, see `moved_on`.
pub(super) fn promise(
    intake: &Intake,
    ledger: &Ledger,
    at: Timestamp,
    facts: &Facts<'_>,
) -> Result<Option<Promise>, LawError> {
    let channel = intake.submission.as_ref().map(|submission| submission.brief.channel);
    let Some(channel) = channel.filter(|_| !ledger.stands()) else { return Ok(None) };
    let rule = facts.rule()?;
    // A clock that began again after the date was given replaces that date.
    let replaced = |said_at| ledger.anew && said_at <= ledger.started_at;
    let given = intake.promised.as_ref().filter(|old| old.fixed.is_some() && !replaced(old.at));
    match given {
        None => Ok(clock::promise(rule, channel, ledger)?),
        Some(old) if rule.procedure.clock.budget.contains_key(&channel) => {
            moved_on(intake, old.promise.due_at, at, facts)
        }
        Some(_) => Ok(None),
    }
}

/// The fixed date, moved: the remaining time begins at `at`, and the date is the end of the working
/// day on which it ends.
fn moved_on(
    intake: &Intake,
    due_at: Timestamp,
    at: Timestamp,
    facts: &Facts<'_>,
) -> Result<Option<Promise>, LawError> {
    let Some(stopped_at) = stands_since(&intake.suspensions).filter(|since| *since < due_at) else {
        return Ok(None);
    };
    let rule = facts.rule()?;
    let left = due_at.duration_since(stopped_at);
    let due = at.checked_add(left).map_err(calendar::CalendarError::from)?;
    let day = rule.calendar.working_day_from(rule.calendar.date_of(due))?;
    Ok(Some(clock::given(rule, at, rule.calendar.end_of_day(day)?)?))
}

/// Since when the clock has been suspended without interruption, whatever the reasons.
fn stands_since(suspensions: &[Suspension]) -> Option<Timestamp> {
    let lasting = suspensions.iter().filter(|one| one.to.is_none());
    let mut since = lasting.map(|one| one.from).min()?;
    let before = |since: Timestamp| {
        let touching = suspensions.iter().filter(move |one| one.to.is_some_and(|to| to > since));
        touching.map(|one| one.from).filter(move |from| *from < since).min()
    };
    while let Some(earlier) = before(since) {
        since = earlier;
    }
    Some(since)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::at;

    #[test]
    fn a_clock_stands_still_since_the_first_of_the_reasons_that_follow_on_each_other() {
        let span = |from: &str, to: Option<&str>| Suspension {
            from: at(from),
            to: to.map(at),
            cause: Uuid::nil(),
        };
        let earlier = span("2026-11-02T09:00", Some("2026-11-03T09:00"));
        let fee = span("2026-11-04T09:00", Some("2026-11-06T09:00"));
        let supplement = span("2026-11-05T09:00", None);
        assert_eq!(stands_since(&[earlier, fee, supplement]), Some(fee.from));
        assert_eq!(stands_since(&[earlier, supplement]), Some(supplement.from));
        assert_eq!(stands_since(&[earlier, fee]), None);
    }
}
