//! Shows a carrier the address of a parcel that it has to deliver.

use std::sync::Arc;

use dossier::contract::{DossierId, ParcelId, Personal, parse_reference, partner_name};
use dossier::delivery::READ_LABEL;
use engine::Streams;
use serde::Serialize;
use utoipa::ToSchema;
use web::{AddressReply, Operation, Problem, Reply, Request};

use crate::App;

/// What a carrier has to know of a parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelLabelReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Reference that the carrier sends back.
    #[schema(example = "DSR-1-2")]
    reference: String,
    /// The carrier's number of the parcel.
    #[schema(example = "EA123456789VN")]
    waybill: String,
    /// The recipient; null after its erasure.
    address: Option<AddressReply>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/parcel-labels/{reference}",
        "get_parcel_label",
        "Show the label of a parcel",
    )
    .describe(
        "For the carrier of the parcel, until it has reported the parcel as delivered or returned; \
             404 `not-found` afterwards, and for other carriers.",
    )
    .parameter("reference", "Reference of the parcel.")
    .roles(READ_LABEL)
    .reply::<ParcelLabelReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, reference: String, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let (dossier, parcel) = parse_reference(&reference).ok_or_else(Problem::not_found)?;
    request.catch_up(app.results.reactions()).await?;
    let loaded =
        app.results.load(&Streams::<dossier::delivery::DossierResult>::of(dossier.0)).await?;
    let parcel = loaded.state.parcels.get(&ParcelId(parcel)).ok_or_else(Problem::not_found)?;
    let own = partner_name(caller.subject.as_str()) == parcel.carrier;
    if !own || parcel.end.is_some() {
        return Err(Problem::not_found());
    }
    let delivery = loaded.state.delivery.as_ref();
    let address = delivery.and_then(|delivery| delivery.address.as_ref()).and_then(Personal::known);
    Ok(Reply::ok(&ParcelLabelReply {
        dossier,
        reference: parcel.handed.reference.clone(),
        waybill: parcel.waybill.clone(),
        address: address.map(AddressReply::from),
    }))
}
