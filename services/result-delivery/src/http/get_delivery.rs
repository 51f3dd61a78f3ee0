//! Shows where a result is.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::READ;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, read, shown};

use super::reply::DeliveryReply;
use crate::App;

/// Shows where a result is.
#[utoipa::path(
    get,
    path = "/v1/deliveries/{dossier}",
    operation_id = "get_delivery",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.results, READ, &dossier.to_string(), &request).await?;
    shown(&loaded, DeliveryReply::new(&loaded.state, &app.results.kit().law()))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(READ), warp::path!("v1" / "deliveries" / DossierId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
