//! Returns a complaint.

use std::sync::Arc;

use dossier::contract::ComplaintId;
use dossier::feedback::READ;
use web::{Operation, Problem, Reply, Request, read};

use super::impartial;
use super::reply::{ComplaintReply, OWN_STEP, show};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/complaints/{complaint}", "get_complaint", "Show a complaint")
        .describe("Not for a complaint handler whose own act it is about.")
        .roles(READ)
        .refusals(&[OWN_STEP])
        .versioned()
        .reply::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ, &complaint.to_string(), &request).await?;
    impartial::check(&app, READ, complaint, &request).await?;
    show(&app, &loaded, &request).await
}
