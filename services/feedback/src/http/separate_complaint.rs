//! Separates a merged complaint. The law: `libs/dossier/src/feedback/separate_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::separate_complaint::SeparateComplaint;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/separation",
        "separate_complaint",
        "Separate a merged complaint",
    )
    .step(&SeparateComplaint::STEP)
    .describe("It returns to the stage in which it was merged, with the same period.")
    .refusals(&[OWN_STEP])
    .body::<SeparateComplaint>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<SeparateComplaint>(&app, complaint, &request).await
}
