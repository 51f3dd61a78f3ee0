//! Reopens a complaint whose answer is not sufficient. The law:
//! `libs/dossier/src/feedback/reopen_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::reopen_complaint::ReopenComplaint;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text};

use super::reply::{ComplaintReply, OWN_STEP, answering, loaded, take_as};
use crate::App;

/// A request for another answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReopenComplaintRequest {
    /// Reason why the answer is not sufficient.
    reason: Text<4000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/reopening",
        "reopen_complaint",
        "Reopen a complaint",
    )
    .step(&ReopenComplaint::STEP)
    .describe(
        "After an answer or a dismissal; for a merged complaint, after the answer to the one into \
         which it was merged. An officer enters it for a complainant without an account.",
    )
    .refusals(&[OWN_STEP])
    .body::<ReopenComplaintRequest>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let of = loaded(&app, complaint).await?;
    let other = answering(&app, &of.state).await?;
    let other_answered = other.is_some_and(|other| other.state.is_answered());
    let command =
        |body: ReopenComplaintRequest| ReopenComplaint { reason: body.reason, other_answered };
    take_as(&app, complaint, &request, command).await
}
