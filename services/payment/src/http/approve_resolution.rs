//! A second person approves the resolution of a discrepancy. The law:
//! `libs/dossier/src/payment/approve_resolution.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::approve_resolution::ApproveResolution;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// The approval of a proposed resolution.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveResolutionRequest {
    /// Id of the proposed resolution (`proposed_resolution`).
    resolution: Uuid,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/resolution-approvals",
        "approve_resolution",
        "Approve a proposed resolution",
    )
    .step(&ApproveResolution::STEP)
    .body::<ApproveResolutionRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: ApproveResolutionRequest| ApproveResolution {
        resolution: body.resolution,
        standing,
    })
    .await
}
