//! Records a date that somebody outside fixed, where the law gives no period. The law: `libs/dossier/src/intake/fix_appointment.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::fix_appointment::{FixAppointment, STEP, decide};
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// A date that was fixed outside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixAppointmentRequest {
    /// The date.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The office that fixed it.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    by: Line<200>,
    /// On what basis.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    basis: Line<500>,
}

/// Records a date that somebody outside fixed, where the law gives no period.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/fixed-appointment",
    operation_id = "fix_appointment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = FixAppointmentRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &FixAppointmentRequest, state, facts| {
        let (by, basis) = (body.by.0.clone(), body.basis.0.clone());
        decide(state, FixAppointment { at: body.at, by, basis }, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "fixed-appointment"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
