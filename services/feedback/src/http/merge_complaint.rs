//! Merges a complaint into an earlier one. The law: `libs/dossier/src/feedback/merge_complaint.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::ComplaintId;
use dossier::feedback::merge_complaint::{MergeComplaint, Survivor};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::impartial;
use super::reply::{ComplaintReply, OWN_STEP, loaded, take_as};
use crate::App;

/// The complaint that is handled instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeComplaintRequest {
    /// Id of a complaint that was received earlier.
    into: ComplaintId,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/complaints/{complaint}/merger",
        "merge_complaint",
        "Merge a duplicate into an earlier complaint",
    )
    .step(&MergeComplaint::STEP)
    .describe(
        "The earlier complaint is handled, and both complainants read its answer and the answer's \
         documents: write it so that it reveals nothing about either of them.",
    )
    .refusals(&[OWN_STEP])
    .body::<MergeComplaintRequest>()
    .reply::<ComplaintReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let body: MergeComplaintRequest = request.json()?;
    // The reply shows the answer to that complaint.
    impartial::check(&app, MergeComplaint::STEP.may, body.into, &request).await?;
    let survivor = loaded(&app, body.into).await?;
    let into = Survivor::of(&survivor.state);
    let command = |_: MergeComplaintRequest| MergeComplaint { into };
    take_as(&app, complaint, &request, command).await
}
