//! Returns the control slip of a dossier, form 06, as JSON or as PDF. What it says:
//! `libs/dossier/src/papers/control.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, ReviewHandedOver};
use dossier::intake::Intake;
use dossier::papers::{ControlSlip, Handled, READ_CONTROL, control_slip};
use dossier::services::Category;
use engine::{Streams, envelope};
use events::{Recorded, StreamName};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, PDF, PaperReply, Problem, Reply, Request, visible};

use crate::App;

/// Form 06 of a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ControlSlipReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// The data that the template prints.
    data: ControlSlip,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/dossiers/{dossier}/control-slip",
        "get_control_slip",
        "Show the control slip of a dossier",
    )
    .describe(
        "Form 06 of Circular 03/2025/TT-VPCP, up to now: every hand-over and step. A PDF with \
         `Accept: application/pdf`.",
    )
    .roles(READ_CONTROL)
    .reply::<ControlSlipReply>()
    .or_bytes(&[PDF])
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    request.catch_up(Some(&app.progress)).await?;
    let stored = app.engine.store.read_whole(&Streams::<Intake>::of(dossier.0)).await?;
    let seen = visible::<Intake>(&request, READ_CONTROL, stored, |resource| resource)?;
    let intake = &seen.state;
    let brief = &intake.submission.as_ref().ok_or_else(Problem::not_found)?.brief;
    let mut recorded: Vec<Recorded> = seen.events.clone();
    for category in Category::HANDLING.into_iter().filter(|one| *one != Category::Intake) {
        let stream =
            StreamName::new(&category.stream(dossier)).map_err(|_| Problem::not_found())?;
        let events = app.engine.store.read_whole(&stream).await?;
        recorded.extend(events.into_iter().filter(|event| seen.includes(event.position)));
    }
    recorded.sort_by_key(|event| event.position);
    let envelopes = recorded.iter().map(envelope).collect::<Result<Vec<_>, _>>()?;
    let handled = recorded.iter().zip(&envelopes).map(|(event, envelope)| Handled {
        kind: &event.kind,
        at: envelope.at,
        actor: &envelope.actor,
        to: handed_to(event),
    });
    let due_at = intake.promised.as_ref().map(|promised| promised.promise.due_at);
    let law = app.engine.law();
    let made = control_slip(brief, due_at, handled, (&*law, app.engine.clock.now()));
    let (data, paper) = made.ok_or_else(Problem::not_found)?;
    let name = format!("{}-{}", data.code, paper.template());
    let body = ControlSlipReply { paper: PaperReply::of(&paper), data };
    Reply::paper(&request, &body, &paper, &name)
}

/// The officer to whom a review is handed over.
fn handed_to(event: &Recorded) -> Option<dossier::contract::Subject> {
    if &*event.kind != "review.ReviewHandedOver.v1" {
        return None;
    }
    serde_json::from_str::<ReviewHandedOver>(&event.data).ok().map(|handed| handed.to)
}
