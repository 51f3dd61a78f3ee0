//! Shows a complaint.

use std::sync::Arc;

use dossier::State;
use dossier::access;
use dossier::contract::ComplaintId;
use dossier::feedback::{READ, READ_TEXT};
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read, shown};

use super::reply::ComplaintReply;
use crate::App;

/// Shows a complaint.
#[utoipa::path(
    get,
    path = "/v1/complaints/{complaint}",
    operation_id = "get_complaint",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    responses((status = 200, body = ComplaintReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ, &complaint.to_string(), &request).await?;
    let caller = request.caller()?;
    let resource = loaded.state.resource();
    let shown_whole = access::decide(caller, READ_TEXT, resource.as_ref()).is_ok();
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.kit().law());
    shown(&loaded, reply.map(|reply| if shown_whole { reply } else { reply.without_text() }))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ), warp::path!("v1" / "complaints" / ComplaintId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
