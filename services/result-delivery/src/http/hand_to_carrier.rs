//! Hands the result to the carrier. The law: `libs/dossier/src/delivery/hand_to_carrier.rs`.

use std::sync::Arc;

use dossier::State;
use dossier::contract::{DossierId, ParcelId};
use dossier::delivery::DossierResult;
use dossier::delivery::hand_to_carrier::{PARCEL, Refusal, STEP, check, decide};
use dossier::delivery::limits::WAYBILL_USED_WITHIN;
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::Streams;
use service_kit::http::{Access, ParcelNumber, Partner, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reply::{DeliveryReply, take};
use crate::App;
use crate::waybills::Waybill;

/// A parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandToCarrierRequest {
    /// Which carrier.
    #[schema(value_type = String, min_length = 1, max_length = 50)]
    carrier: Partner,
    /// The carrier's own number.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    waybill: ParcelNumber,
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
    let taken_at = take_waybill(&app, dossier, &request).await?;
    take(&app, STEP, dossier, &request, |body: &HandToCarrierRequest, state, facts| {
        let handed = decide(state, &body.carrier.0, &body.waybill.0, facts)?;
        // What was looked at before the waybill was taken may have changed since, and it is not taken for ever.
        match taken_at {
            Some(at) if facts.at.duration_since(at) < WAYBILL_USED_WITHIN => Ok(handed),
            Some(_) | None => Err(Refusal::NotThere),
        }
    })
    .await
}

/// Takes the waybill for the result, if that can be handed over: what cannot is refused by the step itself, and what was
/// handed over by the same request before is answered as then.
async fn take_waybill(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Option<Timestamp>, Problem> {
    let caller = request.caller()?;
    let stream = Streams::<DossierResult>::name(&dossier.to_string());
    let stream = stream.map_err(|_| Problem::not_found())?;
    let seen = request.if_match()?;
    let command = request.derived_id(caller, stream.as_str())?;
    let body: HandToCarrierRequest = request.json()?;
    let loaded = app.results.load(&stream).await?;
    Request::permitted_over(caller, STEP.may, loaded.state.resource())?;
    let handed_over = ParcelId(Uuid::new_v5(&command, PARCEL.as_bytes()));
    let repeated = loaded.state.parcels.contains_key(&handed_over);
    let is_seen = loaded.version.is_some_and(|version| seen.includes(version));
    if repeated || !is_seen || check(&loaded.state).is_err() {
        return Ok(None);
    }
    let waybill = Waybill::new(&body.carrier.0, &body.waybill.0);
    let taken = waybill.take(app, dossier, command).await?;
    taken.map(Some).ok_or_else(|| Problem::refused(&Refusal::WaybillInUse))
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
