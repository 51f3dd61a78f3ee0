//! Rejects or withdraws a proposed entry. The law: `libs/dossier/src/payment/reject_entry.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::reject_entry::RejectEntry;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/entry-rejections",
        "reject_entry",
        "Reject or withdraw a proposed entry",
    )
    .command::<RejectEntry>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectEntry>(&app, dossier, &request).await
}
