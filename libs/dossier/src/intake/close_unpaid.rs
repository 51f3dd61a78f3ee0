//! The fee was not paid in its window: the dossier is returned. Decree 137/2026/NĐ-CP, art. 11.2.

use super::Intake;
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "close_unpaid",
    service: "intake",
    basis: "137/2026/NĐ-CP Điều 11.2",
    may: &[],
    events: &["intake.DossierClosed.v1"],
    refusals: &[],
};

/// Decides; nothing if the dossier has ended.
#[must_use]
pub fn decide(intake: &Intake) -> Reacted<IntakeEvent> {
    if intake.submission.is_none() {
        return Reacted::NotYet;
    }
    if !intake.is_open() || intake.fee_received_at.is_some() {
        return Reacted::Done(Vec::new());
    }
    let closed_as = ClosedAs::NotPaid;
    let (accepted_at, accepted) = intake.acceptance();
    Reacted::Done(vec![DossierClosed { closed_as, reason: None, accepted_at, accepted }.into()])
}
