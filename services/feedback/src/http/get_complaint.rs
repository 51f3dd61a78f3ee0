//! Shows a complaint.

use std::sync::Arc;

use dossier::State;
use dossier::contract::ComplaintId;
use dossier::feedback::READ;
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
    let reply = ComplaintReply::new(&loaded.state, &app.complaints.kit().law());
    shown(&loaded, reply.map(|reply| reply.for_caller(caller, resource.as_ref())))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ), warp::path!("v1" / "complaints" / ComplaintId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
