//! Answers a complaint. The law: `libs/dossier/src/feedback/answer_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::answer_complaint::AnswerComplaint;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/complaints/{complaint}/answer", "answer_complaint", "Answer a complaint")
        .step(&AnswerComplaint::STEP)
        .refusals(&[OWN_STEP])
        .body::<AnswerComplaint>()
        .reply::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<AnswerComplaint>(&app, complaint, &request).await
}
