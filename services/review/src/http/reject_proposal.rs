//! Does not agree with what a colleague proposed. The law: `libs/dossier/src/review/reject_proposal.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::reject_proposal::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{ReviewReply, take};
use crate::App;

/// Which proposal is rejected and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectProposalRequest {
    /// Which proposal.
    #[schema(value_type = Uuid)]
    proposal: Uuid,
    /// The written reason.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    reason: Text<4000>,
}

/// Does not agree with what a colleague proposed.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/proposal-rejections",
    operation_id = "reject_proposal",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RejectProposalRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RejectProposalRequest, state, facts| {
        decide(state, body.proposal, body.reason.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "proposal-rejections"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
