//! The dossier ended otherwise (withdrawn, returned, closed, decided by silence): the review is
//! cancelled. If this arrives before the review was opened, it will not be opened any more.

use uuid::Uuid;

use super::{Review, Stage};
use crate::contract::{ReviewCancelled, ReviewEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Cancels the review of a dossier that ended.
#[derive(Debug, Clone, Copy)]
pub struct CancelReview {
    /// The event that ended the dossier.
    pub cause: Uuid,
}

impl Command for CancelReview {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "cancel_review",
        basis: "118/2025/NĐ-CP Điều 21",
        may: &[],
        events: &["review.ReviewCancelled.v1"],
        refusals: &[],
    };

    /// Nothing, if the review was decided or cancelled before.
    fn decide(
        &self,
        review: &Review,
        _facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        Ok(match review.stage {
            Stage::Decided(_) | Stage::Cancelled => Decision::Nothing,
            Stage::Empty | Stage::Open | Stage::Paused(_) | Stage::Proposed(_) => {
                Decision::event(ReviewCancelled { cause: self.cause })
            }
        })
    }
}
