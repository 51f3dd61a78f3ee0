//! The applicant took the dossier back in the moment in which it was decided: intake's record counts, and there is nothing
//! to issue. If that is known before the decision came here, no result will be prepared.

use uuid::Uuid;

use super::{DossierResult, Stage};
use crate::contract::{DeliveryEvent, ResultCancelled};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "cancel_result",
    service: "result-delivery",
    basis: "118/2025/NĐ-CP Điều 21",
    may: &[],
    events: &["delivery.ResultCancelled.v1"],
    refusals: &[],
};

/// Decides; nothing if it is on its way, delivered, revoked or cancelled.
#[must_use]
pub fn decide(result: &DossierResult, cause: Uuid) -> Reacted<DeliveryEvent> {
    match result.stage {
        Stage::Empty | Stage::Prepared | Stage::Issued => {
            Reacted::Done(vec![ResultCancelled { cause }.into()])
        }
        Stage::WithCarrier | Stage::Delivered | Stage::Revoked | Stage::Cancelled => {
            Reacted::Done(Vec::new())
        }
    }
}
