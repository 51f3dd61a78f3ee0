//! Lists the carrier notices that match no parcel, for an operator to clarify.

use std::sync::Arc;

use dossier::contract::{ParcelEnd, UnmatchedEvent};
use dossier::delivery::UNMATCHED;
use engine::limits::UNMATCHED_PAGE_MAX;
use engine::unmatched;
use engine::unmatched::Kept;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::take_carrier_notice::{CarrierFact, SERVICE};
use crate::App;

const ADDRESS: &str = "/v1/parcel-notices/unmatched";

/// Page of the notices.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmatchedNoticesQuery {
    /// Cursor from the `next` link.
    after: Option<u64>,
}

/// A carrier notice that matches no parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmatchedParcelNoticeReply {
    /// Time at which it was received.
    received_at: Option<Timestamp>,
    /// Code of the carrier.
    #[schema(example = "vnpost")]
    carrier: String,
    /// The carrier's id of the notice.
    #[schema(example = "delivered-1")]
    event: String,
    /// Reference in the notice.
    #[schema(example = "DSR-1-2")]
    reference: Option<String>,
    /// Waybill in the notice.
    #[schema(example = "EA123456789VN")]
    waybill: Option<String>,
    /// Reported fact.
    kind: CarrierFact,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        ADDRESS,
        "get_unmatched_parcel_notices",
        "List carrier notices that match no parcel",
    )
    .describe("The oldest first.")
    .roles(UNMATCHED)
    .query::<UnmatchedNoticesQuery>()
    .list::<UnmatchedParcelNoticeReply>()
    .pages()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let engine = app.results.engine();
    let query: UnmatchedNoticesQuery = request.query()?;
    let kept = unmatched::page::<UnmatchedEvent>(engine, SERVICE, query.after).await?;
    let full = kept.last().filter(|_| kept.len() == UNMATCHED_PAGE_MAX);
    let next = full.map(|last| format!("{ADDRESS}?after={}", last.at));
    let shown: Vec<UnmatchedParcelNoticeReply> = kept.into_iter().filter_map(reply).collect();
    Ok(Reply::ok(&shown).next_page(next.as_deref()))
}

fn reply(kept: Kept<UnmatchedEvent>) -> Option<UnmatchedParcelNoticeReply> {
    // The stream of this service contains no other events.
    let UnmatchedEvent::CarrierNoticeUnmatched(notice) = kept.notice else { return None };
    Some(UnmatchedParcelNoticeReply {
        received_at: kept.received_at,
        carrier: notice.carrier,
        event: notice.carrier_event,
        reference: notice.reference,
        waybill: notice.waybill,
        kind: match notice.end {
            None => CarrierFact::Tracked,
            Some(ParcelEnd::Delivered) => CarrierFact::Delivered,
            Some(ParcelEnd::Returned) => CarrierFact::Returned,
        },
    })
}
