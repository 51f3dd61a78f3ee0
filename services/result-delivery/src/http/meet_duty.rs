//! Records that what is owed after a result was done. The law: `libs/dossier/src/delivery/meet_duty.rs`.

use std::sync::Arc;

use dossier::contract::{DocumentName, DossierId};
use dossier::delivery::meet_duty::{MeetDuty, STEP, decide};
use serde::Deserialize;
use service_kit::http::{
    Access, Problem, Reply, Request, Route, Text, UNKNOWN_DOCUMENT, endpoint1,
};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeetDutyRequest {
    /// The code of the duty.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    duty: Text<100>,
    /// The name of the uploaded document that shows it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    document: Option<Text<100>>,
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
    if let Some(name) = request.json::<MeetDutyRequest>()?.document
        && kit.documents.find(&DocumentName::from(&*name.0)).await?.is_none()
    {
        return Err(Problem::new(UNKNOWN_DOCUMENT).about(name.0));
    }
    take(&app, STEP, dossier, &request, |body: &MeetDutyRequest, state, facts| {
        let command = MeetDuty {
            duty: body.duty.0.clone(),
            document: body.document.as_ref().map(|name| DocumentName::from(&*name.0)),
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
