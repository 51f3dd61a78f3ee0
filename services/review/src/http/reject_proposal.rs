//! Rejects a colleague's proposal. The law: `libs/dossier/src/review/reject_proposal.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::reject_proposal::RejectProposal;
use web::{Operation, Problem, Reply, Request};

use super::reply::{ReviewReply, take};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/reviews/{dossier}/proposal-rejections",
        "reject_proposal",
        "Reject a proposed decision",
    )
    .step(&RejectProposal::STEP)
    .body::<RejectProposal>()
    .reply::<ReviewReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<RejectProposal>(&app, dossier, &request).await
}
