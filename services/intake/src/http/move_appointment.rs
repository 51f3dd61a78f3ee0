//! Asks for pardon and gives a new date, before the old one has passed. The law: `libs/dossier/src/intake/move_appointment.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::move_appointment::{STEP, decide};
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// An apology with a new date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveAppointmentRequest {
    /// The new date.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    /// The reason, as it stands in the apology.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Asks for pardon and gives a new date, before the old one has passed.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/appointment",
    operation_id = "move_appointment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = MoveAppointmentRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &MoveAppointmentRequest, state, facts| {
        decide(state, body.due_at, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "appointment"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
