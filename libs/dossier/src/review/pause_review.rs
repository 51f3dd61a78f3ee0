//! The one-stop unit requested a supplement by itself: the statutory clock and the review are
//! paused. Decree 61/2018/NĐ-CP, art. 19.4.

use super::{Review, Stage};
use crate::contract::{ReviewEvent, ReviewPaused};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Pauses a review while a supplement is awaited.
#[derive(Debug, Clone, Copy)]
pub struct PauseReview {
    /// The number of the request in intake.
    pub request: u32,
}

impl Command for PauseReview {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "pause_review",
        basis: "61/2018/NĐ-CP Điều 19.4",
        may: &[],
        events: &["review.ReviewPaused.v1"],
        refusals: &[],
    };

    /// Not yet, while the review is not opened; nothing, if it has ended or the request was
    /// answered.
    fn decide(
        &self,
        review: &Review,
        _facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        let request = self.request;
        let known = request <= review.answered
            || review.pause().is_some_and(|pause| pause.request == Some(request));
        Ok(match &review.stage {
            Stage::Empty => Decision::NotYet,
            Stage::Open | Stage::Paused(_) | Stage::Proposed(_) if !known => {
                Decision::event(ReviewPaused { request })
            }
            Stage::Open
            | Stage::Paused(_)
            | Stage::Proposed(_)
            | Stage::Decided(_)
            | Stage::Cancelled => Decision::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::review::claim_review::tests::claimed;
    use crate::review::open_review::tests::opened;
    use crate::review::resume_review::ResumeReview;
    use crate::testing::{Scene, at, law};

    fn pause(scene: &mut Scene<'_, Review>, request: u32) -> usize {
        scene.execute("2026-11-20T14:00", Role::System, PauseReview { request }).unwrap().len()
    }

    /// Number of events; `None` for [`Decision::NotYet`].
    fn answer(scene: &mut Scene<'_, Review>, request: Option<u32>) -> Option<usize> {
        let moment = "2026-11-27T09:00";
        let command = ResumeReview {
            request,
            at: at(moment),
            brief: None,
            loads: crate::law::Loads::default(),
        };
        let decided = scene.decide(moment, Role::System, &command).unwrap();
        (decided != Decision::NotYet)
            .then(|| scene.execute(moment, Role::System, command).unwrap().len())
    }

    #[test]
    fn the_review_waits_until_that_request_is_answered() {
        let law = law();
        let mut scene = claimed(&law);
        pause(&mut scene, 1);
        assert!(scene.state.due.is_none(), "no time runs meanwhile");
        assert_eq!(answer(&mut scene, None), Some(0), "another request was declined");
        assert!(scene.state.pause().is_some());
        assert_eq!(answer(&mut scene, Some(1)), Some(1));
        assert_eq!(scene.state.stage, Stage::Open);
        assert!(scene.state.due.is_some());
    }

    #[test]
    fn an_answer_that_comes_before_its_request_waits_for_it() {
        let law = law();
        let mut scene = opened(&law);
        assert_eq!(answer(&mut scene, Some(1)), None);
        pause(&mut scene, 1);
        assert_eq!(answer(&mut scene, Some(1)), Some(1));
        assert_eq!((pause(&mut scene, 1), answer(&mut scene, Some(1))), (0, Some(0)), "known");
        assert_eq!(scene.state.stage, Stage::Open);
    }

    #[test]
    fn nothing_waits_for_a_review_that_has_not_begun() {
        let law = law();
        let mut scene = Scene::<Review>::new(&law, "PRECURSOR.IMPORT", "G02.002");
        let decided = scene.decide("2026-11-20T14:00", Role::System, &PauseReview { request: 1 });
        assert_eq!(decided, Ok(Decision::NotYet));
    }
}
