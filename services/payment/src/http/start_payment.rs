//! Starts a payment through a provider. The law: `libs/dossier/src/payment/start_payment.rs`.

use std::sync::Arc;
use std::time::Instant;

use dossier::contract::{DossierId, PaymentEvent, PaymentId, PaymentStarted};
use dossier::payment::start_payment::StartPayment;
use dossier::payment::{Attempt, Payment};
use dossier::step::{Known, Reasons, Said};
use dossier::{Command, RefusalEntry};
use engine::Loaded;
use partners::{Start, Unable};
use serde::Deserialize;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Line, On, Operation, Partner, Problem, Reply, Request, preview, send};

use super::reply::{PaymentReply, shown_to};
use crate::App;
use crate::limits::OPENED_LOOK;
use crate::orders::Order;
use crate::provider::Provider;
use crate::work::Work;

pub(crate) const UNKNOWN_PROVIDER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "unknown-provider",
    vi: "không có cổng thanh toán này",
    en: "there is no such payment provider",
};
pub(crate) const RETURN_NOT_PERMITTED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "return-not-permitted",
    vi: "trình duyệt của người nộp không được chuyển về địa chỉ này",
    en: "the payer's browser may not be sent to this address",
};
pub(crate) const PROVIDER_UNABLE: RefusalEntry = RefusalEntry {
    status: 422,
    code: "provider-unable",
    vi: "cổng thanh toán này không nhận được khoản nộp này",
    en: "the payment provider cannot take this payment",
};

/// The provider through which to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartPaymentRequest {
    /// Name of the payment partner. Installations that allow it offer the test providers `sandbox`,
    /// `sandbox-declines`, `sandbox-silent`, and `sandbox-partial`, which may capture in parts.
    #[schema(example = "sandbox")]
    provider: Partner,
    /// Where the payer's browser goes after the payment, at one of the sites that the installation
    /// permits. It gets the parameter `payment`.
    #[schema(value_type = Option<String>, max_length = 500, example = "https://portal.example/paid")]
    return_url: Option<Line<500>>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/attempts",
        "start_payment",
        "Start a payment through a provider",
    )
    .describe(
        "The new attempt has `next_url`, where the payer's browser continues, or `qr`, the text of a code for a bank \
         app. If the partner has to be called and does not answer in 15 s, both are null; `get_payment` shows the \
         address later.",
    )
    .step(&StartPayment::STEP)
    .body::<StartPaymentRequest>()
    .refusals(&[UNKNOWN_PROVIDER, RETURN_NOT_PERMITTED, PROVIDER_UNABLE])
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let seen = request.if_match()?;
    let body: StartPaymentRequest = request.json()?;
    let found = wrong(&app, (&body.provider, body.return_url.as_ref()));
    if !found.is_empty() {
        return Err(Problem::refused(&found));
    }
    request.catch_up(app.payments.reactions()).await?;
    let StartPaymentRequest { provider, return_url } = body;
    let return_url = return_url.map(encoded);
    let mut command = StartPayment { provider, return_url, payer_address: None };
    let name = dossier.to_string();
    let on = || On::stream(&name, Some(dossier)).seen(&seen);
    let is_partner = app.desk.partners.get(&command.provider.0).is_some();
    // A payment that the partner cannot take is not begun.
    if is_partner && let Some(events) = preview(&app.payments, &request, on(), &command).await? {
        for event in events {
            if let PaymentEvent::PaymentStarted(started) = event
                && is_called(&app, dossier, started).await?
            {
                command.payer_address = Some(request.client.to_string());
            }
        }
    }
    let loaded = send(&app.payments, &request, on(), &command).await?;
    let newest = loaded.state.attempts.values().max_by_key(|attempt| attempt.started_at);
    let newest = newest.map(|attempt| attempt.started.payment);
    let loaded = opened(&app, (dossier, newest), loaded).await?;
    shown_to(&app, &loaded, &request)
}

/// An address as browsers send it: headers and messages of partners are ASCII.
pub(crate) fn encoded(url: Line<500>) -> String {
    Url::parse(&url.0).map_or(url.0, String::from)
}

/// What is wrong with the partner, and with the address to which the payer returns.
pub(crate) fn wrong(app: &App, (provider, return_url): (&Partner, Option<&Line<500>>)) -> Reasons {
    let provider = &*provider.0;
    let mut wrong = Reasons::default();
    let mut offered: Vec<&str> = app.desk.partners.offered().collect();
    let sandbox = Provider::NAMES.iter().copied();
    offered.extend(sandbox.filter(|name| Provider::offered(name, app.sandbox).is_some()));
    if !offered.contains(&provider) {
        let known = Known::new(provider, offered, "GET /v1/rules").said();
        let finding = UNKNOWN_PROVIDER.finding("/provider", Some(known));
        wrong.found(UNKNOWN_PROVIDER, vec![finding]);
    }
    if let Some(url) = return_url
        && !app.desk.partners.may_return_to(&url.0)
    {
        let known = Known::new(&url.0, app.desk.partners.return_origins(), "--return-origin");
        let finding = RETURN_NOT_PERMITTED.finding("/return_url", Some(known.said()));
        wrong.found(RETURN_NOT_PERMITTED, vec![finding]);
    }
    wrong
}

/// Whether the partner is called to begin this payment; a problem if it cannot take it.
pub(crate) async fn is_called(
    app: &App,
    dossier: DossierId,
    started: PaymentStarted,
) -> Result<bool, Problem> {
    let stream = engine::Streams::<Payment>::of(dossier.0);
    let loaded = app.payments.load(&stream).await?;
    let Some(known) = app.desk.partners.get(&started.provider) else { return Ok(false) };
    let attempt = Attempt::new(started, Uuid::nil(), app.payments.engine().time()?);
    let order = Order::of(&app.desk.partners, &loaded.state, &attempt, (None, false));
    let Some(order) = order else { return Ok(false) };
    match order.start(known) {
        Ok(start) => Ok(matches!(start, Start::Call(_))),
        Err(unable) => {
            let (vi, en) = in_words(&unable);
            Err(Problem::field(PROVIDER_UNABLE, "/provider", &vi, &en))
        }
    }
}

/// Why a partner cannot take something, in Vietnamese and English.
pub(super) fn in_words(unable: &Unable) -> (String, String) {
    match unable {
        Unable::Values(findings) => {
            let all = |of: fn(&partners::Finding) -> &str| {
                let texts: Vec<&str> = findings.0.iter().map(of).collect();
                texts.join("; ")
            };
            (all(|one| &one.vi), all(|one| &one.en))
        }
        Unable::NotOffered(_) | Unable::NoSecret => {
            ("chưa được cấu hình đầy đủ".to_owned(), unable.to_string())
        }
    }
}

/// Has a partner that must be called open an attempt, and waits for it for a limited time.
pub(crate) async fn opened(
    app: &App,
    (dossier, payment): (DossierId, Option<PaymentId>),
    loaded: Arc<Loaded<Payment>>,
) -> Result<Arc<Loaded<Payment>>, Problem> {
    let attempt = payment.and_then(|payment| loaded.state.attempts.get(&payment));
    let Some(attempt) = attempt.filter(|attempt| app.desk.calls(&loaded.state, attempt)) else {
        return Ok(loaded);
    };
    let payment = attempt.started.payment;
    let work = Work::Pay { dossier, payment };
    if work.open(&loaded.state).is_none() {
        return Ok(loaded);
    }
    let now = app.payments.engine().time()?;
    // The follower of the log adds it as well, if this fails.
    if let Err(error) = app.desk.add(&attempt.started.provider, &work, now).await {
        tracing::warn!(%error, "request to a partner not added; the follower adds it");
    }
    let until = Instant::now() + app.opened_within;
    let stream = engine::Streams::<Payment>::of(dossier.0);
    let mut loaded = loaded;
    while Instant::now() < until && work.open(&loaded.state).is_some() {
        // Another replica may be the one that calls the partner.
        _ = tokio::time::timeout(OPENED_LOOK, app.desk.opened.notified()).await;
        loaded = app.payments.load(&stream).await?;
    }
    Ok(loaded)
}
