//! Takes the whole of what is owed in cash. The law: `libs/dossier/src/payment/take_cash.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::take_cash::TakeCash;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{PaymentReply, take};
use crate::App;

/// Takes the whole of what is owed in cash.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/cash",
    operation_id = "take_cash",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = TakeCash,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take::<TakeCash>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(TakeCash::STEP.may),
        warp::path!("v1" / "payments" / DossierId / "cash"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
