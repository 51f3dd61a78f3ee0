//! Takes the whole of what is owed in cash. The law: `libs/dossier/src/payment/take_cash.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, Vnd};
use dossier::payment::take_cash::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{PaymentReply, take};
use crate::App;

/// Cash at the counter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeCashRequest {
    /// The amount, exactly what is owed.
    #[schema(value_type = i64, minimum = 0)]
    amount_vnd: i64,
}

/// Takes the whole of what is owed in cash.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/cash",
    operation_id = "take_cash",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = TakeCashRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &TakeCashRequest, state, facts| {
        decide(state, Vnd(body.amount_vnd), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "payments" / DossierId / "cash"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
