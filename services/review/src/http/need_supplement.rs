//! Records that documents are missing; the one-stop unit asks the applicant for them. The law:
//! `libs/dossier/src/review/need_supplement.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::need_supplement::NeedSupplement;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/supplement-needs",
        "need_supplement",
        "Request a supplement from the one-stop unit",
    )
    .describe("The one-stop unit passes the request to the applicant.")
    .step(&NeedSupplement::STEP)
    .body::<NeedSupplement>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<NeedSupplement>(&app, dossier, &request).await
}
