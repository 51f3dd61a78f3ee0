//! Lists the providers through which a dossier's fee can be paid.

use std::sync::Arc;

use dossier::contract::{DossierId, PaymentId, PaymentStarted};
use dossier::law::Text;
use dossier::payment::{Attempt, Payment, READ};
use jiff::SignedDuration;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request, read};

use crate::App;
use crate::orders::Order;
use crate::partners::Known;
use crate::provider::Provider;

/// A provider through which a payment can be started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentProviderReply {
    /// Its name, for `start_payment`.
    #[schema(example = "sandbox")]
    provider: String,
    /// How it is shown to payers.
    title: Text,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/payments/{dossier}/providers",
        "get_payment_providers",
        "List the providers that can take a payment",
    )
    .describe(
        "Those that can take what is outstanding now, by their limits and accounts; the order of their names. \
         Nothing if nothing is outstanding.",
    )
    .roles(READ)
    .impersonal("names of payment partners")
    .list::<PaymentProviderReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.payments, READ, &dossier.to_string(), &request).await?;
    let payment = &loaded.state;
    if payment.assessed().is_none() || payment.outstanding().0 == 0 {
        return Ok(Reply::ok(&Vec::<PaymentProviderReply>::new()));
    }
    let now = app.payments.engine().time()?;
    let offered = app.desk.partners.offered().filter_map(|name| app.desk.partners.get(name));
    let able = offered.filter(|known| is_able(&app, payment, known, now));
    let partners = able.map(|known| PaymentProviderReply {
        provider: known.partner.name.clone(),
        title: Text::new(&*known.partner.title_vi, &*known.partner.title_en),
    });
    let sandbox =
        Provider::NAMES.iter().filter(|name| Provider::offered(name, app.sandbox).is_some());
    let sandbox = sandbox.map(|name| PaymentProviderReply {
        provider: (*name).to_owned(),
        title: Text::same(*name),
    });
    Ok(Reply::ok(&partners.chain(sandbox).collect::<Vec<_>>()))
}

/// Whether a partner can begin a payment of what is outstanding, as `start_payment` finds out.
fn is_able(app: &App, payment: &Payment, known: &Known, now: jiff::Timestamp) -> bool {
    let started = PaymentStarted {
        payment: PaymentId(Uuid::nil()),
        provider: known.partner.name.clone(),
        amount: payment.outstanding(),
        reference: String::new(),
        query_at: now,
        expires_at: now.checked_add(SignedDuration::from_hours(72)).unwrap_or(now),
        return_url: None,
        payer_address: None,
        captures_once: false,
        order: None,
    };
    let attempt = Attempt::new(started, Uuid::nil(), now);
    let order = Order::of(&app.desk.partners, payment, &attempt, (None, false));
    order.is_some_and(|order| order.start(known).is_ok())
}
