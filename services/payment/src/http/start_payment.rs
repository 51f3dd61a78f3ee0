//! Begins to pay. The law: `libs/dossier/src/payment/start_payment.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::payment::start_payment::StartPayment;
use dossier::{Command, RefusalEntry};
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1};

use super::reply::{PaymentReply, take};
use crate::App;
use crate::provider::Provider;

const UNKNOWN_PROVIDER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-provider",
    vi: "không có cổng thanh toán này",
    en: "there is no such payment provider",
};

/// Begins to pay what is owed, through a provider.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/attempts",
    operation_id = "start_payment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = StartPayment,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let body: StartPayment = request.json()?;
    if Provider::offered(&body.provider.0, app.payments.kit()).is_none() {
        return Err(Problem::new(UNKNOWN_PROVIDER));
    }
    take::<StartPayment>(&app, dossier, &request).await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(StartPayment::STEP.may),
        warp::path!("v1" / "payments" / DossierId / "attempts"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
