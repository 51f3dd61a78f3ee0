//! The one-stop unit asked the applicant for something by itself: the statutory clock stands still, and with it the review.
//! Decree 61/2018/NĐ-CP, art. 19.4.

use super::{Review, Stage};
use crate::contract::{ReviewEvent, ReviewPaused};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "pause_review",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.4",
    may: &[],
    events: &["review.ReviewPaused.v1"],
    refusals: &[],
};

/// Decides; waits until the review is open, and does nothing if it has ended or the request was answered.
#[must_use]
pub fn decide(review: &Review, request: u32) -> Reacted<ReviewEvent> {
    let known = request <= review.answered || review.awaited == Some(request);
    match review.stage {
        Stage::Empty => Reacted::NotYet,
        Stage::Open | Stage::Paused | Stage::Proposed if !known => {
            Reacted::Done(vec![ReviewPaused { request }.into()])
        }
        Stage::Open | Stage::Paused | Stage::Proposed | Stage::Decided | Stage::Cancelled => {
            Reacted::Done(Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::review::claim_review::tests::claimed;
    use crate::review::open_review::tests::opened;
    use crate::review::resume_review::{self, Answer};
    use crate::step::{Facts, LawError};
    use crate::testing::{Scene, law};

    fn pause(scene: &mut Scene<'_, Review>, request: u32) -> usize {
        let step = scene.step("2026-11-20T14:00", Role::System, |s, _| match decide(s, request) {
            Reacted::Done(events) => Ok::<_, LawError>(events),
            Reacted::NotYet => panic!("the review is open"),
        });
        step.unwrap().len()
    }

    /// How many events, or nothing if it must wait.
    fn answer(scene: &mut Scene<'_, Review>, request: Option<u32>) -> Option<usize> {
        let mut waits = false;
        let decide = |s: &Review, f: &Facts<'_>| match resume_review::decide(
            s,
            &Answer { request, at: f.at, brief: None },
            f,
        )? {
            Reacted::Done(events) => Ok::<_, LawError>(events),
            Reacted::NotYet => {
                waits = true;
                Ok(Vec::new())
            }
        };
        let events = scene.step("2026-11-27T09:00", Role::System, decide).unwrap().len();
        (!waits).then_some(events)
    }

    #[test]
    fn the_review_waits_until_that_request_is_answered() {
        let law = law();
        let mut scene = claimed(&law);
        pause(&mut scene, 1);
        assert!(scene.state.due.is_none(), "no time runs meanwhile");
        assert_eq!(answer(&mut scene, None), Some(0), "another request was declined");
        assert_eq!(scene.state.stage, Stage::Paused);
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
        assert_eq!(decide(&Review::default(), 1), Reacted::NotYet);
    }
}
