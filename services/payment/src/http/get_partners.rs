//! Lists the payment partners with their state.

use std::sync::Arc;

use dossier::law::Text;
use dossier::payment::RUN_REQUESTS;
use jiff::Timestamp;
use outbox::{Filter, State};
use partners::{Capability, Kind};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::get_partner_requests::{OUTBOX_UNAVAILABLE, unavailable};
use crate::App;
use crate::partners::Known;

/// What a partner does for an installation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartnerKind {
    /// Takes payments and reports them.
    PaymentProvider,
    /// Keeps accounts and gives statements.
    Bank,
}

/// Whether requests to a partner are sent.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartnerBreaker {
    /// They are sent as they come.
    Closed,
    /// The partner failed several times in a row, and is called rarely.
    Open,
}

impl PartnerBreaker {
    const fn of(is_open: bool) -> Self {
        if is_open { Self::Open } else { Self::Closed }
    }
}

/// A payment partner and its requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerReply {
    /// Its name in addresses and events.
    #[schema(example = "wallet")]
    partner: String,
    /// How it is shown to payers.
    title: Text,
    /// What it does.
    kind: PartnerKind,
    /// What is switched on in its file.
    #[schema(example = json!(["pay", "notify"]))]
    capabilities: Vec<&'static str>,
    /// State of its breaker; null if another process sends the requests.
    breaker: Option<PartnerBreaker>,
    /// Requests that wait to be sent, or sent again.
    waiting: u64,
    /// Time since which the oldest of them waits.
    waiting_since: Option<Timestamp>,
    /// Age of the oldest of them in seconds; 0 if none waits.
    lag_s: i64,
    /// Requests that were given up, until an operator sends them again or cancels them.
    given_up: u64,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/partners", "get_partners", "List the payment partners with their state")
        .describe("Those that are enabled, by name: whether they work, and what waits for them.")
        .roles(RUN_REQUESTS)
        .impersonal("names, states and numbers of requests")
        .refusals(&[OUTBOX_UNAVAILABLE])
        .list::<PartnerReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, _request: Request) -> Result<Reply, Problem> {
    let now = app.payments.engine().time()?;
    let outbox = &app.desk.outbox;
    let counts = outbox.counts().await.map_err(|error| unavailable(&error))?;
    let mut rows = Vec::new();
    for Known { partner, .. } in app.desk.partners.enabled() {
        let count = |state| {
            let mut of =
                counts.iter().filter(|(name, one, _)| *name == partner.name && *one == state);
            of.next().map_or(0, |(.., count)| *count)
        };
        let filter =
            Filter { partner: Some(partner.name.clone()), state: Some(State::Waiting), after: 0 };
        let oldest = outbox.list(filter, 1).await.map_err(|error| unavailable(&error))?;
        let since = oldest.first().map(|entry| entry.added_at);
        let age = since.map_or(0, |since| now.duration_since(since).as_secs().max(0));
        let is_on =
            |(_, capability): &&(&'static str, Capability)| partner.offers(*capability).is_ok();
        rows.push(PartnerReply {
            partner: partner.name.clone(),
            title: Text::new(&*partner.title_vi, &*partner.title_en),
            kind: match partner.kind {
                Kind::PaymentProvider => PartnerKind::PaymentProvider,
                Kind::Bank => PartnerKind::Bank,
            },
            capabilities: Capability::ALL.iter().filter(is_on).map(|(name, _)| *name).collect(),
            breaker: app.desk.breakers.is_open(&partner.name).map(PartnerBreaker::of),
            waiting: count(State::Waiting),
            waiting_since: since,
            lag_s: age,
            given_up: count(State::GivenUp),
        });
    }
    Ok(Reply::ok(&rows))
}
