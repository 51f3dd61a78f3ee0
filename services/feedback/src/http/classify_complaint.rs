//! Classifies a complaint. The law: `libs/dossier/src/feedback/classify_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::classify_complaint::ClassifyComplaint;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/classification",
        "classify_complaint",
        "Classify a complaint",
    )
    .step(&ClassifyComplaint::STEP)
    .refusals(&[OWN_STEP])
    .body::<ClassifyComplaint>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<ClassifyComplaint>(&app, complaint, &request).await
}
