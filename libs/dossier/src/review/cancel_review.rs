//! The dossier ended otherwise (withdrawn, returned, ended, decided by silence): there is nothing more to review. If that
//! is known before the dossier came here, it will not be opened any more.

use uuid::Uuid;

use super::{Review, Stage};
use crate::contract::{ReviewCancelled, ReviewEvent};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "cancel_review",
    service: "review",
    basis: "118/2025/NĐ-CP Điều 21",
    may: &[],
    events: &["review.ReviewCancelled.v1"],
    refusals: &[],
};

/// Decides; nothing if it was decided or cancelled before.
#[must_use]
pub fn decide(review: &Review, cause: Uuid) -> Reacted<ReviewEvent> {
    match review.stage {
        Stage::Decided | Stage::Cancelled => Reacted::Done(Vec::new()),
        Stage::Empty | Stage::Open | Stage::Paused | Stage::Proposed => {
            Reacted::Done(vec![ReviewCancelled { cause }.into()])
        }
    }
}
