//! Records the findings of a verification on site. The law:
//! `libs/dossier/src/review/record_verification.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::record_verification::RecordVerification;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/verifications",
        "record_verification",
        "Record a verification on site",
    )
    .step(&RecordVerification::STEP)
    .body::<RecordVerification>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RecordVerification>(&app, dossier, &request).await
}
