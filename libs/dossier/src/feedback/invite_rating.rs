//! The applicant has the result and may rate the handling of the dossier. Circular 01/2018/TT-VPCP,
//! arts 13 to 15.

use super::Rating;
use crate::contract::{Brief, RatingEvent, RatingInvited};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Invites the applicant to rate a dossier.
#[derive(Debug, Clone)]
pub struct InviteRating {
    pub brief: Brief,
}

impl Command for InviteRating {
    type State = Rating;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "invite_rating",
        basis: "01/2018/TT-VPCP Điều 13-15",
        may: &[],
        events: &["feedback.RatingInvited.v1"],
        refusals: &[],
    };

    /// Returns no event if the applicant was invited before.
    fn decide(&self, rating: &Rating, _: &Facts<'_>) -> Result<Decision<RatingEvent>, LawError> {
        if rating.brief.is_some() {
            return Ok(Decision::Nothing);
        }
        Ok(Decision::event(RatingInvited { brief: self.brief.clone() }))
    }
}
