//! The supplement came, or could not be asked for: the review goes on.

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

/// Decides; nothing if the review does not wait.
pub fn decide(review: &Review, facts: &Facts<'_>) -> Result<Reacted<ReviewEvent>, LawError> {
    if review.stage != Stage::Paused {
        return Ok(Reacted::Done(Vec::new()));
    }
    let rule = facts.rule()?;
    let due_at = due_at(rule, review.next(rule, None), facts.at)?;
    Ok(Reacted::Done(vec![ReviewResumed { due_at }.into()]))
}
