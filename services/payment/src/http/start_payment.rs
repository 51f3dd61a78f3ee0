//! Starts a payment through a provider. The law: `libs/dossier/src/payment/start_payment.rs`.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::DossierId;
use dossier::payment::start_payment::StartPayment;
use dossier::step::{Known, Said};
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, take};
use crate::App;
use crate::provider::Provider;

const UNKNOWN_PROVIDER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-provider",
    vi: "không có cổng thanh toán này",
    en: "there is no such payment provider",
};

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/attempts",
        "start_payment",
        "Start a payment through a provider",
    )
    .command::<StartPayment>()
    .refusals(&[UNKNOWN_PROVIDER])
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let body: StartPayment = request.json()?;
    if Provider::offered(&body.provider.0, app.sandbox).is_none() {
        let offered =
            Provider::NAMES.iter().filter(|name| Provider::offered(name, app.sandbox).is_some());
        let known = Known::new(&body.provider.0, offered, "GET /v1/rules").said();
        let finding = UNKNOWN_PROVIDER.finding("/provider", Some(known));
        return Err(Problem::fields(UNKNOWN_PROVIDER, vec![finding]));
    }
    take::<StartPayment>(&app, dossier, &request).await
}
