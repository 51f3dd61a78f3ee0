//! Starts one payment for the fees of several dossiers. The law:
//! `libs/dossier/src/payment_orders/start_payment_order.rs`.
//!
//! What would follow is computed for all dossiers before anything is recorded.

use std::sync::Arc;

use dossier::contract::{
    OrderMember, OrderShare, PaymentEvent, PaymentOrderId, PaymentStarted, order_reference,
};
use dossier::payment::Payment;
use dossier::payment::start_payment::{Refusal, StartPayment};
use dossier::payment_orders::PaymentOrder;
use dossier::payment_orders::limits::MEMBERS_MAX;
use dossier::payment_orders::start_payment_order::{
    Candidate, StartPaymentOrder, attempt_of, total,
};
use dossier::step::Reasons;
use dossier::{Command, RefusalEntry};
use engine::{CommandEnvelope, Failure, Streams};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Line, List, On, Operation, Partner, Problem, Reply, Request, send};

use super::reply::{PaymentOrderReply, body};
use crate::App;
use crate::books::account;
use crate::http::start_payment::{
    PROVIDER_UNABLE, RETURN_NOT_PERMITTED, UNKNOWN_PROVIDER, encoded, is_called, opened, wrong,
};

const UNKNOWN_DOSSIER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "order-of-unknown-dossier",
    vi: "không có hồ sơ này, hồ sơ không có phí phải nộp, hoặc bạn không được nộp cho hồ sơ này",
    en: "there is no such dossier, it has no fee, or you may not pay it",
};

/// The dossiers to pay at once, and the provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartPaymentOrderRequest {
    /// Ids of the dossiers, of one payer, whose fees go to one account; 2 to 100.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 100)]
    dossiers: List<Line<100>, MEMBERS_MAX>,
    /// Name of the payment partner, as of `start_payment`.
    #[schema(example = "sandbox")]
    provider: Partner,
    /// Where the payer's browser goes after the payment, at one of the sites that the installation
    /// permits. It gets the parameter `payment`, with the id of the order.
    #[schema(value_type = Option<String>, max_length = 500, example = "https://portal.example/paid")]
    return_url: Option<Line<500>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-orders",
        "start_payment_order",
        "Start one payment for several dossiers",
    )
    .describe(
        "The payer pays the sum once, at `next_url` or by `qr`, as for one dossier; each dossier then gets its part, \
         with a receipt of its own. Who may start a payment for each of them may start the order. While the order is \
         open, its dossiers are paid by nothing else through a provider; `cancel_payment_order` frees them. What is \
         wrong with any dossier is told at once, and nothing is begun.",
    )
    .step(&StartPaymentOrder::STEP)
    .refusals(Refusal::ALL)
    .refusals(&[UNKNOWN_DOSSIER, UNKNOWN_PROVIDER, RETURN_NOT_PERMITTED, PROVIDER_UNABLE])
    .body::<StartPaymentOrderRequest>()
    .body_example(json!({
        "dossiers": ["62ed3f71-1111-8de0-ad48-8d97fdcfe929", "885b1830-686c-8de0-ad48-8d97fdcfe929"],
        "provider": "sandbox"
    }))
    .created::<PaymentOrderReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let asked: StartPaymentOrderRequest = request.json()?;
    request.catch_up(app.payments.reactions()).await?;
    let orders = &app.orders.orders;
    let order = PaymentOrderId(request.new_id(orders, caller, "payment-order").await?);
    let mut command = StartPaymentOrder {
        order,
        asked: asked.dossiers.0.len(),
        candidates: Vec::new(),
        provider: asked.provider,
        return_url: None,
        payer_address: None,
        found: Reasons::default(),
    };
    let known = orders.load(&Streams::<PaymentOrder>::of(order.0)).await?;
    // A repeated request: its dossiers are in progress because of it.
    if known.state.started().is_none() {
        let provider = &command.provider;
        command.found = wrong(&app, (provider, asked.return_url.as_ref()));
        command.return_url = asked.return_url.map(encoded);
        let begun = candidates(&app, &request, &asked.dossiers.0, &mut command).await?;
        if command.found.is_empty()
            && let Some(leading) = begun
        {
            command.payer_address = payer_address(&app, &request, leading, &command).await?;
        }
    }
    let id = order.to_string();
    let on = On::stream(&id, None).beginning_without_law();
    send(orders, &request, on, &command).await?;
    let mut loaded = app.orders.carry(order).await?;
    if let Some(leading) = loaded.state.started().and_then(|started| started.members.first()) {
        let (dossier, payment) = (leading.dossier, leading.payment);
        if loaded.state.is_opened() && loaded.state.ended().is_none() {
            let payments = app.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
            opened(&app, (dossier, Some(payment)), payments).await?;
            loaded = orders.load(&Streams::<PaymentOrder>::of(order.0)).await?;
        }
    }
    let body = body(&app, &loaded, &request).await?.ok_or_else(Problem::not_found)?;
    let location = format!("/v1/payment-orders/{order}");
    Ok(Reply::created(&location, &body).version(loaded.version).position(loaded.position))
}

/// Computes for each dossier what `start_payment` would do; what is wrong is added to the findings.
/// Returns the attempt of the first dossier.
async fn candidates(
    app: &App,
    request: &Request,
    dossiers: &[Line<100>],
    command: &mut StartPaymentOrder,
) -> Result<Option<PaymentStarted>, Problem> {
    let caller = request.caller()?;
    let start = StartPayment {
        provider: command.provider.clone(),
        return_url: command.return_url.clone(),
        payer_address: None,
    };
    let (law, now) = (app.payments.engine().law(), app.payments.engine().clock.now());
    let mut leading = None;
    for (place, text) in dossiers.iter().enumerate() {
        let pointer = format!("/dossiers/{place}");
        let unknown = || vec![UNKNOWN_DOSSIER.finding(pointer.clone(), None)];
        let Ok(dossier) = text.0.parse::<dossier::contract::DossierId>() else {
            command.found.found(UNKNOWN_DOSSIER, unknown());
            continue;
        };
        let stream = Streams::<Payment>::of(dossier.0);
        let id = Uuid::new_v5(&command.order.0, dossier.0.as_bytes());
        let who = (caller, StartPayment::STEP.may);
        let envelope = CommandEnvelope::by_caller(who, stream.clone(), (id, ""));
        let events = match app.payments.trial(&envelope.about(Some(dossier)), &start).await {
            Ok(events) => events.unwrap_or_default(),
            Err(Failure::Refused(Refusal::Law(error))) => {
                return Err(Problem::refused(&Refusal::Law(error)));
            }
            Err(Failure::Refused(refusal)) => {
                command.found.add_at(pointer, &refusal);
                continue;
            }
            Err(Failure::Missing | Failure::Denied(_)) => {
                command.found.found(UNKNOWN_DOSSIER, unknown());
                continue;
            }
            Err(failure) => return Err(failure.into()),
        };
        let loaded = app.payments.load(&stream).await?;
        for event in events {
            let (PaymentEvent::PaymentStarted(started), Some(assessed)) =
                (event, loaded.state.assessed())
            else {
                continue;
            };
            let brief = &assessed.brief;
            let (code, payment) = (brief.code.clone(), attempt_of(command.order, dossier));
            let partners = &app.desk.partners;
            command.candidates.push(Candidate {
                place,
                member: OrderMember { dossier, code, payment, amount: started.amount },
                payer: brief.applicant.clone(),
                procedure: brief.procedure.code.clone(),
                agency: brief.agency.clone(),
                account: account((&law, partners), brief, &started.provider, now),
            });
            leading.get_or_insert(started);
        }
    }
    Ok(leading)
}

/// The network address of the payer, if the partner is called to begin the order.
///
/// # Errors
///
/// The partner cannot take the sum.
async fn payer_address(
    app: &App,
    request: &Request,
    leading: PaymentStarted,
    command: &StartPaymentOrder,
) -> Result<Option<String>, Problem> {
    let Some(first) = command.candidates.first() else { return Ok(None) };
    let members: Vec<OrderMember> =
        command.candidates.iter().map(|one| one.member.clone()).collect();
    let Ok(total) = total(&members) else { return Ok(None) };
    let ordered_at = app.payments.engine().clock.now();
    let share =
        OrderShare { order: command.order, total, ordered_at, leads: true, represented_by: None };
    let started = PaymentStarted {
        payment: first.member.payment,
        reference: order_reference(command.order),
        order: Some(share),
        ..leading
    };
    let is_called = is_called(app, first.member.dossier, started).await?;
    Ok(is_called.then(|| request.client.to_string()))
}
