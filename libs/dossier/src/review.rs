//! The deciding unit: the officer, the activities, and the decision by two officers or by a rule.
//! Decree 61/2018/NĐ-CP, art. 19.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::access::{Former, May, Resource, agency, any, consulted};
use crate::clock::{self, Running};
use crate::contract::{
    Actor, AgencyCode, Brief, ConsultationAnswered, ConsultationId, ConsultationRequested,
    DecisionMade, DecisionProposed, Meta, ProcedureRef, ReviewEvent, ReviewTransferred, Role,
    Subject,
};
use crate::law::{Activity, Law};
use crate::services::Category;
use crate::step::{Command, Rule, State, Step, Subscription};

pub mod answer_consultation;
pub mod approve_decision;
pub mod assign_review;
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
pub mod record_verification;
pub mod reject_proposal;
pub mod resume_review;
pub mod return_review;
pub mod transfer_review;

mod deadlines;
mod giving;
mod reaction;
mod reasons;

pub use deadlines::ReviewDeadline;
pub use reasons::{CompletedActivity, Reasons, Remark, RemarkKind, Verification};

use answer_consultation::AnswerConsultation;
use approve_decision::ApproveDecision;
use assign_review::AssignReview;
use cancel_review::CancelReview;
use claim_review::ClaimReview;
use complete_activity::CompleteActivity;
use consult_agency::ConsultAgency;
use hand_over_review::HandOverReview;
use miss_activity::MissActivity;
use miss_consultation::MissConsultation;
use need_supplement::NeedSupplement;
use open_review::OpenReview;
use pause_review::PauseReview;
use propose_decision::ProposeDecision;
use record_verification::RecordVerification;
use reject_proposal::RejectProposal;
use resume_review::ResumeReview;
use return_review::ReturnReview;
use transfer_review::TransferReview;

/// All steps of review, in the order of the procedure.
pub const STEPS: &[Step] = &[
    OpenReview::STEP,
    ClaimReview::STEP,
    CompleteActivity::STEP,
    ReturnReview::STEP,
    HandOverReview::STEP,
    AssignReview::STEP,
    ConsultAgency::STEP,
    RecordVerification::STEP,
    AnswerConsultation::STEP,
    NeedSupplement::STEP,
    ProposeDecision::STEP,
    ApproveDecision::STEP,
    RejectProposal::STEP,
    PauseReview::STEP,
    ResumeReview::STEP,
    TransferReview::STEP,
    CancelReview::STEP,
    MissActivity::STEP,
    MissConsultation::STEP,
];

/// Permissions to read the status of a review.
pub const READ: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    consulted(Role::Consultee),
    any(Role::Operator),
];

/// Permissions to read the officers' texts: the reason of a proposal, questions to other agencies
/// and their answers. A consulted agency reads only its own consultations, see
/// [`acts_for`](crate::access::Caller::acts_for).
pub const READ_CONTENT: &[May] =
    &[agency(Role::Clerk), agency(Role::Reviewer), agency(Role::Approver), agency(Role::Auditor)];

/// The stage of a review, with the facts that exist in this stage only.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Stage {
    #[default]
    Empty,
    Open,
    Paused(Pause),
    Proposed(Arc<DecisionProposed>),
    Decided(Arc<DecisionMade>),
    /// The dossier ended otherwise.
    Cancelled,
}

/// The wait for a supplement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    pub since: Timestamp,
    /// The number of the awaited request, if the one-stop unit made it by itself.
    pub request: Option<u32>,
    /// The activity whose period is suspended.
    pub activity: Option<String>,
}

/// An activity with a running period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub activity: String,
    pub running: Running,
}

/// An open consultation: the agency has not answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Consultation {
    pub requested: ConsultationRequested,
    /// The period to answer, if there is one.
    pub running: Option<Running>,
    pub asked_at: Timestamp,
    /// Whether the end of the period without an answer was recorded.
    pub silent: bool,
}

/// A consultation that was answered, or is moot because the review ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedConsultation {
    pub requested: ConsultationRequested,
    /// Absent if the review ended first.
    pub answer: Option<ConsultationAnswered>,
}

/// The state of a review.
#[derive(Debug, Clone, Default)]
pub struct Review {
    pub brief: Option<Arc<Brief>>,
    pub stage: Stage,
    /// The officer who has claimed the review, or to whom it was assigned.
    pub officer: Option<Subject>,
    /// The officers who have returned it, and those for whom a deputy has: no rule assigns it to
    /// them again.
    pub returned_by: BTreeSet<Subject>,
    /// How often each activity was completed.
    pub done: BTreeMap<String, u32>,
    /// The activity whose period is running.
    pub due: Option<Due>,
    /// The open consultations.
    pub consultations: BTreeMap<ConsultationId, Consultation>,
    /// The consultations that were answered or are moot.
    pub closed_consultations: BTreeMap<ConsultationId, Arc<ClosedConsultation>>,
    /// The number of the newest request that was answered.
    pub answered: u32,
    /// The agencies that transferred it, oldest first.
    pub former: Vec<Former>,
    pub reasons: Reasons,
}

impl Review {
    /// Whether activities and proposals are possible now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// The proposed decision that waits for a second officer.
    #[must_use]
    pub fn proposal(&self) -> Option<&DecisionProposed> {
        if let Stage::Proposed(proposed) = &self.stage { Some(proposed) } else { None }
    }

    /// The decision, once it is made.
    #[must_use]
    pub fn decision(&self) -> Option<&DecisionMade> {
        if let Stage::Decided(decision) = &self.stage { Some(decision) } else { None }
    }

    /// The wait for a supplement, if there is one.
    #[must_use]
    pub const fn pause(&self) -> Option<&Pause> {
        if let Stage::Paused(pause) = &self.stage { Some(pause) } else { None }
    }

    /// Whether `officer` is in charge of the review.
    #[must_use]
    pub fn is_with(&self, officer: &Subject) -> bool {
        self.officer.as_ref() == Some(officer)
    }

    /// Whether the actor is the officer in charge, or acts as the deputy of that officer.
    #[must_use]
    pub fn is_handled_by(&self, actor: &Actor) -> bool {
        self.is_with(&actor.subject)
            || actor.deputy_for.as_ref().is_some_and(|officer| self.is_with(officer))
    }

    /// The first activity of the procedure that was not completed and is not `also_done`.
    #[must_use]
    pub fn next<'a>(&self, rule: Rule<'a>, also_done: Option<&str>) -> Option<&'a Activity> {
        rule.procedure.review.activities.iter().find(|activity| {
            !self.done.contains_key(&activity.code) && also_done != Some(activity.code.as_str())
        })
    }

    /// Of the open consultations whose period was not recorded as missed, the one whose period ends
    /// first.
    #[must_use]
    pub fn next_silent(&self) -> Option<(ConsultationId, Running)> {
        let open = self.consultations.iter().filter(|(_, consultation)| !consultation.silent);
        let running = open.filter_map(|(id, consultation)| Some((*id, consultation.running?)));
        running.min_by_key(|(_, running)| (running.due_at, running.opened_by))
    }

    /// The agencies whose answer is open; they may read the dossier and its documents until then.
    pub fn consulting(&self) -> impl Iterator<Item = &AgencyCode> {
        self.consultations.values().map(|open| &open.requested.agency)
    }

    fn consult(&mut self, requested: &ConsultationRequested, meta: &Meta) {
        let running = |due_at| Running::new(due_at, meta.at(), meta.id, meta.at());
        let consultation = Consultation {
            requested: requested.clone(),
            running: requested.due_at.map(running),
            asked_at: meta.at(),
            silent: false,
        };
        self.consultations.insert(requested.consultation, consultation);
    }

    fn close(&mut self, id: ConsultationId, answer: Option<ConsultationAnswered>) {
        if let Some(Consultation { requested, .. }) = self.consultations.remove(&id) {
            let closed = ClosedConsultation { requested, answer };
            self.closed_consultations.insert(id, Arc::new(closed));
        }
    }

    fn becomes_due(&mut self, activity: Option<&String>, due_at: Option<Timestamp>, meta: &Meta) {
        self.due = activity.zip(due_at).map(|(activity, due_at)| Due {
            activity: activity.clone(),
            running: Running::new(due_at, meta.at(), meta.id, meta.at()),
        });
    }

    /// Pauses the review. The proposal is dropped, because the supplement may change the facts.
    fn await_supplement(&mut self, at: Timestamp, request: Option<u32>) {
        if let Stage::Paused(pause) = &mut self.stage {
            pause.request = request;
            return;
        }
        let activity = self.due.take().map(|due| due.activity);
        self.stage = Stage::Paused(Pause { since: at, request, activity });
    }

    /// Begins again at another agency. A question to that agency is moot. `until` is the version
    /// before the transfer.
    fn transfer(&mut self, transferred: &ReviewTransferred, until: u64) {
        self.former.push(Former { agency: transferred.from.clone(), until });
        let to = &transferred.brief.agency;
        self.brief = Some(Arc::new(transferred.brief.clone()));
        self.officer = None;
        self.due = None;
        self.done.clear();
        self.returned_by.clear();
        if let Stage::Paused(pause) = &mut self.stage {
            pause.activity = None;
        } else {
            self.stage = Stage::Open;
        }
        let asked = self.consultations.iter().filter(|(_, open)| open.requested.agency == *to);
        let moot: Vec<ConsultationId> = asked.map(|(id, _)| *id).collect();
        for id in moot {
            self.close(id, None);
        }
    }

    fn end(&mut self, stage: Stage) {
        self.stage = stage;
        self.due = None;
        while let Some((id, _)) = self.consultations.first_key_value() {
            self.close(*id, None);
        }
    }
}

/// The end of the period of an activity that begins now.
fn due_at(rule: Rule<'_>, activity: Option<&Activity>, now: Timestamp) -> Option<Timestamp> {
    let budget = activity.and_then(|activity| activity.budget);
    budget.map(|budget| clock::end_of(rule, now, budget))
}

impl State for Review {
    type Event = ReviewEvent;
    const CATEGORY: &'static str = Category::Review.as_str();
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = reaction::SUBSCRIPTIONS;

    fn evolve(&mut self, event: &ReviewEvent, meta: &Meta) {
        self.reasons.evolve(event, meta);
        match event {
            ReviewEvent::ReviewOpened(opened) => {
                self.brief = Some(Arc::new(opened.brief.clone()));
                self.stage = Stage::Open;
            }
            ReviewEvent::ReviewClaimed(claimed) => {
                self.officer = Some(claimed.officer.clone());
                self.becomes_due(claimed.activity.as_ref(), claimed.due_at, meta);
            }
            ReviewEvent::ActivityCompleted(completed) => {
                let count = self.done.entry(completed.activity.clone()).or_default();
                *count = count.saturating_add(1);
                self.becomes_due(completed.next.as_ref(), completed.next_due_at, meta);
            }
            ReviewEvent::ActivityOverdue(_) => self.due = None,
            ReviewEvent::ReviewReturned(_) => {
                self.returned_by.extend(self.officer.take());
                // A deputy may have returned it.
                self.returned_by.insert(meta.envelope.actor.subject.clone());
                self.due = None;
            }
            ReviewEvent::ReviewHandedOver(handed) => self.officer = Some(handed.to.clone()),
            ReviewEvent::ReviewTransferred(transferred) => {
                self.transfer(transferred, meta.version.saturating_sub(1));
            }
            ReviewEvent::ConsultationRequested(requested) => self.consult(requested, meta),
            ReviewEvent::ConsultationAnswered(answered) => {
                self.close(answered.consultation, Some(answered.clone()));
            }
            ReviewEvent::ConsultationSilent(silent) => {
                if let Some(consultation) = self.consultations.get_mut(&silent.consultation) {
                    consultation.silent = true;
                }
            }
            ReviewEvent::VerificationRecorded(_) => {}
            ReviewEvent::SupplementNeeded(_) => self.await_supplement(meta.at(), None),
            ReviewEvent::ReviewPaused(paused) => {
                self.await_supplement(meta.at(), Some(paused.request));
            }
            ReviewEvent::ReviewResumed(resumed) => {
                let paused = std::mem::replace(&mut self.stage, Stage::Open);
                self.answered = self.answered.max(resumed.request.unwrap_or(0));
                if let Some(brief) = &resumed.brief {
                    self.brief = Some(Arc::new(brief.clone()));
                }
                let activity =
                    if let Stage::Paused(pause) = paused { pause.activity } else { None };
                self.becomes_due(activity.as_ref(), resumed.due_at, meta);
            }
            ReviewEvent::DecisionProposed(proposed) => {
                self.stage = Stage::Proposed(Arc::new(proposed.clone()));
                self.due = None;
            }
            ReviewEvent::ProposalRejected(_) => self.stage = Stage::Open,
            ReviewEvent::DecisionMade(decision) => {
                self.end(Stage::Decided(Arc::new(decision.clone())));
            }
            ReviewEvent::ReviewCancelled(_) => self.end(Stage::Cancelled),
            ReviewEvent::PeriodExtended(extended) => clock::extend(self, extended, meta),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let mut resource = self.brief.as_ref()?.resource();
        // Also after it has answered: it may still read its question and its answer.
        let closed = self.closed_consultations.values().map(|closed| &closed.requested.agency);
        resource.former.clone_from(&self.former);
        resource.consulted = self.consulting().chain(closed).cloned().collect();
        Some(resource)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = self.brief.as_ref()?;
        Some((&brief.procedure, &brief.agency))
    }

    fn deputised(&self, actor: &Actor, law: &Law, at: Timestamp) -> Option<Subject> {
        let (brief, officer) = (self.brief.as_ref()?, self.officer.as_ref()?);
        let acts = actor.role == Role::Reviewer
            && law.is_deputy(&brief.agency, (&actor.subject, officer), at);
        acts.then(|| officer.clone())
    }
}
