//! A second person agrees to a refund. The law: `libs/dossier/src/payment/approve_refund.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::approve_refund::ApproveRefund;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// Which refund is agreed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveRefundRequest {
    /// Which proposed refund.
    refund: Uuid,
}

/// Agrees, as a second person, to a refund that a colleague proposed.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/refund-approvals",
    operation_id = "approve_refund",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ApproveRefundRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: ApproveRefundRequest| ApproveRefund {
        refund: body.refund,
        standing,
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "payments" / DossierId / "refund-approvals");
    endpoint1(app, Access::Roles(ApproveRefund::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
