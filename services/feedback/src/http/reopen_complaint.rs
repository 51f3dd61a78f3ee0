//! Reopens a complaint whose answer is not sufficient. The law:
//! `libs/dossier/src/feedback/reopen_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::reopen_complaint::ReopenComplaint;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/reopening",
        "reopen_complaint",
        "Reopen a complaint",
    )
    .step(&ReopenComplaint::STEP)
    .body::<ReopenComplaint>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<ReopenComplaint>(&app, complaint, &request).await
}
