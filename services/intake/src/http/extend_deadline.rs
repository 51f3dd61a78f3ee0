//! Makes the period longer, where the procedure allows it. The law: `libs/dossier/src/intake/extend_deadline.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::extend_deadline::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// Why the period must be longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendDeadlineRequest {
    /// The reason, as it is told to the applicant.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Makes the period longer, where the procedure allows it.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/extension",
    operation_id = "extend_deadline",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ExtendDeadlineRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &ExtendDeadlineRequest, state, facts| {
        decide(state, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "extension"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
