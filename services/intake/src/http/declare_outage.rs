//! Declares an outage. The law: `libs/dossier/src/intake/declare_outage.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{AgencyCode, Channel};
use dossier::intake::declare_outage::DeclareOutage;
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::http::{
    Access, On, Problem, Reply, Request, Route, TOO_LARGE, Text, endpoint0, send,
};
use utoipa::ToSchema;

use super::get_outages::OutageReply;
use super::rules_version::read_law;
use crate::App;

/// An outage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclareOutageRequest {
    /// The agency that is hit, with those below it.
    #[schema(value_type = String, max_length = 35, example = "G02")]
    agency: AgencyCode,
    /// The ways of filing that are hit; all if empty.
    #[schema(value_type = Vec<String>, max_items = 3)]
    #[serde(default)]
    channels: Vec<Channel>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until when, if that is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Whether it is planned; then it is announced at least seven working days ahead.
    planned: bool,
    /// When the public was told.
    #[schema(value_type = String, format = DateTime)]
    notice_at: Timestamp,
    /// In words for the public.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    reason: Text<1000>,
}

/// Declares an outage: the clocks that it hits stand still.
#[utoipa::path(
    post,
    path = "/v1/outages",
    operation_id = "declare_outage",
    request_body = DeclareOutageRequest,
    responses((status = 201, body = OutageReply)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: DeclareOutageRequest = request.json()?;
    if body.channels.len() > 3 {
        return Err(Problem::new(TOO_LARGE).about("channels"));
    }
    let outage = request.new_id(&app.outages, caller, "outage").await?;
    let command = DeclareOutage {
        outage,
        agency: body.agency,
        channels: body.channels,
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

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(DeclareOutage::STEP.may), warp::path!("v1" / "outages"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
