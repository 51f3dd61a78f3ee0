//! The fee that a dossier had paid is not there any more: intake learns it from payment. The dossier is as if it had not been
//! paid: before its acceptance it waits for its fee again, and if that does not come in the new window, it is returned. A
//! clock that started with the fee stands still until it comes again (Decree 137/2026/NĐ-CP, art. 11.2); it does not start
//! anew.

use jiff::Timestamp;
use uuid::Uuid;

use super::miss_deadline::unrecorded;
use super::{Intake, Stage};
use crate::contract::{DeadlineMissWithdrawn, DossierId, FeeReturned, IntakeEvent, Vnd};
use crate::law::ClockStart;
use crate::step::{Facts, LawError, Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "return_fee",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 22; 137/2026/NĐ-CP Điều 11.2",
    may: &[],
    events: &[
        "intake.DeadlineMissed.v1",
        "intake.DeadlineMissWithdrawn.v1",
        "intake.FeeReturned.v1",
    ],
    refusals: &[],
};

/// The command.
#[derive(Debug, Clone, Copy)]
pub struct ReturnFee {
    /// The dossier.
    pub dossier: DossierId,
    /// How much is missing.
    pub amount: Vnd,
    /// Since when, by the record of the payment.
    pub since: Timestamp,
    /// That record.
    pub cause: Uuid,
}

/// Decides; nothing if the dossier has ended. What was recorded as received must be known first.
pub fn decide(
    intake: &Intake,
    command: ReturnFee,
    facts: &Facts<'_>,
) -> Result<Reacted<IntakeEvent>, LawError> {
    let ReturnFee { amount, since, cause, .. } = command;
    if intake.submission.is_none() {
        return Ok(Reacted::NotYet);
    }
    if !intake.is_open() {
        return Ok(Reacted::Done(Vec::new()));
    }
    if intake.fee_received_at.is_none() {
        return Ok(Reacted::NotYet);
    }
    let by_fee = facts.rule()?.procedure.clock.start == ClockStart::FeeReceived;
    let started_at = intake.started_at.filter(|_| by_fee && intake.stage == Stage::Processing);
    let clock_stops_at = started_at.map(|started_at| since.max(started_at));
    let mut events = Vec::new();
    if let (Some(at), Some(promised)) = (clock_stops_at, &intake.promised) {
        let due_at = promised.promise.due_at;
        // Whether intake heard of it before or after the date passed makes no difference.
        if promised.missed && at < due_at {
            events.push(DeadlineMissWithdrawn { due_at, cause }.into());
        }
        events.extend(unrecorded(intake, at));
    }
    events.push(FeeReturned { amount, cause, clock_stops_at }.into());
    Ok(Reacted::Done(events))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::Explanation;
    use crate::contract::Role;
    use crate::intake::accept_dossier;
    use crate::intake::close_unpaid;
    use crate::intake::record_fee::tests::{record, submitted};
    use crate::intake::request_supplement::{self, RequestSupplement, tests::ask};
    use crate::intake::submit_dossier::tests::document;
    use crate::intake::submit_supplement::{self, SubmitSupplement};
    use crate::intake::{miss_deadline, move_appointment};
    use crate::law::Law;
    use crate::step::State;
    use crate::testing::{Scene, at, law};

    /// Payment said at `since` that the fee is missing, and intake hears of it at `moment`.
    pub(crate) fn give_back(
        scene: &mut Scene<'_, Intake>,
        moment: &str,
        since: &str,
    ) -> Vec<IntakeEvent> {
        let (dossier, cause) = (DossierId(Uuid::nil()), Uuid::from_u128(5));
        let command = ReturnFee { dossier, amount: Vnd(1), since: at(since), cause };
        scene
            .step(moment, Role::System, |s, f| match decide(s, command, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("the fee was received"),
            })
            .unwrap()
    }

    /// Accepted on 20 November; its clock started with the fee on Wednesday 25: fifteen working days end on 16 December.
    pub(crate) fn started(law: &Law) -> Scene<'_, Intake> {
        let mut scene =
            submitted(law, "MLM.CERTIFICATE", "G02.003", &["application", "deposit", "plan"]);
        scene.step("2026-11-20T10:00", Role::Clerk, accept_dossier::decide).unwrap();
        record(&mut scene, "2026-11-25T10:00");
        assert_eq!(due(&scene), at("2026-12-17T00:00"));
        scene
    }

    fn due(scene: &Scene<'_, Intake>) -> Timestamp {
        scene.state.promised.as_ref().unwrap().promise.due_at
    }

    fn explained(scene: &Scene<'_, Intake>) -> Explanation {
        scene.state.explanation(scene.law).unwrap().unwrap()
    }

    fn is_due(scene: &Scene<'_, Intake>) -> bool {
        scene.state.obligations().iter().any(|open| open.kind == miss_deadline::KIND)
    }

    fn supplement(scene: &mut Scene<'_, Intake>, asked: &str, supplied: &str) {
        let ask = RequestSupplement { components: vec!["plan".into()], ..ask() };
        scene.step(asked, Role::Clerk, |s, f| request_supplement::decide(s, ask, f)).unwrap();
        let command = SubmitSupplement { documents: vec![document("plan")], form: None };
        scene
            .step(supplied, Role::Applicant, |s, f| submit_supplement::decide(s, command, f))
            .unwrap();
    }

    #[test]
    fn a_dossier_whose_fee_went_back_is_not_accepted_and_its_answer_is_not_owed() {
        let law = law();
        let components = ["application", "export_declaration", "invoice"];
        let mut scene = submitted(&law, "CO.D", "G02.001", &components);
        record(&mut scene, "2026-11-20T10:00");
        assert!(scene.state.answer.is_some());
        assert_eq!(give_back(&mut scene, "2026-11-20T10:30", "2026-11-20T10:30").len(), 1);
        assert!(scene.state.answer.is_none(), "the one-stop unit waits for the fee again");
        let refused = scene.step("2026-11-20T10:45", Role::Clerk, accept_dossier::decide);
        assert_eq!(refused, Err(accept_dossier::Refusal::FeeNotReceived));
        record(&mut scene, "2026-11-20T11:00");
        assert_eq!(scene.state.answer.unwrap().running.due_at, at("2026-11-23T11:00"));
        scene.step("2026-11-20T11:30", Role::Clerk, accept_dossier::decide).unwrap();
    }

    #[test]
    fn a_dossier_that_was_accepted_in_the_same_moment_is_closed_if_the_fee_does_not_come_again() {
        let law = law();
        let components = ["application", "export_declaration", "invoice"];
        let mut scene = submitted(&law, "CO.D", "G02.001", &components);
        record(&mut scene, "2026-11-20T10:00");
        scene.step("2026-11-20T10:15", Role::Clerk, accept_dossier::decide).unwrap();
        give_back(&mut scene, "2026-11-20T10:30", "2026-11-20T10:10");
        assert!(!scene.state.is_suspended(), "its clock did not start with the fee");
        let closed = close_unpaid::decide(&scene.state);
        assert!(matches!(&closed, Reacted::Done(events) if events.len() == 1), "{closed:?}");
    }

    #[test]
    fn a_clock_that_started_with_the_fee_stands_still_while_the_fee_is_missing_and_then_runs_on() {
        let law = law();
        let mut scene = started(&law);
        give_back(&mut scene, "2026-11-30T10:05", "2026-11-30T10:00");
        assert!(scene.state.is_suspended() && !is_due(&scene));
        let stopped_by = scene.state.fee_stop;
        let events = record(&mut scene, "2026-12-02T10:00");
        assert!(matches!(events[..], [IntakeEvent::FeeReceived(_)]), "counted once: {events:?}");
        // The first and the second of December began while it stood still.
        assert_eq!(due(&scene), at("2026-12-19T00:00"));
        assert_eq!(scene.state.started_at, Some(at("2026-11-25T10:00")), "it did not start anew");
        assert!(!scene.state.is_suspended() && is_due(&scene));
        let explained = explained(&scene);
        assert_eq!(explained.due_at, due(&scene));
        assert_eq!(explained.spans.iter().filter(|span| span.cause == stopped_by).count(), 2);
    }

    #[test]
    fn a_clock_that_waits_for_two_things_runs_on_with_the_second() {
        let law = law();
        let mut scene = started(&law);
        give_back(&mut scene, "2026-11-30T10:00", "2026-11-30T10:00");
        supplement(&mut scene, "2026-11-30T11:00", "2026-12-01T10:00");
        assert!(scene.state.is_suspended() && !is_due(&scene), "the fee is still missing");
        record(&mut scene, "2026-12-03T10:00");
        // Ten working days from the supplement of 1 December, without the second and the third.
        assert_eq!(due(&scene), at("2026-12-18T00:00"));
        assert_eq!(explained(&scene).due_at, due(&scene));
        assert!(!scene.state.is_suspended() && is_due(&scene));
    }

    #[test]
    fn a_date_that_was_given_keeps_what_was_left_of_it_while_the_fee_was_missing() {
        let law = law();
        let mut scene = started(&law);
        scene
            .step("2026-11-26T10:00", Role::Clerk, |s, f| {
                move_appointment::decide(s, at("2026-12-22T00:00"), "late".to_owned(), f)
            })
            .unwrap();
        give_back(&mut scene, "2026-11-30T10:00", "2026-11-30T10:00");
        record(&mut scene, "2026-12-02T10:00");
        // As much as was left of it, from the second of December: the working day on which that falls.
        assert_eq!(due(&scene), at("2026-12-25T00:00"));
        assert!(scene.state.promised.as_ref().unwrap().fixed.is_some());
        assert_eq!(explained(&scene).due_at, due(&scene));
    }

    #[test]
    fn whether_intake_hears_of_a_missing_fee_before_or_after_the_date_makes_no_difference() {
        let law = law();
        let mut scene = started(&law);
        scene.step("2026-12-17T00:00", Role::System, miss_deadline::decide).unwrap();
        give_back(&mut scene, "2026-12-17T00:01", "2026-12-16T23:00");
        assert_eq!(scene.kinds()[4..], ["DeadlineMissWithdrawn", "FeeReturned"]);
        let mut scene = started(&law);
        give_back(&mut scene, "2026-12-17T00:02", "2026-12-17T00:01");
        assert_eq!(scene.kinds()[3..], ["DeadlineMissed", "FeeReturned"]);
    }
}
