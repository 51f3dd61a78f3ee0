//! Puts on record what was found on site. The law: `libs/dossier/src/review/record_verification.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::record_verification::RecordVerification;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Puts on record what was found on site.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/verifications",
    operation_id = "record_verification",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RecordVerification,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RecordVerification>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(RecordVerification::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "verifications"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
