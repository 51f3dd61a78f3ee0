//! Hands the result to the carrier. The law: `libs/dossier/src/delivery/hand_to_carrier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::DossierResult;
use dossier::delivery::hand_to_carrier::{Refusal, STEP, decide};
use dossier::delivery::limits::WAYBILL_USED_WITHIN;
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::Streams;
use service_kit::http::{
    Access, ParcelNumber, Partner, Problem, Reply, Request, Route, Target, endpoint1, try_step,
};
use utoipa::ToSchema;

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
    let id = dossier.to_string();
    let stream = Streams::<DossierResult>::name(&id).map_err(|_| Problem::not_found())?;
    let seen = request.if_match()?;
    let command = request.derived_id(caller, stream.as_str())?;
    let body: HandToCarrierRequest = request.json()?;
    request.catch_up(app.results.kit(), app.results.reactions()).await?;
    let target = Target {
        id: &id,
        dossier: Some(dossier),
        step: &STEP,
        mays: STEP.may,
        seen: Some(&seen),
        under: None,
    };
    let HandToCarrierRequest { carrier, waybill } = body;
    // No waybill is taken for what is then refused.
    let tried = try_step(&app.results, request, caller, target, |state, facts| {
        decide(state, &carrier.0, &waybill.0, facts)
    });
    if tried.await?.is_none() {
        return Ok(None);
    }
    let waybill = Waybill::new(&carrier.0, &waybill.0);
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
