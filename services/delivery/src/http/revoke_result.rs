//! Revokes a result. The law: `libs/dossier/src/delivery/revoke_result.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::revoke_result::RevokeResult;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DeliveryReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/deliveries/{dossier}/revocation", "revoke_result", "Revoke a result")
        .command::<RevokeResult>()
        .reply::<DeliveryReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RevokeResult>(&app, dossier, &request).await
}
