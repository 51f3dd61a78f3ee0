//! Chooses another way for the result. The law: `libs/dossier/src/delivery/choose_channel.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::choose_channel::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, DeliveryRequest, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// Another way.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseChannelRequest {
    /// How the result is wanted.
    delivery: DeliveryRequest,
}

/// Chooses another way for the result.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/channel",
    operation_id = "choose_channel",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ChooseChannelRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &ChooseChannelRequest, state, facts| {
        decide(state, body.delivery.clone().into(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "channel"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
