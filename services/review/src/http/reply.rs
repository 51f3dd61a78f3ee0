//! A review as it is shown, and how its steps are taken.

use dossier::contract::{DossierId, Outcome, ReviewEvent};
use dossier::review::{Consultation, Review, Stage};
use dossier::{Facts, Refuse, Step};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::http::{Problem, Reply, Request, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A review, as it is shown to officers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewReply {
    /// The dossier.
    dossier: Uuid,
    /// The code on its slips.
    code: String,
    /// Where it stands: `open`, `paused`, `proposed`, `decided` or `cancelled`.
    stage: &'static str,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<String>,
    /// The activity that is next.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// By when that is to be done.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_due_at: Option<Timestamp>,
    /// The consultations that are open.
    consultations: Vec<ConsultationReply>,
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
    /// What; null once it was erased.
    question: Option<String>,
    /// By when it must answer.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Whether that time is over.
    silent: bool,
}

/// A proposal to be approved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalReply {
    /// Its id.
    proposal: Uuid,
    /// `approved` or `refused`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// The written reason; null once it was erased.
    reason: Option<String>,
    /// Who proposes.
    officer: String,
}

impl ReviewReply {
    /// Nothing came here: nothing to show.
    pub(crate) fn new(review: &Review) -> Option<Self> {
        let brief = review.brief.as_ref()?;
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
            stage,
            officer: review.officer.as_ref().map(ToString::to_string),
            activity: review.due.as_ref().map(|due| due.activity.clone()),
            activity_due_at: review.due.as_ref().map(|due| due.running.due_at),
            consultations: review
                .consultations
                .values()
                .map(|Consultation { requested, running, silent, .. }| ConsultationReply {
                    consultation: requested.consultation.0,
                    agency: requested.agency.to_string(),
                    question: requested.question.known().cloned(),
                    due_at: running.map(|running| running.due_at),
                    silent: *silent,
                })
                .collect(),
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

/// Takes a step and shows what came of it.
pub(crate) async fn take<B: DeserializeOwned + Sync, R: Refuse>(
    app: &App,
    which: Step,
    dossier: DossierId,
    request: &Request,
    decide: impl Fn(&B, &Review, &Facts<'_>) -> Result<Vec<ReviewEvent>, R>,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = service_kit::http::take(&app.reviews, which, id, request, decide).await?;
    shown(&loaded, ReviewReply::new(&loaded.state))
}
