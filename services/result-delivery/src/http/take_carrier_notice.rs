//! Takes what a carrier says. The law: `libs/dossier/src/delivery/take_carrier_notice.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::access::Denied;
use dossier::contract::{
    CarrierNoticeUnmatched, DossierId, ParcelEnd, ParcelId, UnmatchedEvent, parse_reference,
    partner_name,
};
use dossier::delivery::Parcel;
use dossier::delivery::take_carrier_notice::{Said, TakeCarrierNotice};
use serde::{Deserialize, Serialize};
use service_kit::http::{
    Line, On, Operation, ParcelNumber, Partner, Problem, Reply, Request, Text, send,
};
use service_kit::unmatched::{self, Unmatched};
use utoipa::ToSchema;

use crate::App;
use crate::waybills::Waybill;

/// A fact of a carrier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeCarrierNoticeRequest {
    /// Which carrier.
    carrier: Partner,
    /// The carrier's own name of this fact: the same again is the same fact.
    event: Line<200>,
    /// Our reference, as it was handed out with the parcel; or else the waybill.
    reference: Option<Line<200>>,
    /// The carrier's own number of the parcel; what counts is the reference, if that is ours.
    waybill: Option<ParcelNumber>,
    /// What it says.
    kind: CarrierFact,
    /// Where it is, why it came back, or who took it.
    text: Option<Text<500>>,
}

/// What a carrier says of a parcel.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CarrierFact {
    Tracked,
    Delivered,
    Returned,
}

/// Whether the notice named one of our parcels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarrierNoticeReply {
    /// False if it names none of ours: then it was kept for an operator.
    matched: bool,
}

/// By which its unmatched notices are kept.
pub(super) const SERVICE: &str = "result-delivery";

const PARCEL_MISSING: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "parcel-missing",
    vi: "thiếu mã tham chiếu hoặc số vận đơn",
    en: "a notice names its parcel: by reference or by waybill",
};

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/parcel-notices", "take_carrier_notice", "Take in what a carrier says")
        .describe("Facts are taken in any order and however often they come. Carriers call this.")
        .step(&TakeCarrierNotice::STEP)
        .refusals(&[PARCEL_MISSING])
        .body::<TakeCarrierNoticeRequest>()
        .reply::<CarrierNoticeReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: TakeCarrierNoticeRequest = request.json()?;
    // A partner speaks for itself.
    if partner_name(caller.subject.as_str()) != body.carrier.0 {
        return Err(Problem::from(Denied::Role));
    }
    request.idempotency_key()?;
    if body.reference.is_none() && body.waybill.is_none() {
        return Err(Problem::new(PARCEL_MISSING));
    }
    // A reference that is well formed and not ours does not hide a waybill that is.
    if let Some(named) = by_reference(&body)
        && let Some(reply) = take(&app, &request, &body, named).await?
    {
        return Ok(reply);
    }
    if let Some(named) = by_waybill(&app, &body).await?
        && let Some(reply) = take(&app, &request, &body, named).await?
    {
        return Ok(reply);
    }
    keep_unmatched(&app, body).await
}

/// Takes what is said of a parcel; nothing if it is none of ours.
async fn take(
    app: &App,
    request: &Request,
    body: &TakeCarrierNoticeRequest,
    (dossier, parcel): (DossierId, ParcelId),
) -> Result<Option<Reply>, Problem> {
    let text = body.text.as_ref().map(|text| text.0.clone());
    let command = TakeCarrierNotice {
        parcel,
        carrier: body.carrier.0.clone(),
        carrier_event: body.event.0.clone(),
        said: match body.kind {
            CarrierFact::Tracked => Said::Tracked(text.unwrap_or_default()),
            CarrierFact::Delivered => Said::Delivered(text),
            CarrierFact::Returned => Said::Returned(text.unwrap_or_default()),
        },
    };
    let id = dossier.to_string();
    match send(&app.results, request, On::stream(&id, Some(dossier)), &command).await {
        Ok(loaded) => {
            if let Some(parcel) = loaded.state.parcels.get(&parcel) {
                remark(dossier, parcel, &body.event.0);
            }
            Ok(Some(Reply::ok(&CarrierNoticeReply { matched: true }).position(loaded.position)))
        }
        Err(problem) if problem.code() == "not-found" => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The parcel that the notice names by our reference, if it has that form.
fn by_reference(body: &TakeCarrierNoticeRequest) -> Option<(DossierId, ParcelId)> {
    let (dossier, parcel) = parse_reference(&body.reference.as_ref()?.0)?;
    Some((dossier, ParcelId(parcel)))
}

/// The parcel that the notice names by the carrier's waybill.
async fn by_waybill(
    app: &App,
    body: &TakeCarrierNoticeRequest,
) -> Result<Option<(DossierId, ParcelId)>, Problem> {
    let Some(number) = &body.waybill else { return Ok(None) };
    Waybill::new(&body.carrier.0, &number.0).parcel(app).await
}

/// What somebody should look at, though the carrier is told that all is well.
fn remark(dossier: DossierId, parcel: &Parcel, carrier_event: &str) {
    let (carrier, reference) = (&parcel.carrier, &parcel.handed.reference);
    if !parcel.knows(carrier_event) {
        tracing::warn!(%dossier, carrier, reference, "too many facts of a parcel: it is not recorded");
    } else if parcel.contradicted {
        tracing::warn!(%dossier, carrier, reference, "a carrier contradicts what it said of a parcel");
    }
}

/// Keeps a notice that names none of our parcels, once.
async fn keep_unmatched(app: &App, body: TakeCarrierNoticeRequest) -> Result<Reply, Problem> {
    let (carrier, reference) = (body.carrier.0, body.reference.map(|text| text.0));
    let waybill = body.waybill.map(|number| number.0);
    let named = reference.clone().or_else(|| waybill.clone()).unwrap_or_default();
    let notice = UnmatchedEvent::from(CarrierNoticeUnmatched {
        carrier: carrier.clone(),
        carrier_event: body.event.0,
        reference,
        waybill,
        end: match body.kind {
            CarrierFact::Tracked => None,
            CarrierFact::Delivered => Some(ParcelEnd::Delivered),
            CarrierFact::Returned => Some(ParcelEnd::Returned),
        },
        text: body.text.map(|text| text.0.into()),
    });
    let kept =
        Unmatched { service: SERVICE, partner: &carrier, reference: &named, notice: &notice };
    unmatched::keep(app.results.kit(), kept).await?;
    Ok(Reply::ok(&CarrierNoticeReply { matched: false }))
}
