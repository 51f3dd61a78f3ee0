//! Ends an outage. The law: `libs/dossier/src/intake/end_outage.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::intake::end_outage::EndOutage;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, execute, shown};
use uuid::Uuid;

use super::get_outages::OutageReply;
use super::rules_version::read_law;
use crate::App;

/// Ends an outage: the clocks that it stopped run on.
#[utoipa::path(
    post,
    path = "/v1/outages/{outage}/end",
    operation_id = "end_outage",
    params(("outage" = Uuid, Path, description = "The outage")),
    request_body = EndOutage,
    responses((status = 200, body = OutageReply)),
)]
async fn handle(app: Arc<App>, outage: Uuid, request: Request) -> Result<Reply, Problem> {
    let id = outage.to_string();
    let loaded = execute::<EndOutage>(&app.outages, (&id, None), &request).await?;
    read_law(&app).await?;
    shown(&loaded, OutageReply::new(&loaded.state))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(EndOutage::STEP.may),
        warp::path!("v1" / "outages" / Uuid / "end"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
