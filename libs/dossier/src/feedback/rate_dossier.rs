//! The applicant rates how a dossier was handled: once, after the result. Circular 01/2018/TT-VPCP, arts 13 to 15.

use super::Rating;
use crate::access::own;
use crate::contract::{DossierRated, Personal, RatingEvent, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "rate_dossier",
    service: "feedback",
    basis: "01/2018/TT-VPCP Điều 13-15",
    may: &[own(Role::Applicant)],
    events: &["feedback.DossierRated.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a rating is not taken.
    pub enum Refusal {
        AlreadyRated => 409, "already-rated",
            "hồ sơ đã được đánh giá", "the dossier has been rated";
        OutOfRange => 422, "score-out-of-range",
            "điểm từ 1 đến 5", "a score is from 1 to 5";
    }
}

/// Decides.
pub fn decide(
    rating: &Rating,
    score: u8,
    comment: Option<String>,
    _facts: &Facts<'_>,
) -> Result<Vec<RatingEvent>, Refusal> {
    if rating.score.is_some() {
        return Err(Refusal::AlreadyRated);
    }
    if !(1..=5).contains(&score) {
        return Err(Refusal::OutOfRange);
    }
    Ok(vec![DossierRated { score, comment: comment.map(Personal::from) }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::invite_rating::{self, InviteRating};
    use crate::payment::assess_fee::tests::brief;
    use crate::step::{LawError, Reacted};
    use crate::testing::{Scene, law};

    #[test]
    fn a_dossier_is_rated_once_from_one_to_five() {
        let law = law();
        let mut scene = Scene::<Rating>::new(&law, "CO.D", "G02.001");
        let invite = InviteRating { brief: brief(&law, "CO.D", "G02.001", "2026-11-20T09:00") };
        scene
            .step("2026-11-23T10:00", Role::System, |s, _| {
                match invite_rating::decide(s, &invite) {
                    Reacted::Done(events) => Ok::<_, LawError>(events),
                    Reacted::NotYet => panic!("nothing has to come first"),
                }
            })
            .unwrap();
        let mut rate = |score| {
            scene.step("2026-11-23T11:00", Role::Applicant, |s, f| decide(s, score, None, f))
        };
        assert_eq!(rate(6), Err(Refusal::OutOfRange));
        rate(5).unwrap();
        assert_eq!(rate(4), Err(Refusal::AlreadyRated));
    }
}
