//! A proposed resolution is not agreed to, or taken back. The law: `libs/dossier/src/payment/reject_resolution.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::reject_resolution::RejectResolution;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{PaymentReply, take};
use crate::App;

/// Does not agree to a proposed resolution, or takes it back: the discrepancy stays open.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/resolution-rejections",
    operation_id = "reject_resolution",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RejectResolution,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectResolution>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "payments" / DossierId / "resolution-rejections");
    endpoint1(app, Access::Roles(RejectResolution::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
