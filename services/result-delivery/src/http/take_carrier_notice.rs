//! Takes what a carrier says. The law: `libs/dossier/src/delivery/take_carrier_notice.rs`.

use std::sync::Arc;

use dossier::access::Denied;
use dossier::contract::{ParcelId, parse_reference};
use dossier::delivery::take_carrier_notice::{STEP, Said, TakeCarrierNotice, decide};
use serde::{Deserialize, Serialize};
use service_kit::http::{Access, Problem, Reply, Request, Route, Target, Text, endpoint0, step};
use utoipa::ToSchema;

use crate::App;

/// A fact of a carrier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeCarrierNoticeRequest {
    /// Which carrier.
    #[schema(value_type = String, min_length = 1, max_length = 50)]
    carrier: Text<50>,
    /// The carrier's own name of this fact: the same again is the same fact.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    event: Text<200>,
    /// Our reference, as it was handed out with the parcel.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reference: Text<200>,
    /// `tracked`, `delivered` or `returned`.
    #[schema(value_type = String, example = "delivered")]
    kind: CarrierFact,
    /// Where it is, why it came back, or who took it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    text: Option<Text<500>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CarrierFact {
    Tracked,
    Delivered,
    Returned,
}

/// Whether the notice named one of our parcels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarrierNoticeReply {
    /// False if it names none of ours.
    matched: bool,
}

/// Takes what a carrier says, whatever the order and however often.
#[utoipa::path(
    post,
    path = "/v1/parcel-notices",
    operation_id = "take_carrier_notice",
    request_body = TakeCarrierNoticeRequest,
    responses((status = 200, body = CarrierNoticeReply)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: TakeCarrierNoticeRequest = request.json()?;
    // A partner speaks for itself.
    if caller.subject.as_str() != body.carrier.0 {
        return Err(Problem::from(Denied::Role));
    }
    let Some((dossier, parcel)) = parse_reference(&body.reference.0) else {
        tracing::warn!("a carrier's notice names none of our parcels");
        return Ok(Reply::ok(&CarrierNoticeReply { matched: false }));
    };
    let text = body.text.map(|text| text.0);
    let command = TakeCarrierNotice {
        parcel: ParcelId(parcel),
        carrier: body.carrier.0,
        carrier_event: body.event.0,
        said: match body.kind {
            CarrierFact::Tracked => Said::Tracked(text.unwrap_or_default()),
            CarrierFact::Delivered => Said::Delivered(text),
            CarrierFact::Returned => Said::Returned(text.unwrap_or_default()),
        },
    };
    let id = dossier.to_string();
    let target =
        Target { id: &id, dossier: Some(dossier), mays: STEP.may, seen: None, under: None };
    let taken = step(&app.results, &request, caller, target, |s, f| decide(s, &command, f)).await;
    match taken {
        Ok(loaded) => {
            Ok(Reply::ok(&CarrierNoticeReply { matched: true }).position(loaded.position))
        }
        Err(problem) if problem.code() == "not-found" => {
            tracing::warn!("a carrier's notice names none of our parcels");
            Ok(Reply::ok(&CarrierNoticeReply { matched: false }))
        }
        Err(problem) => Err(problem),
    }
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(STEP.may), warp::path!("v1" / "parcel-notices"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
