//! A proposed refund is not agreed to, or taken back. The law: `libs/dossier/src/payment/reject_refund.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::reject_refund::RejectRefund;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{PaymentReply, take};
use crate::App;

/// Does not agree to a proposed refund, or takes it back.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/refund-rejections",
    operation_id = "reject_refund",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RejectRefund,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectRefund>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "payments" / DossierId / "refund-rejections");
    endpoint1(app, Access::Roles(RejectRefund::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
