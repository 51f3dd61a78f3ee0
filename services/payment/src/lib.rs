//! HTTP API of payment. One file per step under `http/`, with the same name as the law in
//! `libs/dossier/src/payment/`. The books of accounts are the module `books`, with
//! `libs/dossier/src/books/`.

use std::sync::Arc;
use std::time::Duration;

use dossier::payment::Payment;
use dossier::services::ServiceName;
use engine::tasks::{Cursors, Keeper, Progress, Reactions, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};
use outbox::{Outbox, StoreError};
use tokio::sync::Notify;
use web::{Describing, Service, mount_all};

mod books;
mod breakers;
mod http;
pub mod limits;
mod open;
mod operated;
mod orders;
mod owed;
pub mod partners;
mod payment_orders;
mod provider;
mod receipts;
mod record;
mod sender;
mod sends;
mod standing;
mod work;

use owed::Desk;
use partners::Partners;
use record::Reports;

/// Its published name.
pub(crate) const NAME: &str = ServiceName::Payment.as_str();

/// How an installation exchanges money and messages with payment providers.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Whether sandbox payment providers, which move no money, are offered.
    pub sandbox: bool,
    pub partners: Arc<Partners>,
    /// Requests to partners that have no outcome yet.
    pub outbox: Outbox,
    /// How long the answer to a start of a payment waits for a partner that has to be called.
    pub opened_within: Duration,
}

impl Outside {
    /// No partners, and requests that are lost with the process.
    ///
    /// # Errors
    ///
    /// SQLite failed.
    pub fn none(sandbox: bool) -> Result<Self, StoreError> {
        let (partners, outbox) = (Arc::default(), Outbox::in_memory()?);
        Ok(Self { sandbox, partners, outbox, opened_within: limits::OPENED_WITHIN })
    }
}

/// State shared by the handlers.
#[derive(Debug)]
pub struct App {
    pub(crate) payments: Arc<Streams<Payment>>,
    pub(crate) orders: Arc<payment_orders::Orders>,
    /// Whether sandbox payment providers, which move no money, are offered.
    pub(crate) sandbox: bool,
    pub(crate) desk: Arc<Desk>,
    pub(crate) opened_within: Duration,
    /// Tasks of cashiers and unmatched notices.
    pub(crate) open: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
    /// Lines of statements, money and their differences.
    pub(crate) books: Arc<View>,
    /// Position that this view has reached.
    pub(crate) books_shown: Progress,
}

impl App {
    /// Where reports of partners are recorded.
    pub(crate) fn reports(&self) -> Reports {
        let (payments, open) = (Arc::clone(&self.payments), Arc::clone(&self.open));
        let orders = Arc::clone(&self.orders.orders);
        Reports { payments, orders, open, shown: self.shown.clone() }
    }
}

/// The OpenAPI document of this service.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Describing::new("Payment")
        .with(&http::operations())
        .with(&payment_orders::http::operations())
        .with(&books::http::operations())
        .finish("Fees, money, receipts and the books of accounts.")
}

/// Assembles the service: streams, background tasks, views and routes.
pub async fn service(engine: &Arc<Engine>, outside: &Outside) -> Result<Service, Stalled> {
    let Outside { sandbox, partners, outbox, opened_within } = outside.clone();
    let (added, opened) = (Notify::new(), Notify::new());
    let sends = sends::Sends::new(engine.lead(NAME));
    let breakers = breakers::Breakers::new(engine.lead(NAME));
    let desk = Arc::new(Desk { partners, outbox, sandbox, sends, breakers, added, opened });
    let payments = Arc::new(Streams::new(Arc::clone(engine)));
    let (reactions, progress) = Reactions::open(NAME, "payment-reactions", &payments).await?;
    payments.fed_by(progress.clone());
    let (keeper, health) = Keeper::open(NAME, "payment-deadlines", &payments, Some(&progress))?;
    let mut tasks = Tasks::default();
    let letters = reactions.health();
    tasks.add(reactions);
    tasks.add(keeper);
    let cursors = Cursors::open(engine, "payment-cursors")?;
    tasks.add(receipts::Issuer::follow(&payments, &cursors)?);
    let (keeps, open, shown) = open::OpenTasks::follow(&payments, &desk)?;
    tasks.add(keeps);
    let orders = Arc::new(payment_orders::Orders::new(&payments));
    tasks.add(payment_orders::Follows::follow(&orders, &cursors)?);
    let (by_payments, by_open) = (Arc::clone(&payments), Arc::clone(&open));
    let by_orders = Arc::clone(&orders.orders);
    let reports =
        Reports { payments: by_payments, orders: by_orders, open: by_open, shown: shown.clone() };
    tasks.add(owed::Owed::follow(&payments, &cursors, &desk, reports.clone())?);
    let kept =
        Arc::new(books::App::open(&payments, &cursors, (reports, &desk.partners), &mut tasks)?);
    let views = vec![shown.clone(), kept.shown.clone()];
    let (books, books_shown) = (Arc::clone(&kept.view), kept.shown.clone());
    let app = Arc::new(App {
        payments,
        orders,
        sandbox,
        desk,
        opened_within,
        open,
        shown,
        books,
        books_shown,
    });
    if app.desk.partners.has_enabled() {
        let sender = sender::Sender::new(app.reports(), &app.desk);
        tasks.add_led(sender, engine.lead(NAME));
    }
    for known in app.desk.partners.enabled() {
        engine.metrics.partner_known(&known.partner.name);
    }
    let mut routes = mount_all(&app, http::operations());
    routes.extend(mount_all(&app, payment_orders::http::operations()));
    routes.extend(mount_all(&kept, books::http::operations()));
    Ok(Service {
        name: NAME,
        routes,
        tasks,
        openapi: openapi(),
        sources: ServiceName::Payment.sources(),
        views,
        keepers: vec![health],
        reactions: vec![letters],
    })
}
