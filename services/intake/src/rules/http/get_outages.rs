//! The outages that suspend or have suspended clocks, for display in the portal.

use std::sync::Arc;

use dossier::contract::Channel;
use dossier::law::Outage;
use dossier::rules::READ_OUTAGES;
use dossier::rules::declare_outage::OutageRecord;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use crate::rules::App;

/// An outage of filing channels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageReply {
    /// Id of the outage.
    id: Uuid,
    /// Code of the affected agency; subordinate agencies are affected, too.
    #[schema(example = "G02")]
    agency: String,
    /// Affected filing channels; all if empty.
    channels: Vec<Channel>,
    /// Start of the outage.
    from: Timestamp,
    /// End of the outage; null while it is not known.
    to: Option<Timestamp>,
    /// Explanation for the public.
    #[schema(example = "Mất điện tại trung tâm dữ liệu")]
    reason: String,
}

impl OutageReply {
    pub(super) fn new(record: &OutageRecord) -> Option<Self> {
        let declared = record.declared.as_ref()?;
        Some(Self {
            id: declared.outage,
            agency: declared.agency.to_string(),
            channels: declared.channels.clone(),
            from: declared.from,
            to: record.ended_at,
            reason: declared.reason.clone(),
        })
    }
}

impl From<&Outage> for OutageReply {
    fn from(outage: &Outage) -> Self {
        Self {
            id: outage.id,
            agency: outage.agency.to_string(),
            channels: outage.channels.clone(),
            from: outage.from,
            to: outage.to,
            reason: outage.reason.clone(),
        }
    }
}

/// Maximum number of outages in a reply.
const OUTAGES_MAX: usize = 100;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/outages", "get_outages", "List the newest outages")
        .describe("The 100 newest, newest first.")
        .roles(READ_OUTAGES)
        .list::<OutageReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    request.catch_up_law().await?;
    let law = app.engine.law();
    let newest = law.outages().iter().rev().take(OUTAGES_MAX);
    Ok(Reply::ok(&newest.map(OutageReply::from).collect::<Vec<_>>()))
}
