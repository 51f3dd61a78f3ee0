//! Requests the renewal of a result. The law: `libs/dossier/src/delivery/request_renewal.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::request_renewal::RequestRenewal;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DeliveryReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/deliveries/{dossier}/renewal",
        "request_renewal",
        "Request the renewal of a result",
    )
    .command::<RequestRenewal>()
    .reply::<DeliveryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RequestRenewal>(&app, dossier, &request).await
}
