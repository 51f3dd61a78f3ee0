//! Completes an activity. The law: `libs/dossier/src/review/complete_activity.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::complete_activity::CompleteActivity;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Completes an activity.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/activities",
    operation_id = "complete_activity",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = CompleteActivity,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<CompleteActivity>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(CompleteActivity::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "activities"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
