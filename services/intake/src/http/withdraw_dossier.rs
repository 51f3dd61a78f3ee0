//! Takes a dossier back before it is decided. The law: `libs/dossier/src/intake/withdraw_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::withdraw_dossier::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// Why a dossier is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawDossierRequest {
    /// The applicant's words.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    reason: Option<Text<2000>>,
}

/// Takes a dossier back before it is decided.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/withdrawal",
    operation_id = "withdraw_dossier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = WithdrawDossierRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &WithdrawDossierRequest, state, facts| {
        decide(state, body.reason.as_ref().map(|reason| reason.0.clone()), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "withdrawal"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
