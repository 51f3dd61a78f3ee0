//! A review as it is shown, and how its steps are taken.

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
use service_kit::http::{ActivityDue, Due, Problem, Reply, Request, execute, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A review, as it is shown to officers; to a consulted agency its own consultations alone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewReply {
    /// The dossier.
    dossier: DossierId,
    /// The code on its slips.
    code: DossierCode,
    /// Absent for a consulted agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<ReviewStage>,
    /// The officer who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<Subject>,
    /// The next activity.
    #[schema(example = "appraisal")]
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// By when that is to be done.
    #[serde(flatten)]
    #[schema(inline)]
    activity_due: ActivityDue,
    /// The open consultations.
    consultations: Vec<ConsultationReply>,
    /// The closed ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    closed_consultations: Vec<ClosedConsultationReply>,
    /// The proposal to be approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposalReply>,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// The stage of a review.
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
    /// Its id.
    consultation: ConsultationId,
    /// The agency that was asked.
    agency: AgencyCode,
    /// The question; null after its erasure, and for operators.
    #[schema(example = "Does the plan conform to the zoning?")]
    question: Option<String>,
    /// By when it must answer.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether that time is over.
    silent: bool,
}

/// A closed consultation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosedConsultationReply {
    /// Its id.
    consultation: ConsultationId,
    /// The agency that was asked.
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

/// A proposal to be approved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalReply {
    /// Its id.
    proposal: Uuid,
    /// The proposed decision.
    outcome: Outcome,
    /// The written reason; null after its erasure, and for operators.
    #[schema(example = "The dossier is complete.")]
    reason: Option<String>,
    /// The officer who proposes it.
    officer: Subject,
}

impl ReviewReply {
    /// The part that a caller who may read it may see.
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
            ..reply
        })
    }

    /// Without texts, for callers who may know the stage only.
    fn without_content(mut self) -> Self {
        self.consultations.iter_mut().for_each(|asked| asked.question = None);
        for closed in &mut self.closed_consultations {
            (closed.question, closed.answer) = (None, None);
        }
        if let Some(proposal) = &mut self.proposal {
            proposal.reason = None;
        }
        self
    }

    /// `None` if no dossier arrived here.
    pub(crate) fn new(review: &Review, law: &Law) -> Option<Self> {
        let brief = review.brief.as_ref()?;
        let agency = &brief.agency;
        let stage = match review.stage {
            Stage::Empty => return None,
            Stage::Open => ReviewStage::Open,
            Stage::Paused => ReviewStage::Paused,
            Stage::Proposed => ReviewStage::Proposed,
            Stage::Decided => ReviewStage::Decided,
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
            proposal: review.proposal.as_ref().map(|proposed| ProposalReply {
                proposal: proposed.proposal,
                outcome: proposed.outcome,
                reason: proposed.reason.known().cloned(),
                officer: proposed.officer.clone(),
            }),
            outcome: review.decision.as_ref().map(|decision| decision.outcome),
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

/// Executes the command that is the body of a request, and shows what came of it.
pub(crate) async fn take<C: Command<State = Review> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute::<C>(&app.reviews, id, request).await?;
    shown(&loaded, ReviewReply::new(&loaded.state, &app.reviews.kit().law()))
}
