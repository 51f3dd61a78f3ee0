//! Recomputes promised dates and periods by the law as it was known when they were recorded.

use dossier::clock;
use dossier::contract::{IntakeEvent, Meta, Promise};
use dossier::intake::Intake;
use dossier::law::Law;
use dossier::{LawError, Rule, State};
use events::Recorded;
use jiff::Timestamp;

/// The period that an event opened or extended: its recorded end and its recomputed end.
pub(super) type Said = Result<Option<(Timestamp, Timestamp)>, LawError>;

/// The period that the event opened, in the state after it.
pub(super) fn said_period<S: State>(law: &Law, state: &S, event: &Recorded, meta: &Meta) -> Said {
    let extends = event.kind.ends_with(".PeriodExtended.v1");
    for obligation in state.obligations() {
        let Some(period) = state.period(&obligation.kind, law)? else { continue };
        let running = period.running;
        let extended = extends && running.extended && running.known_at == meta.at();
        if extended || running.opened_by == meta.id && !running.extended {
            return Ok(Some((running.due_at, period.end().due_at)));
        }
    }
    Ok(None)
}

/// The difference between the promised date and the recomputed one, if any.
pub(super) fn contradiction(
    law: &Law,
    intake: &Intake,
    promise: &Promise,
    fixed_at: Option<Timestamp>,
    at: Timestamp,
) -> Option<String> {
    if let Some(fixed_at) = fixed_at {
        return (promise.due_at != fixed_at)
            .then(|| format!("{fixed_at} was fixed, {} promised", promise.due_at));
    }
    let brief = &intake.submission.as_ref()?.brief;
    let Some(rule) = law.rule(&brief.procedure, &brief.agency, at) else {
        return Some("the law for it is not loaded".to_owned());
    };
    // A date that was set by an officer depends on no calendar.
    let calendar = law.calendar_in(&brief.agency, promise.calendar?);
    let Some(calendar) = calendar else {
        return Some("its calendar is not loaded".to_owned());
    };
    match clock::promise(Rule { calendar, ..rule }, brief.channel, &intake.ledger()?) {
        Ok(Some(computed)) if computed == *promise => None,
        Ok(computed) => {
            let computed = computed.map(|computed| computed.due_at);
            Some(format!("{} was promised, the law gives {computed:?}", promise.due_at))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// The promise of an event, and the date if an officer set it.
pub(super) fn promised(event: &IntakeEvent) -> Option<(Promise, Option<Timestamp>)> {
    let promise = match event {
        IntakeEvent::DossierAccepted(accepted) => accepted.promise.clone(),
        IntakeEvent::SupplementSubmitted(supplement) => supplement.promise.clone(),
        IntakeEvent::DeadlineExtended(extended) => Some(extended.promise.clone()),
        IntakeEvent::TimeNotCounted(span) => span.promise.clone(),
        IntakeEvent::FeeReceived(fee) => fee.promise.clone(),
        IntakeEvent::AppointmentFixed(fixed) => {
            return Some((fixed.promise.clone(), Some(fixed.at)));
        }
        // A promise that was kept although the law would give an earlier date was checked when it
        // was made.
        IntakeEvent::DeadlineRestated(restated)
            if restated.promise.due_at > restated.was_due_at =>
        {
            Some(restated.promise.clone())
        }
        _ => None,
    };
    promise.map(|promise| (promise, None))
}
