//! The open dossiers whose legal time is over, the longest overdue first.

use std::sync::Arc;

use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint0};

use super::queue::{Kind, QueueQuery, QueuedDossierReply, READ_AGENCY, page};
use crate::App;

/// The open dossiers whose legal time is over, the longest overdue first.
#[utoipa::path(
    get,
    path = "/v1/queues/overdue",
    operation_id = "get_overdue_queue",
    params(QueueQuery),
    responses((status = 200, body = Vec<QueuedDossierReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    page(&app, &request, Kind::Overdue, "/v1/queues/overdue").await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(READ_AGENCY), warp::path!("v1" / "queues" / "overdue"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
