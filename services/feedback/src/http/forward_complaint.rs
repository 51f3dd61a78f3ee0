//! Forwards a complaint to another agency. The law:
//! `libs/dossier/src/feedback/forward_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::forward_complaint::ForwardComplaint;
use serde_json::json;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/forwarding",
        "forward_complaint",
        "Forward a complaint to another agency",
    )
    .step(&ForwardComplaint::STEP)
    .refusals(&[OWN_STEP])
    .body::<ForwardComplaint>()
    .body_example(json!({ "to": "G02.002" }))
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<ForwardComplaint>(&app, complaint, &request).await
}
