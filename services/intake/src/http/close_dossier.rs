//! Ends a dossier of a procedure that has no result. The law: `libs/dossier/src/intake/close_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::close_dossier::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// Why a dossier is ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseDossierRequest {
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Ends a dossier of a procedure that has no result.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/closure",
    operation_id = "close_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = CloseDossierRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &CloseDossierRequest, state, facts| {
        decide(state, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "closure"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
