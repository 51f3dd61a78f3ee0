//! Complaints and ratings as they are shown, and how their steps are taken.

use dossier::contract::{ComplaintClass, ComplaintEvent, ComplaintId};
use dossier::feedback::{Complaint, Stage};
use dossier::law::Law;
use dossier::{Facts, Refuse, Step};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::http::{Due, Problem, Reply, Request, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A complaint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintReply {
    /// Its id.
    complaint: Uuid,
    /// Which agency deals with it.
    agency: String,
    /// About which dossier.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<Uuid>,
    /// About which step of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// The complaint itself; null once it was erased, and for operators.
    text: Option<String>,
    /// Where it stands: `filed`, `classified`, `dismissed`, `answered` or `published`.
    stage: &'static str,
    /// What it is about.
    #[schema(value_type = Option<String>)]
    class: Option<ComplaintClass>,
    /// When it was filed.
    #[schema(value_type = Option<String>, format = DateTime)]
    filed_at: Option<Timestamp>,
    /// By when the next step is due.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// What everybody may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
}

impl ComplaintReply {
    /// Nothing was filed: nothing to show.
    pub(crate) fn new(complaint: &Complaint, law: &Law) -> Option<Self> {
        let filed = complaint.filed.as_ref()?;
        let agency = complaint.agency().unwrap_or(&filed.agency);
        let stage = match complaint.stage {
            Stage::Empty => return None,
            Stage::Filed => "filed",
            Stage::Classified => "classified",
            Stage::Dismissed => "dismissed",
            Stage::Answered => "answered",
            Stage::Published => "published",
        };
        Some(Self {
            complaint: filed.complaint.0,
            agency: agency.to_string(),
            dossier: filed.dossier.map(|dossier| dossier.0),
            step: filed.step.clone(),
            text: filed.text.known().cloned(),
            stage,
            class: complaint.class,
            filed_at: complaint.filed_at,
            due: Due::of(law, agency, complaint.due.map(|due| due.running.due_at)),
            published: complaint.published.clone(),
        })
    }
}

impl ComplaintReply {
    /// For those who must know where it stands, and no more.
    pub(crate) fn without_text(self) -> Self {
        Self { text: None, ..self }
    }
}

/// Takes a step and shows what came of it.
pub(crate) async fn take<B: DeserializeOwned + Sync, R: Refuse>(
    app: &App,
    which: Step,
    complaint: ComplaintId,
    request: &Request,
    decide: impl Fn(&B, &Complaint, &Facts<'_>) -> Result<Vec<ComplaintEvent>, R>,
) -> Result<Reply, Problem> {
    let id = (&*complaint.to_string(), None);
    let loaded = service_kit::http::take(&app.complaints, which, id, request, decide).await?;
    shown(&loaded, ComplaintReply::new(&loaded.state, &app.complaints.kit().law()))
}
