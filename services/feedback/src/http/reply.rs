//! Complaints and ratings as they are shown, and how their steps are taken.

use dossier::access::{self, Denied};
use dossier::contract::{
    ComplaintClass, ComplaintEvent, ComplaintId, Envelope, EventSet, IntakeEvent, Role,
};
use dossier::feedback::impartial::{About, Act, Conflict, conflict};
use dossier::feedback::{Complaint, Stage};
use dossier::law::Law;
use dossier::{Facts, RefusalEntry, Refuse, State, Step, delivery, intake, payment, review};
use events::StreamName;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::fold;
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

const OWN_STEP: RefusalEntry = RefusalEntry {
    status: 403,
    code: "own-step",
    vi: "phản ánh, kiến nghị về chính việc do mình thực hiện phải do người khác giải quyết",
    en: "somebody else has to deal with a complaint about your own step",
};

/// The categories of the streams in which officers act on a dossier.
const CATEGORIES: [&str; 4] = ["intake", "payment", "review", "delivery"];

/// Refuses who would deal with a complaint about their own dossier, or their own step of one.
async fn impartial(
    app: &App,
    which: Step,
    complaint: ComplaintId,
    request: &Request,
) -> Result<(), Problem> {
    let (caller, store) = (request.caller()?, &app.complaints.kit().store);
    let unreadable = |error: String| Problem::unavailable(&error);
    let stream = |category: &str, id: String| {
        StreamName::new(&format!("{category}-{id}")).map_err(|_| Problem::not_found())
    };
    let name = stream(Complaint::CATEGORY, complaint.to_string())?;
    let recorded = store.read_whole(&name).await?;
    let state: Complaint = fold(&recorded).map_err(|error| unreadable(error.to_string()))?;
    let (Some(resource), Some(filed)) = (state.resource(), &state.filed) else { return Ok(()) };
    // Whoever may not do it at all is told that by the step, and whoever complains is no handler.
    let as_handler = access::decide(caller, which.may, Some(&resource))
        .is_ok_and(|actor| actor.role == Role::ComplaintHandler);
    let Some(dossier) = filed.dossier.filter(|_| as_handler) else { return Ok(()) };
    let (mut brief, mut acts) = (None, Vec::new());
    for category in CATEGORIES {
        for event in store.read_whole(&stream(category, dossier.to_string())?).await? {
            if let Ok(IntakeEvent::DossierSubmitted(submitted)) =
                IntakeEvent::decode(&event.kind, &event.data)
            {
                brief = Some(submitted.brief);
            }
            let envelope: Envelope =
                serde_json::from_str(&event.meta).map_err(|error| unreadable(error.to_string()))?;
            acts.push((event.kind, envelope.actor));
        }
    }
    let acts: Vec<Act<'_>> = acts.iter().map(|(kind, actor)| Act { kind, actor }).collect();
    let steps = &[intake::STEPS, payment::STEPS, review::STEPS, delivery::STEPS];
    match conflict(filed, About { brief: brief.as_ref(), acts: &acts, steps }, caller) {
        None => Ok(()),
        Some(Conflict::Party) => Err(Problem::from(Denied::Party)),
        Some(Conflict::OwnStep) => Err(Problem::new(OWN_STEP)),
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
    if which.may.iter().any(|may| may.role == Role::ComplaintHandler) {
        impartial(app, which, complaint, request).await?;
    }
    let id = (&*complaint.to_string(), None);
    let loaded = service_kit::http::take(&app.complaints, which, id, request, decide).await?;
    shown(&loaded, ComplaintReply::new(&loaded.state, &app.complaints.kit().law()))
}
