//! Has a provider return money that is owed back. The law:
//! `libs/dossier/src/payment/request_refund.rs`.

use std::sync::Arc;

use dossier::contract::{DossierId, PaymentEvent, PaymentId, Vnd};
use dossier::payment::Payment;
use dossier::payment::request_refund::RequestRefund;
use dossier::{Command, RefusalEntry};
use engine::Streams;
use partners::{Capability, Unable};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{On, Operation, Problem, Reply, Request, Text, preview, send};

use super::reply::{PaymentReply, shown_to};
use super::start_payment::in_words;
use crate::App;
use crate::orders::Returned;
use crate::provider::Provider;

pub(super) const CANNOT_REFUND: RefusalEntry = RefusalEntry {
    status: 422,
    code: "provider-cannot-refund",
    vi: "cổng thanh toán này không hoàn được khoản tiền này; hãy hoàn bằng cách khác",
    en: "the payment provider cannot return this money; refund it in another way",
};

/// The money that goes back, with a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestRefundRequest {
    /// Id of the attempt of which money goes back.
    payment: PaymentId,
    /// Amount in VND; at most what is owed back and what is left of the transaction.
    amount_vnd: Vnd,
    /// Written reason. The provider does not get it.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/refund-requests",
        "request_refund",
        "Refund through the provider that took the money",
    )
    .describe(
        "The money is on its way (`sent_refunds`) until the provider has told the outcome. What the \
         provider refuses is owed back again. What is more than one person may give back waits for \
         a second one (`proposed_refund`).",
    )
    .step(&RequestRefund::STEP)
    .refusals(&[CANNOT_REFUND])
    .body::<RequestRefundRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let seen = request.if_match()?;
    let body: RequestRefundRequest = request.json()?;
    request.catch_up(app.payments.reactions()).await?;
    let RequestRefundRequest { payment, amount_vnd: amount, reason } = body;
    let command = RequestRefund { payment, amount, reason };
    let name = dossier.to_string();
    let on = || On::stream(&name, Some(dossier)).seen(&seen);
    // Nothing is on its way that the provider cannot return.
    if let Some(events) = preview(&app.payments, &request, on(), &command).await? {
        for event in events {
            able(&app, dossier, payment, event).await?;
        }
    }
    let loaded = send(&app.payments, &request, on(), &command).await?;
    shown_to(&app, &loaded, &request)
}

/// Whether the provider of an attempt returns money, and this refund if it is sent now.
pub(super) async fn able(
    app: &App,
    dossier: DossierId,
    payment: PaymentId,
    event: PaymentEvent,
) -> Result<(), Problem> {
    let loaded = app.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
    let Some(attempt) = loaded.state.attempts.get(&payment) else { return Ok(()) };
    let provider = &attempt.started.provider;
    if Provider::offered(provider, app.sandbox).is_some() {
        return Ok(());
    }
    let Some(known) = app.desk.partners.get(provider) else {
        return Err(Problem::at(CANNOT_REFUND, "/payment"));
    };
    let able = match event {
        PaymentEvent::RefundRequested(requested) => {
            let asked = (requested.refund, app.payments.engine().time()?);
            let returned = Returned::new(&loaded.state, attempt, &requested, asked);
            returned.map_or(Ok(()), |returned| returned.send(known).map(drop))
        }
        // A part of the payment of several dossiers is a part whatever the amount is.
        _ if attempt.started.order.is_some() => known.partner.offers(Capability::RefundPart),
        _ => known.partner.offers(Capability::Refund),
    };
    able.map_err(|unable: Unable| {
        let (vi, en) = in_words(&unable);
        Problem::field(CANNOT_REFUND, "/payment", &vi, &en)
    })
}
