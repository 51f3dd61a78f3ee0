//! Intake learns from payment that the fee of a dossier was returned or had not been received. The
//! dossier is treated as unpaid: before acceptance it waits for the fee again, and is returned if
//! that does not come in the new period. A clock that started with the fee is suspended until the
//! fee is paid again (Decree 137/2026/NĐ-CP, art. 11.2); it does not start again.

use jiff::Timestamp;
use uuid::Uuid;

use super::miss_deadline::unrecorded;
use super::{Intake, Stage};
use crate::contract::{DeadlineMissWithdrawn, FeeReturned, IntakeEvent, Vnd};
use crate::law::ClockStart;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that the fee is missing again.
#[derive(Debug, Clone, Copy)]
pub struct ReturnFee {
    /// The missing amount.
    pub amount: Vnd,
    /// When payment recorded that it is missing.
    pub since: Timestamp,
    /// The event of payment.
    pub cause: Uuid,
}

impl Command for ReturnFee {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "return_fee",
        basis: "61/2018/NĐ-CP Điều 22; 137/2026/NĐ-CP Điều 11.2",
        may: &[],
        events: &[
            "intake.DeadlineMissed.v1",
            "intake.DeadlineMissWithdrawn.v1",
            "intake.FeeReturned.v1",
        ],
        refusals: &[],
    };

    /// Nothing, if the dossier has ended. Not yet, while intake has not recorded the fee as
    /// received.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let Self { amount, since, cause } = *self;
        if intake.submission.is_none() {
            return Ok(Decision::NotYet);
        }
        // A fee that rose because a claim was rejected is awaited already.
        if !intake.is_open() || intake.fee_awaited.is_some() {
            return Ok(Decision::Nothing);
        }
        if intake.fee.received_at().is_none() {
            return Ok(Decision::NotYet);
        }
        let by_fee = facts.rule()?.procedure.clock.start == ClockStart::FeeReceived;
        let started_at =
            intake.started_at.filter(|_| by_fee && intake.stage() == Stage::Processing);
        let clock_stops_at = started_at.map(|started_at| since.max(started_at));
        let mut events = Vec::new();
        if let (Some(at), Some(promised)) = (clock_stops_at, &intake.promised) {
            let due_at = promised.promise.due_at;
            // The outcome is the same whether intake receives it before or after the date has
            // passed.
            if promised.missed && at < due_at {
                events.push(DeadlineMissWithdrawn { due_at, cause }.into());
            }
            events.extend(unrecorded(intake, at));
        }
        events.push(FeeReturned { amount, cause, clock_stops_at }.into());
        Ok(events.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock;
    use crate::clock::Explanation;
    use crate::contract::Role;
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier;
    use crate::intake::close_unpaid::CloseUnpaid;
    use crate::intake::move_appointment;
    use crate::intake::record_fee::tests::{record, submitted};
    use crate::intake::request_supplement::{RequestSupplement, tests::ask};
    use crate::intake::submit_dossier::tests::document;
    use crate::intake::submit_supplement::SubmitSupplement;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    /// Payment records at `since` that the fee is missing; intake receives it at `moment`.
    pub(crate) fn give_back(
        scene: &mut Scene<'_, Intake>,
        moment: &str,
        since: &str,
    ) -> Vec<IntakeEvent> {
        let cause = Uuid::from_u128(5);
        let command = ReturnFee { amount: Vnd(1), since: at(since), cause };
        scene.execute(moment, Role::System, command).unwrap()
    }

    /// A dossier accepted on 20 November whose clock started with the fee on Wednesday 25 November:
    /// fifteen working days end on 16 December.
    pub(crate) fn started(law: &Law) -> Scene<'_, Intake> {
        let mut scene =
            submitted(law, "MLM.CERTIFICATE", "G02.003", &["application", "deposit", "plan"]);
        scene
            .execute("2026-11-20T10:00", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
        record(&mut scene, "2026-11-25T10:00");
        assert_eq!(due(&scene), at("2026-12-17T00:00"));
        scene
    }

    fn due(scene: &Scene<'_, Intake>) -> Timestamp {
        scene.state.promised.as_ref().unwrap().promise.due_at
    }

    fn explained(scene: &Scene<'_, Intake>) -> Explanation {
        clock::explanation(&scene.state, &IntakeDeadline::Decision, scene.law).unwrap().unwrap()
    }

    fn is_due(scene: &Scene<'_, Intake>) -> bool {
        scene.open().iter().any(|open| open.kind == IntakeDeadline::Decision)
    }

    fn supplement(scene: &mut Scene<'_, Intake>, asked: &str, supplied: &str) {
        let ask = RequestSupplement { components: vec!["plan".into()], ..ask() };
        scene.execute(asked, Role::Clerk, ask).unwrap();
        let command = SubmitSupplement {
            documents: vec![document("plan")],
            form: None,
            found: crate::step::Reasons::default(),
        };
        scene.execute(supplied, Role::Applicant, command).unwrap();
    }

    #[test]
    fn a_dossier_whose_fee_went_back_is_not_accepted_and_its_answer_is_not_owed() {
        let law = law();
        let components = ["application", "export_declaration", "invoice"];
        let mut scene = submitted(&law, "CO.D", "G02.001", &components);
        record(&mut scene, "2026-11-20T10:00");
        assert!(scene.state.answer().is_some());
        assert_eq!(give_back(&mut scene, "2026-11-20T10:30", "2026-11-20T10:30").len(), 1);
        assert!(scene.state.answer().is_none(), "the one-stop unit waits for the fee again");
        let refused = scene.execute(
            "2026-11-20T10:45",
            Role::Clerk,
            accept_dossier::AcceptDossier::default(),
        );
        assert_eq!(refused, Err(accept_dossier::Refusal::FeeNotReceived));
        record(&mut scene, "2026-11-20T11:00");
        assert_eq!(scene.state.answer().unwrap().running.due_at, at("2026-11-23T11:00"));
        scene
            .execute("2026-11-20T11:30", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
    }

    #[test]
    fn a_dossier_that_was_accepted_in_the_same_moment_is_closed_if_the_fee_does_not_come_again() {
        let law = law();
        let components = ["application", "export_declaration", "invoice"];
        let mut scene = submitted(&law, "CO.D", "G02.001", &components);
        record(&mut scene, "2026-11-20T10:00");
        scene
            .execute("2026-11-20T10:15", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
        give_back(&mut scene, "2026-11-20T10:30", "2026-11-20T10:10");
        assert!(!scene.state.is_suspended(), "its clock did not start with the fee");
        let closed = scene.execute("2026-11-20T11:00", Role::System, CloseUnpaid).unwrap();
        assert_eq!(closed.len(), 1, "{closed:?}");
    }

    #[test]
    fn a_clock_that_started_with_the_fee_stands_still_while_the_fee_is_missing_and_then_runs_on() {
        let law = law();
        let mut scene = started(&law);
        give_back(&mut scene, "2026-11-30T10:05", "2026-11-30T10:00");
        assert!(scene.state.is_suspended() && !is_due(&scene));
        let stopped_by = scene.state.fee.stop();
        let events = record(&mut scene, "2026-12-02T10:00");
        assert!(matches!(events[..], [IntakeEvent::FeeReceived(_)]), "counted once: {events:?}");
        // The first and the second of December began while the clock was suspended.
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
            .execute(
                "2026-11-26T10:00",
                Role::Clerk,
                move_appointment::MoveAppointment {
                    due_at: at("2026-12-22T00:00"),
                    reason: "late".into(),
                },
            )
            .unwrap();
        give_back(&mut scene, "2026-11-30T10:00", "2026-11-30T10:00");
        record(&mut scene, "2026-12-02T10:00");
        // The remaining time, counted from 2 December: the date is the end of the working day on
        // which it ends.
        assert_eq!(due(&scene), at("2026-12-25T00:00"));
        assert!(scene.state.promised.as_ref().unwrap().fixed.is_some());
        assert_eq!(explained(&scene).due_at, due(&scene));
    }

    #[test]
    fn whether_intake_hears_of_a_missing_fee_before_or_after_the_date_makes_no_difference() {
        let law = law();
        let mut scene = started(&law);
        scene.enforce("2026-12-17T00:00", &IntakeDeadline::Decision);
        give_back(&mut scene, "2026-12-17T00:01", "2026-12-16T23:00");
        assert_eq!(scene.kinds()[4..], ["DeadlineMissWithdrawn", "FeeReturned"]);
        let mut scene = started(&law);
        give_back(&mut scene, "2026-12-17T00:02", "2026-12-17T00:01");
        assert_eq!(scene.kinds()[3..], ["DeadlineMissed", "FeeReturned"]);
    }
}
