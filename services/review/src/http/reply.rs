//! Representation of a review, and execution of its steps.

use std::sync::Arc;

use dossier::access::{self, Caller};
use dossier::contract::{
    Actor, AgencyCode, ConsultationId, DossierCode, DossierId, Outcome, Role, Subject,
};
use dossier::law::Law;
use dossier::review::{ClosedConsultation, Consultation, READ, READ_CONTENT, Review, Stage};
use dossier::{Command, State};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ActivityDue, Due, Problem, Reply, Request, execute_as, shown};

use super::reasons::{CompletedActivityReply, RemarkReply, ReviewDecisionReply, VerificationReply};
use crate::App;

/// The review of a dossier. A consulted agency sees its own consultations only.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Code printed on the slips of the dossier.
    code: DossierCode,
    /// Absent for a consulted agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<ReviewStage>,
    /// Officer who has claimed the dossier; absent if nobody has, and for a consulted agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<Subject>,
    /// Code of the next activity; absent if there is none, and for a consulted agency.
    #[schema(example = "appraisal")]
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// Due instant of the next activity.
    #[serde(flatten)]
    #[schema(inline)]
    activity_due: ActivityDue,
    /// Open consultations.
    consultations: Vec<ConsultationReply>,
    /// Consultations that were answered, or ended with the review.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    closed_consultations: Vec<ClosedConsultationReply>,
    /// Proposal that waits for approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposalReply>,
    /// Outcome of the decision; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// The decision; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<ReviewDecisionReply>,
    /// Completed activities, oldest first; the newest 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    completed_activities: Vec<CompletedActivityReply>,
    /// Verifications on site, oldest first; the newest 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verifications: Vec<VerificationReply>,
    /// Reasons of other steps of officers, oldest first; the newest 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<RemarkReply>,
}

/// How far the review of a dossier has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReviewStage {
    Open,
    Paused,
    Proposed,
    Decided,
    Cancelled,
}

/// An open consultation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsultationReply {
    /// Id of the consultation.
    consultation: ConsultationId,
    /// Code of the consulted agency.
    agency: AgencyCode,
    /// The question; null after its erasure, and for operators.
    #[schema(example = "Does the plan conform to the zoning?")]
    question: Option<String>,
    /// Due instant of the answer.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether the agency has not answered in time.
    silent: bool,
}

/// A consultation that was answered, or ended with the review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosedConsultationReply {
    /// Id of the consultation.
    consultation: ConsultationId,
    /// Code of the consulted agency.
    agency: AgencyCode,
    /// The question; null after its erasure, and for operators.
    #[schema(example = "Does the plan conform to the zoning?")]
    question: Option<String>,
    /// Whether the agency agreed; absent if the review ended before it had answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<bool>,
    /// The answer; null after its erasure, and for operators.
    #[schema(example = "It does.")]
    answer: Option<String>,
}

/// A proposal that waits for approval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalReply {
    /// Id of the proposal.
    proposal: Uuid,
    /// Proposed outcome.
    outcome: Outcome,
    /// Written reason; null after its erasure, and for operators.
    #[schema(example = "The dossier is complete.")]
    reason: Option<String>,
    /// Officer who made the proposal.
    officer: Subject,
}

impl ReviewReply {
    /// The part that the caller may read.
    pub(crate) fn to(review: &Review, law: &Law, caller: &Caller) -> Option<Self> {
        let mut reply = Self::new(review, law)?;
        let resource = review.resource()?;
        if access::decide(caller, READ_CONTENT, Some(&resource)).is_ok() {
            return Some(reply);
        }
        let Ok(Actor { role: Role::Consultee, .. }) = access::decide(caller, READ, Some(&resource))
        else {
            return Some(reply.without_content());
        };
        let own = |agency: &AgencyCode| caller.acts_for(agency);
        reply.consultations.retain(|asked| own(&asked.agency));
        reply.closed_consultations.retain(|asked| own(&asked.agency));
        Some(Self {
            stage: None,
            officer: None,
            activity: None,
            activity_due: ActivityDue::default(),
            proposal: None,
            outcome: None,
            decision: None,
            completed_activities: Vec::new(),
            verifications: Vec::new(),
            remarks: Vec::new(),
            ..reply
        })
    }

    /// Without texts, for callers who may read the stage only.
    fn without_content(mut self) -> Self {
        self.consultations.iter_mut().for_each(|asked| asked.question = None);
        for closed in &mut self.closed_consultations {
            (closed.question, closed.answer) = (None, None);
        }
        if let Some(proposal) = &mut self.proposal {
            proposal.reason = None;
        }
        if let Some(decision) = &mut self.decision {
            decision.without_content();
        }
        self.completed_activities.iter_mut().for_each(CompletedActivityReply::without_content);
        self.verifications.iter_mut().for_each(VerificationReply::without_content);
        self.remarks.iter_mut().for_each(RemarkReply::without_content);
        self
    }

    /// `None` if review has not received the dossier.
    pub(crate) fn new(review: &Review, law: &Law) -> Option<Self> {
        let brief = review.brief.as_ref()?;
        let agency = &brief.agency;
        let stage = match &review.stage {
            Stage::Empty => return None,
            Stage::Open => ReviewStage::Open,
            Stage::Paused(_) => ReviewStage::Paused,
            Stage::Proposed(_) => ReviewStage::Proposed,
            Stage::Decided(_) => ReviewStage::Decided,
            Stage::Cancelled => ReviewStage::Cancelled,
        };
        Some(Self {
            dossier: brief.dossier,
            code: brief.code.clone(),
            stage: Some(stage),
            officer: review.officer.clone(),
            activity: review.due.as_ref().map(|due| due.activity.clone()),
            activity_due: ActivityDue::of(
                law,
                agency,
                review.due.as_ref().map(|due| due.running.due_at),
            ),
            consultations: review
                .consultations
                .values()
                .map(|Consultation { requested, running, silent, .. }| ConsultationReply {
                    consultation: requested.consultation,
                    agency: requested.agency.clone(),
                    question: requested.question.known().cloned(),
                    due: Due::of(law, agency, running.map(|running| running.due_at)),
                    silent: *silent,
                })
                .collect(),
            closed_consultations: review.closed_consultations.values().map(closed).collect(),
            proposal: review.proposal().map(|proposed| ProposalReply {
                proposal: proposed.proposal,
                outcome: proposed.outcome,
                reason: proposed.reason.known().cloned(),
                officer: proposed.officer.clone(),
            }),
            outcome: review.decision().map(|decision| decision.outcome),
            decision: review
                .decision()
                .map(|made| ReviewDecisionReply::new(made, review.reasons.decided_at)),
            completed_activities: review.reasons.activities.iter().map(Into::into).collect(),
            verifications: review.reasons.verifications.iter().map(Into::into).collect(),
            remarks: review.reasons.remarks.iter().map(Into::into).collect(),
        })
    }
}

fn closed(closed: &Arc<ClosedConsultation>) -> ClosedConsultationReply {
    let ClosedConsultation { requested, answer } = &**closed;
    ClosedConsultationReply {
        consultation: requested.consultation,
        agency: requested.agency.clone(),
        question: requested.question.known().cloned(),
        agrees: answer.as_ref().map(|answer| answer.agrees),
        answer: answer.as_ref().and_then(|answer| answer.answer.known()).cloned(),
    }
}

/// Executes the command in the body of a request, and returns the review afterwards.
pub(crate) async fn take<C: Command<State = Review> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    take_as(app, dossier, request, |command: C| command).await
}

/// As [`take`], for a command that is built from the body.
pub(crate) async fn take_as<B: DeserializeOwned, C: Command<State = Review>>(
    app: &App,
    dossier: DossierId,
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.reviews, id, request, command).await?;
    let (law, caller) = (app.reviews.engine().law(), request.caller()?);
    shown(&loaded, ReviewReply::to(&loaded.state, &law, caller))
}
