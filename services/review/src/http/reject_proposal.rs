//! Does not agree with what a colleague proposed. The law: `libs/dossier/src/review/reject_proposal.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::reject_proposal::RejectProposal;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Does not agree with what a colleague proposed.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/proposal-rejections",
    operation_id = "reject_proposal",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RejectProposal,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectProposal>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(RejectProposal::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "proposal-rejections"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
