//! Decides on the renewal of a result. The law: `libs/dossier/src/delivery/decide_renewal.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::decide_renewal::DecideRenewal;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DeliveryReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/deliveries/{dossier}/renewal/decision",
        "decide_renewal",
        "Decide on a renewal",
    )
    .describe("A refusal requires a reason.")
    .command::<DecideRenewal>()
    .reply::<DeliveryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<DecideRenewal>(&app, dossier, &request).await
}
