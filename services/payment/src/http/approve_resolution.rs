//! A second person agrees to the resolution of a discrepancy. The law: `libs/dossier/src/payment/approve_resolution.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::approve_resolution::ApproveResolution;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// Which resolution is agreed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveResolutionRequest {
    /// Which proposed resolution.
    resolution: Uuid,
}

/// Agrees, as a second person, that an attempt has brought as much as a colleague says.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/resolution-approvals",
    operation_id = "approve_resolution",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ApproveResolutionRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: ApproveResolutionRequest| ApproveResolution {
        resolution: body.resolution,
        standing,
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "payments" / DossierId / "resolution-approvals");
    endpoint1(app, Access::Roles(ApproveResolution::STEP.may), path, handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
