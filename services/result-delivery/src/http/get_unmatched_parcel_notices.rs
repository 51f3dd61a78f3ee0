//! What carriers said that names none of our parcels, for whoever finds out what they meant.

use std::sync::Arc;

use dossier::contract::{ParcelEnd, UnmatchedEvent};
use dossier::delivery::UNMATCHED;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint0};
use service_kit::limits::UNMATCHED_PAGE_MAX;
use service_kit::unmatched::{self, Kept};
use utoipa::ToSchema;

use super::take_carrier_notice::SERVICE;
use crate::App;

/// Where the list begins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmatchedNoticesQuery {
    /// The cursor of the `next` link.
    after: Option<u64>,
}

/// A notice that names none of our parcels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmatchedParcelNoticeReply {
    /// When it came.
    #[schema(value_type = Option<String>, format = DateTime)]
    received_at: Option<Timestamp>,
    /// Which carrier.
    carrier: String,
    /// The carrier's own name of the fact.
    event: String,
    /// The reference that it names.
    reference: Option<String>,
    /// The waybill that it names.
    waybill: Option<String>,
    /// `tracked`, `delivered` or `returned`.
    kind: &'static str,
}

/// What carriers said that names none of our parcels, the oldest first.
#[utoipa::path(
    get,
    path = "/v1/parcel-notices/unmatched",
    operation_id = "get_unmatched_parcel_notices",
    params(("after" = Option<u64>, Query, description = "The cursor of the `next` link")),
    responses((status = 200, body = Vec<UnmatchedParcelNoticeReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let kit = app.results.kit();
    let query: UnmatchedNoticesQuery = request.query()?;
    let kept = unmatched::page::<UnmatchedEvent>(kit, SERVICE, query.after).await?;
    let full = kept.last().filter(|_| kept.len() == UNMATCHED_PAGE_MAX);
    let next = full.map(|last| format!("/v1/parcel-notices/unmatched?after={}", last.at));
    let shown: Vec<UnmatchedParcelNoticeReply> = kept.into_iter().filter_map(reply).collect();
    Ok(Reply::ok(&shown).next_page(next.as_deref()))
}

fn reply(kept: Kept<UnmatchedEvent>) -> Option<UnmatchedParcelNoticeReply> {
    // Each service has a stream of its own.
    let UnmatchedEvent::CarrierNoticeUnmatched(notice) = kept.notice else { return None };
    Some(UnmatchedParcelNoticeReply {
        received_at: kept.received_at,
        carrier: notice.carrier,
        event: notice.carrier_event,
        reference: notice.reference,
        waybill: notice.waybill,
        kind: match notice.end {
            None => "tracked",
            Some(ParcelEnd::Delivered) => "delivered",
            Some(ParcelEnd::Returned) => "returned",
        },
    })
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(
        app,
        Access::Roles(UNMATCHED),
        warp::path!("v1" / "parcel-notices" / "unmatched"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
