//! The applicant rates the handling of a dossier: once, after the result. Circular 01/2018/TT-VPCP,
//! arts 13 to 15.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Rating;
use crate::access::own;
use crate::contract::{DossierRated, RatingEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// A rating.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RateDossierRequest)]
pub struct RateDossier {
    /// From 1 (very bad) to 5 (very good).
    #[schema(minimum = 1, maximum = 5)]
    pub score: u8,
    /// Comment in the applicant's words.
    pub comment: Option<Text<4000>>,
}

refusals! {
    /// Refusals of `rate_dossier`.
    pub enum Refusal {
        AlreadyRated => 409, "already-rated",
            "hồ sơ đã được đánh giá", "the dossier has been rated";
        OutOfRange => 422, "score-out-of-range" at "/score",
            "điểm từ 1 đến 5", "the score must be from 1 to 5";
    }
}

impl Command for RateDossier {
    type State = Rating;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "rate_dossier",
        basis: "01/2018/TT-VPCP Điều 13-15",
        may: &[own(Role::Applicant)],
        events: &["feedback.DossierRated.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, rating: &Rating, _: &Facts<'_>) -> Result<Decision<RatingEvent>, Refusal> {
        let score = self.score;
        if rating.rated.is_some() {
            return Err(Refusal::AlreadyRated);
        }
        if !(1..=5).contains(&score) {
            return Err(Refusal::OutOfRange);
        }
        let comment = self.comment.as_ref().map(Text::personal);
        Ok(Decision::event(DossierRated { score, comment }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::invite_rating::InviteRating;
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::{Scene, law};

    #[test]
    fn a_dossier_is_rated_once_from_one_to_five() {
        let law = law();
        let mut scene = Scene::<Rating>::new(&law, "CO.D", "G02.001");
        let invite = InviteRating { brief: brief(&law, "CO.D", "G02.001", "2026-11-20T09:00") };
        scene.execute("2026-11-23T10:00", Role::System, invite.clone()).unwrap();
        assert!(scene.execute("2026-11-23T10:01", Role::System, invite).unwrap().is_empty());
        let mut rate = |score| {
            let rating = RateDossier { score, comment: None };
            scene.execute("2026-11-23T11:00", Role::Applicant, rating)
        };
        assert_eq!(rate(6), Err(Refusal::OutOfRange));
        rate(5).unwrap();
        assert_eq!(rate(4), Err(Refusal::AlreadyRated));
    }
}
