//! Records the collection of a result at the one-stop unit. The law:
//! `libs/dossier/src/delivery/collect_result.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::collect_result::CollectResult;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DeliveryReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/deliveries/{dossier}/collection",
        "collect_result",
        "Record that the result was collected at the one-stop unit",
    )
    .command::<CollectResult>()
    .reply::<DeliveryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<CollectResult>(&app, dossier, &request).await
}
