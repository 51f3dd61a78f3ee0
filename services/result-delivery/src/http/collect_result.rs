//! Gives the result out at the one-stop unit. The law: `libs/dossier/src/delivery/collect_result.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::delivery::collect_result::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{DeliveryReply, take};
use crate::App;

/// Who took it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectResultRequest {
    /// Who took it, if not the applicant.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    received_by: Option<Line<200>>,
}

/// Gives the result out at the one-stop unit.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{dossier}/collection",
    operation_id = "collect_result",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = CollectResultRequest,
    responses((status = 200, body = DeliveryReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &CollectResultRequest, state, facts| {
        decide(state, body.received_by.as_ref().map(|name| name.0.clone()), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "deliveries" / DossierId / "collection"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
