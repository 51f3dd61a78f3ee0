//! Declares an outage. The law: `libs/dossier/src/rules/declare_outage.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::access::May;
use dossier::contract::{AgencyCode, Channel, LawEvent, OutageDeclared};
use dossier::rules::OutageRecord;
use dossier::rules::declare_outage::DeclareOutage;
use engine::Streams;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{List, On, Operation, Problem, Reply, Request, Text, preview, send};

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

impl DeclareOutageRequest {
    fn command(self, outage: Uuid) -> DeclareOutage {
        let Self { agency, channels, from, to, planned, notice_at, reason } = self;
        let (channels, reason) = (channels.0, reason.0);
        DeclareOutage { outage, agency, channels, from, to, planned, notice_at, reason }
    }
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
    let command = body.command(outage);
    let id = outage.to_string();
    let on = On::stream(&id, None).beginning_without_law();
    let loaded = send(&app.outages, &request, on, &command).await?;
    read_law(&app).await?;
    let reply = OutageReply::new(&loaded.state).ok_or_else(Problem::not_found)?;
    let location = format!("/v1/outages/{outage}");
    Ok(Reply::created(&location, &reply).version(loaded.version).position(loaded.position))
}

/// The outage that would be declared, without declaring it.
///
/// # Errors
///
/// All that declaring it would refuse.
pub(crate) async fn tried_outage(
    outages: &Streams<OutageRecord>,
    request: &Request,
    body: DeclareOutageRequest,
    mays: &[May],
) -> Result<OutageDeclared, Problem> {
    let outage = request.derived_id(request.caller()?, "tried-outage")?;
    let (id, command) = (outage.to_string(), body.command(outage));
    let on = On::stream(&id, None).beginning_without_law().by(mays);
    let would_be = preview(outages, request, on, &command).await?;
    let declared = would_be.into_iter().flatten().find_map(|event| match event {
        LawEvent::OutageDeclared(declared) => Some(declared),
        _ => None,
    });
    declared.ok_or_else(Problem::not_found)
}
