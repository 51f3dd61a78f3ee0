//! The deciding unit: who works on a dossier, what was done, and the decision by two people or by a rule.
//! Decree 61/2018/NĐ-CP, art. 19.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{May, Resource, agency, any, consulted};
use crate::clock;
use crate::contract::{
    AgencyCode, Brief, ConsultationId, ConsultationRequested, DecisionMade, DecisionProposed, Meta,
    ProcedureRef, ReviewEvent, Role, Subject,
};
use crate::law::Activity;
use crate::step::{Facts, LawError, Obligation, Rule, State, Step};

pub mod answer_consultation;
pub mod approve_decision;
pub mod cancel_review;
pub mod claim_review;
pub mod complete_activity;
pub mod consult_agency;
pub mod hand_over_review;
pub mod miss_activity;
pub mod miss_consultation;
pub mod need_supplement;
pub mod open_review;
pub mod pause_review;
pub mod propose_decision;
pub mod reject_proposal;
pub mod resume_review;
pub mod return_review;

mod reaction;

pub use reaction::ReviewReaction;

/// The steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    open_review::STEP,
    claim_review::STEP,
    complete_activity::STEP,
    return_review::STEP,
    hand_over_review::STEP,
    consult_agency::STEP,
    answer_consultation::STEP,
    need_supplement::STEP,
    propose_decision::STEP,
    approve_decision::STEP,
    reject_proposal::STEP,
    pause_review::STEP,
    resume_review::STEP,
    cancel_review::STEP,
    miss_activity::STEP,
    miss_consultation::STEP,
];

/// Who may read how a dossier is worked on.
pub const READ: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    consulted(Role::Consultee),
    any(Role::Operator),
];

/// Where a review stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing came here.
    #[default]
    Empty,
    /// It is being worked on.
    Open,
    /// It waits for a supplement.
    Paused,
    /// A decision was proposed.
    Proposed,
    /// It was decided.
    Decided,
    /// The dossier ended otherwise.
    Cancelled,
}

/// An activity that is to be done by a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub activity: String,
    /// By when.
    pub due_at: Timestamp,
    /// The event that made it due.
    pub opened_by: Uuid,
}

/// A review.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// The dossier.
    pub brief: Option<Arc<Brief>>,
    /// Where it stands.
    pub stage: Stage,
    /// Who works on it.
    pub officer: Option<Subject>,
    /// How often each activity was done.
    pub done: BTreeMap<String, u32>,
    /// The activity that is to be done by a time.
    pub due: Option<Due>,
    /// The activity whose time stands still.
    pub paused: Option<String>,
    /// The consultations that are not answered.
    pub consultations: BTreeMap<ConsultationId, (ConsultationRequested, Uuid, bool)>,
    /// Every agency that was asked.
    pub asked: BTreeSet<AgencyCode>,
    /// Since when a supplement is being waited for.
    pub paused_at: Option<Timestamp>,
    /// The request that is being waited for, if the one-stop unit asked by itself.
    pub awaited: Option<u32>,
    /// The newest request that was answered.
    pub answered: u32,
    /// The proposal.
    pub proposal: Option<Arc<DecisionProposed>>,
    /// The decision.
    pub decision: Option<Arc<DecisionMade>>,
}

impl Review {
    /// Whether it can be worked on now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Whether an officer works on it who is this one.
    #[must_use]
    pub fn is_with(&self, officer: &Subject) -> bool {
        self.officer.as_ref() == Some(officer)
    }

    /// The first activity of the procedure that was not done yet.
    #[must_use]
    pub fn next<'a>(&self, rule: Rule<'a>, also_done: Option<&str>) -> Option<&'a Activity> {
        rule.procedure.review.activities.iter().find(|activity| {
            !self.done.contains_key(&activity.code) && also_done != Some(activity.code.as_str())
        })
    }

    fn becomes_due(&mut self, activity: Option<&String>, due_at: Option<Timestamp>, by: Uuid) {
        self.due = match (activity, due_at) {
            (Some(activity), Some(due_at)) => {
                Some(Due { activity: activity.clone(), due_at, opened_by: by })
            }
            _ => None,
        };
    }

    /// A proposal rested on what was there before: it does not outlive a pause.
    fn pause(&mut self, at: Timestamp, request: Option<u32>) {
        if self.stage != Stage::Paused {
            self.paused_at = Some(at);
            self.paused = self.due.take().map(|due| due.activity);
        }
        self.stage = Stage::Paused;
        self.awaited = request;
        self.proposal = None;
    }

    fn end(&mut self, stage: Stage) {
        self.stage = stage;
        self.due = None;
        self.consultations.clear();
        self.proposal = None;
    }
}

/// By when an activity that begins now is to be done.
fn due_at(
    rule: Rule<'_>,
    activity: Option<&Activity>,
    now: Timestamp,
) -> Result<Option<Timestamp>, LawError> {
    match activity.and_then(|activity| activity.budget) {
        Some(budget) => Ok(Some(clock::end_of(rule, now, budget)?)),
        None => Ok(None),
    }
}

impl State for Review {
    type Event = ReviewEvent;
    const CATEGORY: &'static str = "review";

    fn evolve(&mut self, event: &ReviewEvent, meta: &Meta) {
        match event {
            ReviewEvent::ReviewOpened(opened) => {
                self.brief = Some(Arc::new(opened.brief.clone()));
                self.stage = Stage::Open;
            }
            ReviewEvent::ReviewClaimed(claimed) => {
                self.officer = Some(claimed.officer.clone());
                self.becomes_due(claimed.activity.as_ref(), claimed.due_at, meta.id);
            }
            ReviewEvent::ActivityCompleted(completed) => {
                let count = self.done.entry(completed.activity.clone()).or_default();
                *count = count.saturating_add(1);
                self.becomes_due(completed.next.as_ref(), completed.next_due_at, meta.id);
            }
            ReviewEvent::ActivityOverdue(_) => self.due = None,
            ReviewEvent::ReviewReturned(_) => {
                self.officer = None;
                self.due = None;
            }
            ReviewEvent::ReviewHandedOver(handed) => self.officer = Some(handed.to.clone()),
            ReviewEvent::ConsultationRequested(requested) => {
                self.asked.insert(requested.agency.clone());
                let entry = (requested.clone(), meta.id, false);
                self.consultations.insert(requested.consultation, entry);
            }
            ReviewEvent::ConsultationAnswered(answered) => {
                self.consultations.remove(&answered.consultation);
            }
            ReviewEvent::ConsultationSilent(silent) => {
                if let Some((_, _, reported)) = self.consultations.get_mut(&silent.consultation) {
                    *reported = true;
                }
            }
            ReviewEvent::SupplementNeeded(_) => self.pause(meta.at(), None),
            ReviewEvent::ReviewPaused(paused) => self.pause(meta.at(), Some(paused.request)),
            ReviewEvent::ReviewResumed(resumed) => {
                self.stage = Stage::Open;
                self.paused_at = None;
                self.awaited = None;
                self.answered = self.answered.max(resumed.request.unwrap_or(0));
                let activity = self.paused.take();
                self.becomes_due(activity.as_ref(), resumed.due_at, meta.id);
            }
            ReviewEvent::DecisionProposed(proposed) => {
                self.stage = Stage::Proposed;
                self.proposal = Some(Arc::new(proposed.clone()));
                self.due = None;
            }
            ReviewEvent::ProposalRejected(_) => {
                self.stage = Stage::Open;
                self.proposal = None;
            }
            ReviewEvent::DecisionMade(decision) => {
                self.decision = Some(Arc::new(decision.clone()));
                self.end(Stage::Decided);
            }
            ReviewEvent::ReviewCancelled(_) => self.end(Stage::Cancelled),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let mut resource = self.brief.as_ref()?.resource();
        // Also after it has answered: what it said stays open to it.
        resource.consulted = self.asked.iter().cloned().collect();
        Some(resource)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = self.brief.as_ref()?;
        Some((&brief.procedure, &brief.agency))
    }

    fn obligations(&self) -> Vec<Obligation> {
        let mut open = Vec::new();
        if let Some(Due { due_at, opened_by, .. }) = self.due {
            open.push(Obligation { kind: miss_activity::KIND, due_at, opened_by });
        }
        let unanswered = self.consultations.values().filter(|(_, _, reported)| !reported);
        let first = unanswered.filter_map(|(asked, by, _)| Some((asked.due_at?, *by))).min();
        if let Some((due_at, opened_by)) = first {
            open.push(Obligation { kind: miss_consultation::KIND, due_at, opened_by });
        }
        open
    }

    fn enforce(&self, kind: &str, facts: &Facts<'_>) -> Result<Vec<ReviewEvent>, LawError> {
        match kind {
            miss_activity::KIND => Ok(miss_activity::decide(self, facts)),
            miss_consultation::KIND => Ok(miss_consultation::decide(self, facts)),
            _ => Ok(Vec::new()),
        }
    }
}
