//! Records the download of a result. The law: `libs/dossier/src/delivery/download_result.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::download_result::DownloadResult;
use web::{Operation, Problem, Reply, Request};

use super::reply::{DeliveryReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/deliveries/{dossier}/downloads",
        "download_result",
        "Record that the applicant downloads the result",
    )
    .describe("Afterwards the applicant reads it with `get_result_document`.")
    .command::<DownloadResult>()
    .reply::<DeliveryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<DownloadResult>(&app, dossier, &request).await
}
