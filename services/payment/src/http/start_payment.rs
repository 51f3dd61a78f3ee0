//! Begins to pay. The law: `libs/dossier/src/payment/start_payment.rs`.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::DossierId;
use dossier::payment::start_payment::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Partner, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;

use super::reply::{PaymentReply, take};
use crate::App;
use crate::provider::Provider;

const UNKNOWN_PROVIDER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-provider",
    vi: "không có cổng thanh toán này",
    en: "there is no such payment provider",
};

/// Through whom to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartPaymentRequest {
    /// The provider; an installation that has been given leave offers `sandbox` (also `sandbox-declines`,
    /// `sandbox-silent`, and `sandbox-partial`, which may capture in parts).
    #[schema(value_type = String, max_length = 50, example = "sandbox")]
    provider: Partner,
}

/// Begins to pay what is owed, through a provider.
#[utoipa::path(
    post,
    path = "/v1/payments/{dossier}/attempts",
    operation_id = "start_payment",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = StartPaymentRequest,
    responses((status = 200, body = PaymentReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let body: StartPaymentRequest = request.json()?;
    if Provider::offered(&body.provider.0, app.payments.kit()).is_none() {
        return Err(Problem::new(UNKNOWN_PROVIDER));
    }
    take(&app, STEP, dossier, &request, |body: &StartPaymentRequest, state, facts| {
        decide(state, &body.provider.0, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "payments" / DossierId / "attempts"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
