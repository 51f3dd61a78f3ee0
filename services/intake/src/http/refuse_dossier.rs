//! Does not accept a dossier, with written reasons. The law: `libs/dossier/src/intake/refuse_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::refuse_dossier::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// Why a dossier is not accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseDossierRequest {
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Does not accept a dossier, with written reasons.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/refusal",
    operation_id = "refuse_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RefuseDossierRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RefuseDossierRequest, state, facts| {
        decide(state, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "refusal"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
