//! The applicant has the result, or it was revoked before that: the dossier is at its end. Decree 61/2018/NĐ-CP, art. 20.

use super::{Intake, Stage};
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "record_delivery",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 20",
    may: &[],
    events: &["intake.DossierClosed.v1"],
    refusals: &[],
};

/// Decides; waits until intake itself knows of the decision.
#[must_use]
pub fn decide(intake: &Intake, closed_as: ClosedAs) -> Reacted<IntakeEvent> {
    match intake.stage {
        Stage::Decided => {
            let (accepted_at, accepted) = intake.acceptance();
            Reacted::Done(vec![
                DossierClosed { closed_as, reason: None, accepted_at, accepted }.into(),
            ])
        }
        Stage::Empty | Stage::Submitted | Stage::Processing => Reacted::NotYet,
        Stage::Refused | Stage::Withdrawn | Stage::Closed(_) => Reacted::Done(Vec::new()),
    }
}
