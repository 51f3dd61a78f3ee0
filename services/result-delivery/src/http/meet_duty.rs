//! Records that what is owed after a result was done. The law: `libs/dossier/src/delivery/meet_duty.rs`.

use std::sync::Arc;

use dossier::contract::{DocumentName, DossierId, NamedDocument};
use dossier::delivery::meet_duty::{MeetDuty, STEP, decide};
use serde::Deserialize;
use service_kit::documents::Stored;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeetDutyRequest {
    /// The code of the duty.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    duty: Line<100>,
    /// The name of the uploaded document that shows it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    document: Option<Line<100>>,
    /// In words.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Text<2000>>,
}

/// Records that what is owed after a result was done.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/duties",
    operation_id = "meet_duty",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = MeetDutyRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let kit = app.results.kit();
    let who = (request.caller()?, STEP.may);
    let body: MeetDutyRequest = request.json()?;
    let named = |name: Line<100>| ("/document".to_owned(), DocumentName::from(&*name.0));
    let named = body.document.map(named).into_iter().collect();
    let stored = kit.documents.to_be_named(kit, who, named).await?.pop();
    let document = stored.map(|Stored { name, sha256, .. }| {
        let sha256 = Some(sha256);
        NamedDocument { name, sha256 }
    });
    take(&app, STEP, dossier, &request, |body: &MeetDutyRequest, state, facts| {
        let command = MeetDuty {
            duty: body.duty.0.clone(),
            document: document.clone(),
            note: body.note.as_ref().map(|note| note.0.clone()),
        };
        decide(state, command, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "duties"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
