//! The fee that a dossier had paid is not there any more: intake learns it from payment. The dossier is as if it had not been
//! paid: before its acceptance it waits for its fee again, and if that does not come in the new window, it is returned.

use uuid::Uuid;

use super::Intake;
use crate::contract::{DossierId, FeeReturned, IntakeEvent, Vnd};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "return_fee",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 22",
    may: &[],
    events: &["intake.FeeReturned.v1"],
    refusals: &[],
};

/// The command.
#[derive(Debug, Clone, Copy)]
pub struct ReturnFee {
    /// The dossier.
    pub dossier: DossierId,
    /// How much is missing.
    pub amount: Vnd,
    /// The record of the payment.
    pub cause: Uuid,
}

/// Decides; nothing if the dossier has ended. What was recorded as received must be known first.
#[must_use]
pub fn decide(intake: &Intake, command: ReturnFee) -> Reacted<IntakeEvent> {
    let ReturnFee { amount, cause, .. } = command;
    if intake.submission.is_none() {
        return Reacted::NotYet;
    }
    if !intake.is_open() {
        return Reacted::Done(Vec::new());
    }
    if intake.fee_received_at.is_none() {
        return Reacted::NotYet;
    }
    Reacted::Done(vec![FeeReturned { amount, cause }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier;
    use crate::intake::close_unpaid;
    use crate::intake::record_fee::tests::{record, submitted};
    use crate::step::LawError;
    use crate::testing::{Scene, at, law};

    fn give_back(scene: &mut Scene<'_, Intake>) -> Vec<IntakeEvent> {
        let (dossier, cause) = (DossierId(Uuid::nil()), Uuid::from_u128(5));
        let command = ReturnFee { dossier, amount: Vnd(1), cause };
        scene
            .step("2026-11-20T10:30", Role::System, |s, _| match decide(s, command) {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("the fee was received"),
            })
            .unwrap()
    }

    #[test]
    fn a_dossier_whose_fee_went_back_is_not_accepted_and_its_answer_is_not_owed() {
        let law = law();
        let components = ["application", "export_declaration", "invoice"];
        let mut scene = submitted(&law, "CO.D", "G02.001", &components);
        record(&mut scene, "2026-11-20T10:00");
        assert!(scene.state.answer.is_some());
        assert_eq!(give_back(&mut scene).len(), 1);
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
        give_back(&mut scene);
        let closed = close_unpaid::decide(&scene.state);
        assert!(matches!(&closed, Reacted::Done(events) if events.len() == 1), "{closed:?}");
    }
}
