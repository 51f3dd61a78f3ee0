//! Adds an internal note. The law: `libs/dossier/src/feedback/note_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::note_complaint::NoteComplaint;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ComplaintReply, OWN_STEP, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/notes",
        "note_complaint",
        "Add an internal note to a complaint",
    )
    .step(&NoteComplaint::STEP)
    .describe("Notes are for complaint handlers and auditors; complainants do not see them.")
    .refusals(&[OWN_STEP])
    .body::<NoteComplaint>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    take::<NoteComplaint>(&app, complaint, &request).await
}
