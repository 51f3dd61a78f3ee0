//! Finds that something is missing; the one-stop unit asks the applicant. The law: `libs/dossier/src/review/need_supplement.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::need_supplement::NeedSupplement;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Finds that something is missing; the one-stop unit asks the applicant.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/supplement-needs",
    operation_id = "need_supplement",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = NeedSupplement,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<NeedSupplement>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(NeedSupplement::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "supplement-needs"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
