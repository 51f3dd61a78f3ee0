//! The supplement was submitted or declined: the review resumes.

use jiff::Timestamp;

use super::giving::assigned_by_rule;
use super::{Review, Stage, due_at};
use crate::contract::{Brief, ReviewEvent, ReviewResumed};
use crate::law::Loads;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Resumes a review that was paused for a supplement.
#[derive(Debug, Clone)]
pub struct ResumeReview {
    /// The number of the request that was answered; absent if the supplement was declined.
    pub request: Option<u32>,
    /// When intake recorded the event.
    pub at: Timestamp,
    /// The brief, if a supplement corrected the form.
    pub brief: Option<Brief>,
    /// The loads of the officers whom a rule considers, see [`weighed`](crate::law::weighed).
    pub loads: Loads,
}

impl Command for ResumeReview {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "resume_review",
        basis: "61/2018/NĐ-CP Điều 19.4",
        may: &[],
        events: &["review.ReviewResumed.v1", "review.ReviewClaimed.v1"],
        refusals: &[],
    };

    /// Not yet, while the pause is not recorded; nothing, if another request was answered than the
    /// awaited one.
    fn decide(
        &self,
        review: &Review,
        facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        let Self { request, at, ref brief, ref loads } = *self;
        let known = request.is_some_and(|request| request <= review.answered);
        let pause = match &review.stage {
            Stage::Empty | Stage::Open | Stage::Proposed(_) if request.is_some() && !known => {
                return Ok(Decision::NotYet);
            }
            Stage::Paused(pause) if !known => pause,
            Stage::Empty
            | Stage::Open
            | Stage::Paused(_)
            | Stage::Proposed(_)
            | Stage::Decided(_)
            | Stage::Cancelled => return Ok(Decision::Nothing),
        };
        let meant = match pause.request {
            Some(awaited) => request == Some(awaited),
            None => at >= pause.since,
        };
        if !meant {
            return Ok(Decision::Nothing);
        }
        let rule = facts.rule()?;
        let due_at = due_at(rule, review.next(rule, None), facts.at);
        let mut events = vec![ReviewResumed { request, due_at, brief: brief.clone() }.into()];
        // A review that was paused when it was opened is assigned now.
        if let (None, Some(known)) = (&review.officer, brief.as_ref().or(review.brief.as_deref())) {
            events.extend(assigned_by_rule(review, known, facts, (None, loads))?);
        }
        Ok(events.into())
    }
}
