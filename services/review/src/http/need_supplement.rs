//! Finds that something is missing; the one-stop unit asks the applicant. The law: `libs/dossier/src/review/need_supplement.rs`.

use std::sync::Arc;

use dossier::contract::{ComponentCode, DossierId};
use dossier::review::need_supplement::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// What is missing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NeedSupplementRequest {
    /// The components, as the procedure names them.
    #[schema(value_type = Vec<String>, max_items = 100)]
    components: Vec<ComponentCode>,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Finds that something is missing; the one-stop unit asks the applicant.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/supplement-needs",
    operation_id = "need_supplement",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = NeedSupplementRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &NeedSupplementRequest, state, facts| {
        decide(state, body.components.clone(), body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "supplement-needs"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
