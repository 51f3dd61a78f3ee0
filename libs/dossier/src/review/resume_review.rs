//! The supplement came, or could not be asked for: the review goes on.

use jiff::Timestamp;

use super::{Review, Stage, due_at};
use crate::contract::{ReviewEvent, ReviewResumed};
use crate::step::{Facts, LawError, Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "resume_review",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.4",
    may: &[],
    events: &["review.ReviewResumed.v1"],
    refusals: &[],
};

/// Decides; nothing if the review does not wait, or the answer is to something before it.
pub fn decide(
    review: &Review,
    answered_at: Timestamp,
    facts: &Facts<'_>,
) -> Result<Reacted<ReviewEvent>, LawError> {
    let earlier = review.paused_at.is_some_and(|paused_at| answered_at < paused_at);
    if review.stage != Stage::Paused || earlier {
        return Ok(Reacted::Done(Vec::new()));
    }
    let rule = facts.rule()?;
    let due_at = due_at(rule, review.next(rule, None), facts.at)?;
    Ok(Reacted::Done(vec![ReviewResumed { due_at }.into()]))
}
