//! Asks another agency for its opinion. The law: `libs/dossier/src/review/consult_agency.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::consult_agency::ConsultAgency;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{ReviewReply, take};
use crate::App;

/// Asks another agency for its opinion.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/consultations",
    operation_id = "consult_agency",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ConsultAgency,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<ConsultAgency>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(ConsultAgency::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "consultations"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
