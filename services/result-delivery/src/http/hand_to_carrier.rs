//! Hands the result to the carrier. The law: `libs/dossier/src/delivery/hand_to_carrier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::hand_to_carrier::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// A parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandToCarrierRequest {
    /// Which carrier.
    #[schema(value_type = String, min_length = 1, max_length = 50)]
    carrier: Text<50>,
    /// The carrier's own number.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    waybill: Text<100>,
}

/// Hands the result to the carrier.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/parcels",
    operation_id = "hand_to_carrier",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = HandToCarrierRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &HandToCarrierRequest, state, facts| {
        decide(state, body.carrier.0.clone(), body.waybill.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "parcels"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
