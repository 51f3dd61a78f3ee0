//! Returns a complaint.

use std::sync::Arc;

use dossier::State;
use dossier::contract::ComplaintId;
use dossier::feedback::READ;
use web::{Operation, Problem, Reply, Request, read, shown};

use super::reply::ComplaintReply;
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/complaints/{complaint}", "get_complaint", "Show a complaint")
        .roles(READ)
        .versioned()
        .reply::<ComplaintReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ, &complaint.to_string(), &request).await?;
    let caller = request.caller()?;
    let resource = loaded.state.resource();
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.engine().law());
    shown(&loaded, reply.map(|reply| reply.for_caller(caller, resource.as_ref())))
}
