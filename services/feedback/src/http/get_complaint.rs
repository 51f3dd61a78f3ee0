//! Returns a complaint.

use std::sync::Arc;

use dossier::State as _;
use dossier::access;
use dossier::contract::{ComplaintId, Role};
use dossier::feedback::READ_ESCALATED;
use web::{Operation, Problem, Reply, Request, read};

use super::impartial;
use super::reply::{ComplaintReply, OWN_STEP, show};
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/complaints/{complaint}", "get_complaint", "Show a complaint")
        .describe(
            "Not for a complaint handler or approver whose own act it is about. Approvers read \
             those that were escalated.",
        )
        .roles(READ_ESCALATED)
        .refusals(&[OWN_STEP])
        .versioned()
        .reply::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ_ESCALATED, &complaint.to_string(), &request).await?;
    impartial::check(&app, READ_ESCALATED, complaint, &request).await?;
    let resource = loaded.state.resource();
    let role = access::decide(request.caller()?, READ_ESCALATED, resource.as_ref())?.role;
    let now = app.complaints.engine().clock.now();
    if role == Role::Approver && !loaded.state.is_escalated(now) {
        return Err(Problem::not_found());
    }
    show(&app, &loaded, &request).await
}
