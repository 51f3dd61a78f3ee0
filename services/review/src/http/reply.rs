//! A review as it is shown, and how its steps are taken.

use std::sync::Arc;

use dossier::access::{self, Caller};
use dossier::contract::{Actor, DossierId, Outcome, Role};
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
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ReviewReply {
    /// The dossier.
    dossier: Uuid,
    /// The code on its slips.
    code: String,
    /// Where it stands: `open`, `paused`, `proposed`, `decided` or `cancelled`; not told to a consulted agency.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<String>,
    /// The activity that is next.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// By when that is to be done.
    #[serde(flatten)]
    #[schema(inline)]
    activity_due: ActivityDue,
    /// The consultations that are open.
    consultations: Vec<ConsultationReply>,
    /// Those that are over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    closed_consultations: Vec<ClosedConsultationReply>,
    /// The proposal to be approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposalReply>,
    /// `approved` or `refused`.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// A consultation that is open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsultationReply {
    /// Its id.
    consultation: Uuid,
    /// Who was asked.
    agency: String,
    /// What; null once it was erased, and for operators.
    question: Option<String>,
    /// By when it must answer.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether that time is over.
    silent: bool,
}

/// A consultation that is over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosedConsultationReply {
    /// Its id.
    consultation: Uuid,
    /// Who was asked.
    agency: String,
    /// What; null once it was erased, and for operators.
    question: Option<String>,
    /// Whether the agency agreed; absent if the review ended before it had answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<bool>,
    /// What it answered; null once it was erased, and for operators.
    answer: Option<String>,
}

/// A proposal to be approved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalReply {
    /// Its id.
    proposal: Uuid,
    /// `approved` or `refused`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// The written reason; null once it was erased, and for operators.
    reason: Option<String>,
    /// Who proposes.
    officer: String,
}

impl ReviewReply {
    /// What a caller who may read it sees of it.
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
        let own = |agency: &str| caller.acts_for(&agency.into());
        reply.consultations.retain(|asked| own(&asked.agency));
        reply.closed_consultations.retain(|asked| own(&asked.agency));
        let Self { dossier, code, consultations, closed_consultations, .. } = reply;
        Some(Self { dossier, code, consultations, closed_consultations, ..Self::default() })
    }

    /// For those who must know where it stands, and no more.
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

    /// Nothing came here: nothing to show.
    pub(crate) fn new(review: &Review, law: &Law) -> Option<Self> {
        let brief = review.brief.as_ref()?;
        let agency = &brief.agency;
        let stage = match review.stage {
            Stage::Empty => return None,
            Stage::Open => "open",
            Stage::Paused => "paused",
            Stage::Proposed => "proposed",
            Stage::Decided => "decided",
            Stage::Cancelled => "cancelled",
        };
        Some(Self {
            dossier: brief.dossier.0,
            code: brief.code.to_string(),
            stage: Some(stage),
            officer: review.officer.as_ref().map(ToString::to_string),
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
                    consultation: requested.consultation.0,
                    agency: requested.agency.to_string(),
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
                officer: proposed.officer.to_string(),
            }),
            outcome: review.decision.as_ref().map(|decision| decision.outcome),
        })
    }
}

fn closed(closed: &Arc<ClosedConsultation>) -> ClosedConsultationReply {
    let ClosedConsultation { requested, answer } = &**closed;
    ClosedConsultationReply {
        consultation: requested.consultation.0,
        agency: requested.agency.to_string(),
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
