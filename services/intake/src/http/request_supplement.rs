//! Asks the applicant to complete a dossier: everything at once. The law: `libs/dossier/src/intake/request_supplement.rs`.

use std::sync::Arc;

use dossier::contract::{ComponentCode, DossierId, Personal};
use dossier::intake::request_supplement::{RequestSupplement, STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DossierReply, take};
use crate::App;

/// Everything that is missing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSupplementRequest {
    /// The components, as the procedure names them; none if only the form is to be corrected.
    #[schema(value_type = Vec<String>, max_items = 100)]
    components: Vec<ComponentCode>,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Text<2000>,
}

/// Asks the applicant to complete a dossier: everything at once.
#[utoipa::path(
    post,
    path = "/v1/dossiers/{dossier}/supplement-requests",
    operation_id = "request_supplement",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RequestSupplementRequest,
    responses((status = 200, body = DossierReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RequestSupplementRequest, state, facts| {
        let components = body.components.clone();
        let reason = Personal::from(body.reason.0.clone());
        decide(state, RequestSupplement { components, reason, asked_by: None }, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "dossiers" / DossierId / "supplement-requests"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
