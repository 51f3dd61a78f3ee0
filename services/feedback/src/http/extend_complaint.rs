//! Extends the period to answer. The law: `libs/dossier/src/feedback/extend_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::extend_complaint::ExtendComplaint;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/extension",
        "extend_complaint",
        "Extend the period to answer a complaint",
    )
    .step(&ExtendComplaint::STEP)
    .describe("Once, to the length that the rules give for its class.")
    .refusals(&[OWN_STEP])
    .body::<ExtendComplaint>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<ExtendComplaint>(&app, complaint, &request).await
}
