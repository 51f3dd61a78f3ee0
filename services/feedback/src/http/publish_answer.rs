//! Publishes an answer in a text that names nobody. The law:
//! `libs/dossier/src/feedback/publish_answer.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::publish_answer::PublishAnswer;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/complaints/{complaint}/publication", "publish_answer", "Publish the answer to a complaint")
        .step(&PublishAnswer::STEP)
        .describe("The text is public and must not name persons. Answers to requests about personal data are not published.")
        .refusals(&[OWN_STEP])
        .body::<PublishAnswer>()
        .reply::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<PublishAnswer>(&app, complaint, &request).await
}
