//! Proposes a decision. The law: `libs/dossier/src/review/propose_decision.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, Outcome};
use dossier::review::propose_decision::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// A decision to be approved by a second officer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeDecisionRequest {
    /// `approved` or `refused`.
    #[schema(value_type = String, example = "approved")]
    outcome: Outcome,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    reason: Text<4000>,
}

/// Proposes a decision.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/decision-proposals",
    operation_id = "propose_decision",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ProposeDecisionRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &ProposeDecisionRequest, state, facts| {
        decide(state, body.outcome, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "decision-proposals"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
