//! Takes the result from the portal. The law: `libs/dossier/src/delivery/download_result.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::download_result::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DownloadResultRequest {}

/// Takes the result from the portal.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/downloads",
    operation_id = "download_result",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = DownloadResultRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |_: &DownloadResultRequest, state, facts| {
        decide(state, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "downloads"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
