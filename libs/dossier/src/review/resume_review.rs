//! The supplement came, or could not be asked for: the review goes on.

use jiff::Timestamp;

use super::{Review, Stage, due_at};
use crate::contract::{Brief, ReviewEvent, ReviewResumed};
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

/// What the one-stop unit has to say.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Which request was answered; absent if the applicant could not be asked.
    pub request: Option<u32>,
    /// When.
    pub at: Timestamp,
    /// The dossier, where a supplement corrected its form.
    pub brief: Option<Box<Brief>>,
}

/// Decides; waits until the pause is known, and does nothing if the answer is to something else than it.
pub fn decide(
    review: &Review,
    answer: &Answer,
    facts: &Facts<'_>,
) -> Result<Reacted<ReviewEvent>, LawError> {
    let Answer { request, at, brief } = answer;
    let (request, at) = (*request, *at);
    let known = request.is_some_and(|request| request <= review.answered);
    match review.stage {
        Stage::Empty | Stage::Open | Stage::Proposed if request.is_some() && !known => {
            return Ok(Reacted::NotYet);
        }
        Stage::Paused if !known => {}
        Stage::Empty
        | Stage::Open
        | Stage::Paused
        | Stage::Proposed
        | Stage::Decided
        | Stage::Cancelled => return Ok(Reacted::Done(Vec::new())),
    }
    let meant = match review.awaited {
        Some(awaited) => request == Some(awaited),
        None => review.paused_at.is_none_or(|paused_at| at >= paused_at),
    };
    if !meant {
        return Ok(Reacted::Done(Vec::new()));
    }
    let rule = facts.rule()?;
    let due_at = due_at(rule, review.next(rule, None), facts.at);
    let brief = brief.as_deref().cloned();
    Ok(Reacted::Done(vec![ReviewResumed { request, due_at, brief }.into()]))
}
