//! The applicant has the result and may rate how the dossier was handled. Circular 01/2018/TT-VPCP, arts 13 to 15.

use super::Rating;
use crate::contract::{Brief, RatingEvent, RatingInvited};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "invite_rating",
    service: "feedback",
    basis: "01/2018/TT-VPCP Điều 13-15",
    may: &[],
    events: &["feedback.RatingInvited.v1"],
    refusals: &[],
};

/// The command.
#[derive(Debug, Clone)]
pub struct InviteRating {
    /// The dossier.
    pub brief: Brief,
}

/// Decides; nothing if the applicant was invited before.
#[must_use]
pub fn decide(rating: &Rating, command: &InviteRating) -> Reacted<RatingEvent> {
    if rating.brief.is_some() {
        return Reacted::Done(Vec::new());
    }
    Reacted::Done(vec![RatingInvited { brief: command.brief.clone() }.into()])
}
