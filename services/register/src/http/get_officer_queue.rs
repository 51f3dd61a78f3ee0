//! The open dossiers of an officer, those with the least legal time left first.

use std::sync::Arc;

use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint0};

use super::queue::{Kind, QueueQuery, QueuedDossierReply, READ_AGENCY, page};
use crate::App;

/// The open dossiers of an officer, those with the least legal time left first.
#[utoipa::path(
    get,
    path = "/v1/queues/officer",
    operation_id = "get_officer_queue",
    params(QueueQuery),
    responses((status = 200, body = Vec<QueuedDossierReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    page(&app, &request, Kind::Officer, "/v1/queues/officer").await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(READ_AGENCY), warp::path!("v1" / "queues" / "officer"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
