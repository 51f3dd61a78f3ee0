//! Ends an outage. The law: `libs/dossier/src/intake/end_outage.rs`.

use std::sync::Arc;

use dossier::intake::end_outage::{STEP, decide};
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, take};
use utoipa::ToSchema;
use uuid::Uuid;

use super::get_outages::OutageReply;
use crate::App;

/// The end of an outage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndOutageRequest {
    /// Since when everything works again.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
}

/// Ends an outage: the clocks that it stopped run on.
#[utoipa::path(
    post,
    path = "/v1/outages/{outage}/end",
    operation_id = "end_outage",
    params(("outage" = Uuid, Path, description = "The outage")),
    request_body = EndOutageRequest,
    responses((status = 200, body = OutageReply)),
)]
async fn handle(app: Arc<App>, outage: Uuid, request: Request) -> Result<Reply, Problem> {
    let id = outage.to_string();
    let ended =
        take(&app.outages, STEP, (&id, None), &request, |body: &EndOutageRequest, state, facts| {
            decide(state, body.to, facts)
        });
    let loaded = ended.await?;
    let caught_up = app.kit.rulebook.catch_up(&app.kit.store).await;
    caught_up.map_err(|error| Problem::unavailable(&error.to_string()))?;
    service_kit::http::shown(&loaded, OutageReply::new(&loaded.state))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(STEP.may), warp::path!("v1" / "outages" / Uuid / "end"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
