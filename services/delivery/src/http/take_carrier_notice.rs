//! Receives a carrier's notice. The law: `libs/dossier/src/delivery/take_carrier_notice.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{
    CarrierNoticeUnmatched, DossierId, ParcelEnd, ParcelId, UnmatchedEvent, parse_reference,
    partner_name,
};
use dossier::delivery::Parcel;
use dossier::delivery::take_carrier_notice::{Said, TakeCarrierNotice};
use engine::unmatched;
use engine::unmatched::Unmatched;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::NOT_FOUND;
use web::{Line, On, Operation, ParcelNumber, Partner, Problem, Reply, Request, Text, send};

use crate::App;
use crate::waybills::Waybill;

/// A carrier's notice about a parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeCarrierNoticeRequest {
    /// Code of the carrier; must be the caller.
    carrier: Partner,
    /// The carrier's id of this fact; a repeated id is the same fact.
    event: Line<200>,
    /// The reference that was assigned at the hand-over; required if there is no waybill.
    reference: Option<Line<200>>,
    /// The carrier's number of the parcel; used if the reference is absent or matches no parcel.
    waybill: Option<ParcelNumber>,
    /// Reported fact.
    kind: CarrierFact,
    /// Status, reason of the return, or name of the recipient.
    text: Option<Text<500>>,
}

/// Fact about a parcel.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CarrierFact {
    Tracked,
    Delivered,
    Returned,
}

/// Whether the notice matched a parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarrierNoticeReply {
    /// False if it matches no parcel; it is then kept for an operator.
    matched: bool,
}

/// Service under which unmatched notices are kept.
pub(super) const SERVICE: &str = crate::NAME;

const PARCEL_MISSING: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "parcel-missing",
    vi: "thông báo phải có mã tham chiếu (`reference`) hoặc số vận đơn (`waybill`)",
    en: "a notice must name its parcel by `reference` or `waybill`",
};
const CARRIER_NOT_CALLER: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "carrier-not-caller",
    vi: "đơn vị chuyển phát chỉ được báo về bưu gửi của chính mình: `carrier` phải trùng với mã xác thực",
    en: "carriers report their own parcels only: `carrier` must be the subject of the token",
};

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/parcel-notices", "take_carrier_notice", "Record a carrier's notice")
        .describe("Notices may come in any order and repeatedly. Carriers call this.")
        .step(&TakeCarrierNotice::STEP)
        .refusals(&[PARCEL_MISSING, CARRIER_NOT_CALLER])
        .body::<TakeCarrierNoticeRequest>()
        .reply::<CarrierNoticeReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: TakeCarrierNoticeRequest = request.json()?;
    // Carriers may report their own parcels only.
    let is_other = partner_name(caller.subject.as_str()) != body.carrier.0;
    let is_unnamed = body.reference.is_none() && body.waybill.is_none();
    Problem::check(&[
        (is_other, CARRIER_NOT_CALLER, "/carrier"),
        (is_unnamed, PARCEL_MISSING, "/reference"),
    ])?;
    request.idempotency_key()?;
    // A well-formed reference that matches no parcel does not prevent a match by waybill.
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

/// Executes the step for a parcel; `None` if it does not match.
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
        Err(problem) if problem.is(&NOT_FOUND) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The ids of dossier and parcel in the reference, if it is well formed.
fn by_reference(body: &TakeCarrierNoticeRequest) -> Option<(DossierId, ParcelId)> {
    let (dossier, parcel) = parse_reference(&body.reference.as_ref()?.0)?;
    Some((dossier, ParcelId(parcel)))
}

/// The ids of dossier and parcel for the waybill.
async fn by_waybill(
    app: &App,
    body: &TakeCarrierNoticeRequest,
) -> Result<Option<(DossierId, ParcelId)>, Problem> {
    let Some(number) = &body.waybill else { return Ok(None) };
    Waybill::new(&body.carrier.0, &number.0).parcel(app).await
}

/// Logs notices that need attention although the carrier gets a success reply.
fn remark(dossier: DossierId, parcel: &Parcel, carrier_event: &str) {
    let (carrier, reference) = (&parcel.carrier, &parcel.handed.reference);
    if !parcel.knows(carrier_event) {
        tracing::warn!(%dossier, carrier, reference, "too many notices about a parcel; not recorded");
    } else if parcel.contradicted {
        tracing::warn!(%dossier, carrier, reference, "a carrier's notice contradicts an earlier one");
    }
}

/// Records a notice that matches no parcel, once.
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
    unmatched::keep(app.results.engine(), kept).await?;
    Ok(Reply::ok(&CarrierNoticeReply { matched: false }))
}
