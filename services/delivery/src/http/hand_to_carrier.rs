//! Hands the result to a carrier. The law: `libs/dossier/src/delivery/hand_to_carrier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::delivery::DossierResult;
use dossier::delivery::hand_to_carrier::{HandToCarrier, Refusal};
use engine::Streams;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{On, Operation, ParcelNumber, Partner, Problem, Reply, Request, preview};

use super::reply::{DeliveryReply, take_as};
use crate::App;
use crate::waybills::Waybill;

/// A parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandToCarrierRequest {
    /// Code of the carrier.
    carrier: Partner,
    /// The carrier's number of the parcel.
    waybill: ParcelNumber,
}

impl HandToCarrierRequest {
    fn command(self, taken_at: Option<Timestamp>) -> HandToCarrier {
        HandToCarrier { carrier: self.carrier.0, waybill: self.waybill.0, taken_at }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/deliveries/{dossier}/parcels",
        "hand_to_carrier",
        "Hand the result to a carrier",
    )
    .describe("Possible again after a parcel was returned.")
    .step(&HandToCarrier::STEP)
    .body::<HandToCarrierRequest>()
    .reply::<DeliveryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let taken_at = take_waybill(&app, dossier, &request).await?;
    take_as(&app, dossier, &request, |body: HandToCarrierRequest| body.command(taken_at)).await
}

/// Takes the waybill for the result and returns the time. `None` if the same request has handed the
/// result over before. A hand-over that the step would refuse is refused here.
async fn take_waybill(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Option<Timestamp>, Problem> {
    let engine = app.results.engine();
    let id = dossier.to_string();
    let stream = Streams::<DossierResult>::name(&id).map_err(|_| Problem::not_found())?;
    let seen = request.if_match()?;
    let command = request.derived_id(request.caller()?, stream.as_str())?;
    let body: HandToCarrierRequest = request.json()?;
    request.catch_up(app.results.reactions()).await?;
    let waybill = Waybill::new(&body.carrier.0, &body.waybill.0);
    // No waybill is taken for a hand-over that would be refused.
    let handed = body.command(Some(engine.clock.now()));
    let on = On::stream(&id, Some(dossier)).seen(&seen);
    if preview(&app.results, request, on, &handed).await?.is_none() {
        return Ok(None);
    }
    let taken = waybill.take(app, dossier, command).await?;
    taken.map(Some).ok_or_else(|| Problem::refused(&Refusal::WaybillInUse))
}
