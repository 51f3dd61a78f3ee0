//! Declares an outage. The law: `libs/dossier/src/rules/declare_outage.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{AgencyCode, Channel};
use dossier::rules::declare_outage::DeclareOutage;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{List, On, Operation, Problem, Reply, Request, Text, send};

use super::get_outages::OutageReply;
use super::rules_version::read_law;
use crate::rules::App;

/// An outage of filing channels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclareOutageRequest {
    /// Code of the affected agency; subordinate agencies are affected, too.
    agency: AgencyCode,
    /// Affected filing channels; all if empty.
    #[serde(default)]
    #[schema(value_type = Vec<Channel>, max_items = 3)]
    channels: List<Channel, 3>,
    /// Start of the outage.
    from: Timestamp,
    /// End of the outage; absent if it is not known yet.
    to: Option<Timestamp>,
    /// Whether it is planned. A planned outage has to be announced at least seven working days
    /// ahead.
    planned: bool,
    /// Time at which the public was informed.
    notice_at: Timestamp,
    /// Explanation for the public.
    reason: Text<1000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/outages", "declare_outage", "Declare an outage")
        .describe("Extends the periods of the affected dossiers.")
        .step(&DeclareOutage::STEP)
        .body::<DeclareOutageRequest>()
        .created::<OutageReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: DeclareOutageRequest = request.json()?;
    let outage = request.new_id(&app.outages, caller, "outage").await?;
    let command = DeclareOutage {
        outage,
        agency: body.agency,
        channels: body.channels.0,
        from: body.from,
        to: body.to,
        planned: body.planned,
        notice_at: body.notice_at,
        reason: body.reason.0,
    };
    let id = outage.to_string();
    let on = On::stream(&id, None).beginning_without_law();
    let loaded = send(&app.outages, &request, on, &command).await?;
    read_law(&app).await?;
    let reply = OutageReply::new(&loaded.state).ok_or_else(Problem::not_found)?;
    let location = format!("/v1/outages/{outage}");
    Ok(Reply::created(&location, &reply).version(loaded.version).position(loaded.position))
}
