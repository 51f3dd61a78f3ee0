//! Shows how a dossier is worked on.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::READ;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read, shown};

use super::reply::ReviewReply;
use crate::App;

/// Shows how a dossier is worked on.
#[utoipa::path(
    get,
    path = "/v1/reviews/{dossier}",
    operation_id = "get_review",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.reviews, READ, &dossier.to_string(), &request).await?;
    let caller = request.caller()?;
    shown(&loaded, ReviewReply::to(&loaded.state, &app.reviews.kit().law(), caller))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ), warp::path!("v1" / "reviews" / DossierId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
