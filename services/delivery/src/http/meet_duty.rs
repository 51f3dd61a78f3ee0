//! Records that a duty after a result was met. The law: `libs/dossier/src/delivery/meet_duty.rs`.

use std::sync::Arc;

use documents::Stored;
use dossier::Command;
use dossier::contract::{DocumentName, DossierId, NamedDocument};
use dossier::delivery::meet_duty::MeetDuty;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, Operation, Problem, Reply, Request, Text, UNKNOWN_DOCUMENT};

use super::reply::{DeliveryReply, take_as};
use crate::App;

/// A duty that was met.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeetDutyRequest {
    /// Code of the duty in the procedure.
    duty: Line<100>,
    /// Name of the uploaded document that proves it.
    document: Option<Line<100>>,
    /// Explanation in the caller's words.
    note: Option<Text<2000>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/deliveries/{dossier}/duties", "meet_duty", "Record that a duty was met")
        .describe("Missed duties can still be met.")
        .step(&MeetDuty::STEP)
        .refusals(&[UNKNOWN_DOCUMENT])
        .body::<MeetDutyRequest>()
        .reply::<DeliveryReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let who = (request.caller()?, MeetDuty::STEP.may);
    let body: MeetDutyRequest = request.json()?;
    let named = |name: Line<100>| ("/document".to_owned(), DocumentName::from(&*name.0));
    let named = body.document.map(named).into_iter().collect();
    let stored = app.documents.to_be_named(who, named).await?.pop();
    let document = stored.map(|Stored { name, sha256, .. }| {
        let sha256 = Some(sha256);
        NamedDocument { name, sha256 }
    });
    take_as(&app, dossier, &request, |body: MeetDutyRequest| MeetDuty {
        duty: body.duty.0,
        document,
        note: body.note.map(|note| note.0),
    })
    .await
}
