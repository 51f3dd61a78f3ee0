//! Lists the requests to a payment partner: those that wait, were given up, cancelled, or answered
//! in the last 30 days.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::{Actor, DossierId, PartnerRequestChanged, RequestChange, Role, Subject};
use dossier::payment::RUN_REQUESTS;
use jiff::Timestamp;
use outbox::{Entry, Filter, State, StoreError, Try};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, PageRows, Problem, Reply, Request};

use crate::{App, operated};

pub(super) const OUTBOX_UNAVAILABLE: RefusalEntry = RefusalEntry {
    status: 503,
    code: "outbox-unavailable",
    vi: "kho yêu cầu gửi đối tác chưa đọc, ghi được; hãy thử lại sau",
    en: "the outbox cannot be read or written; retry later",
};

/// Filter and page of the requests.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestsQuery {
    /// State of the requests; all if absent.
    state: Option<RequestState>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(minimum = 0)]
    after: Option<u64>,
}

/// State of a request to a partner.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RequestState {
    /// It is sent, or sent again, at `next_at`.
    Waiting,
    /// The partner answered.
    Done,
    /// It is not sent again until an operator replays it.
    GivenUp,
    /// An operator cancelled it.
    Cancelled,
}

impl From<State> for RequestState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Done => Self::Done,
            State::GivenUp => Self::GivenUp,
            State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<RequestState> for State {
    fn from(state: RequestState) -> Self {
        match state {
            RequestState::Waiting => Self::Waiting,
            RequestState::Done => Self::Done,
            RequestState::GivenUp => Self::GivenUp,
            RequestState::Cancelled => Self::Cancelled,
        }
    }
}

/// What an operator did with a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestChangeReply {
    /// Whether it was cancelled or sent again.
    change: RequestChange,
    /// The operator.
    by: Subject,
    /// Time of the change.
    at: Option<Timestamp>,
}

/// A request to a partner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerRequestReply {
    /// Id of the request; it begins with what it is for.
    #[schema(example = "pay-0671ca1f-4813-537f-a30f-6feb4aec6841")]
    request: String,
    /// Id of the dossier.
    #[schema(value_type = DossierId)]
    dossier: String,
    /// State of the request.
    state: RequestState,
    /// Time at which it was added or replayed.
    added_at: Timestamp,
    /// Time before which it is not sent again; null if it does not wait.
    next_at: Option<Timestamp>,
    /// Tries that were begun.
    tries: u32,
    /// Begin of the newest try.
    tried_at: Option<Timestamp>,
    /// Result of the newest try; null if the process ended during it, or there is none.
    #[schema(example = "status 500")]
    result: Option<String>,
    /// What an operator did with it last; null if no one did.
    changed: Option<RequestChangeReply>,
}

impl PartnerRequestReply {
    fn new(entry: Entry, newest: Option<Try>, changed: Option<RequestChangeReply>) -> Self {
        let (tried_at, result) =
            newest.map_or((None, None), |one| (Some(one.begun_at), one.result));
        Self {
            request: entry.request.id,
            dossier: entry.request.about,
            state: entry.state.into(),
            added_at: entry.added_at,
            next_at: (entry.state == State::Waiting).then_some(entry.next_at),
            tries: entry.tries,
            tried_at,
            result,
            changed,
        }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/partners/{partner}/requests",
        "get_partner_requests",
        "List the requests to a payment partner",
    )
    .describe("The oldest first. Those that ended are kept for 30 days.")
    .parameter("partner", "Name of the partner.")
    .roles(RUN_REQUESTS)
    .impersonal("ids, states, times and technical results")
    .query::<RequestsQuery>()
    .refusals(&[OUTBOX_UNAVAILABLE])
    .list::<PartnerRequestReply>()
    .pages()
    .handle(handle)
}

async fn handle(app: Arc<App>, name: String, request: Request) -> Result<Reply, Problem> {
    let query: RequestsQuery = request.query()?;
    app.desk.partners.get(&name).ok_or_else(Problem::not_found)?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let filter = Filter {
        partner: Some(name.clone()),
        state: query.state.map(Into::into),
        after: i64::try_from(query.after.unwrap_or(0)).unwrap_or(i64::MAX),
    };
    let outbox = &app.desk.outbox;
    let max = usize::try_from(limit).unwrap_or(usize::MAX);
    let entries = outbox.list(filter, max).await.map_err(|error| unavailable(&error))?;
    let last = entries.last().map_or(0, |entry| entry.place);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        rows.push(shown(&app, entry).await?);
    }
    let address = format!("/v1/partners/{name}/requests");
    let next = request.page_after(&address, (&rows, limit), |_| last.to_string());
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// A request with its newest try.
pub(super) async fn shown(app: &App, entry: Entry) -> Result<PartnerRequestReply, Problem> {
    let tries = app.desk.outbox.tries(&entry.request.id).await;
    let newest = tries.map_err(|error| unavailable(&error))?.pop();
    let changed = operated::newest(app.payments.engine(), &entry.request.id).await?;
    let changed = changed.map(|(PartnerRequestChanged { change, by, .. }, at)| {
        RequestChangeReply { change, by, at }
    });
    Ok(PartnerRequestReply::new(entry, newest, changed))
}

/// Changes a request, and records who did; `refused` if its state does not permit it. The event
/// comes first, so that no change is without one; the same command again has the same outcome.
pub(super) async fn changed(
    app: &App,
    (name, id): (&str, &str),
    request: &Request,
    (change, refused): (RequestChange, RefusalEntry),
) -> Result<Reply, Problem> {
    let (engine, outbox, caller) = (app.payments.engine(), &app.desk.outbox, request.caller()?);
    let command = request.derived_id(caller, &format!("partner-request/{id}/{change:?}"))?;
    let known = operated::known(engine, id, command).await?;
    let Entry { state, added_at, .. } = found(app, name, id).await?;
    let is_permitted = match change {
        RequestChange::Cancelled => matches!(state, State::Waiting | State::GivenUp),
        RequestChange::Replayed => matches!(state, State::GivenUp | State::Cancelled),
    };
    if !is_permitted && known.is_none() {
        return Err(Problem::new(refused));
    }
    let by = caller.subject.clone();
    let event =
        PartnerRequestChanged { request: id.to_owned(), partner: name.to_owned(), change, by };
    let actor = Actor::new(caller.subject.clone(), Role::Operator, None);
    operated::record(engine, event, (actor, command)).await.map_err(not_recorded)?;
    let now = engine.time()?;
    let changed = match change {
        RequestChange::Cancelled => outbox.cancel(id, now).await,
        // The same command does not send it a third time.
        RequestChange::Replayed if known.is_some_and(|at| at <= added_at) => Ok(true),
        RequestChange::Replayed => outbox.replay(id, now).await,
    };
    if !changed.map_err(|error| unavailable(&error))? && known.is_none() {
        return Err(Problem::new(refused));
    }
    app.desk.added.notify_one();
    let by = caller.subject.as_str();
    tracing::info!(
        partner = name,
        request = id,
        by,
        ?change,
        "request to a partner changed by an operator"
    );
    let entry = found(app, name, id).await?;
    Ok(Reply::ok(&shown(app, entry).await?))
}

/// The request with this id, if it is one to the partner.
pub(super) async fn found(app: &App, partner: &str, id: &str) -> Result<Entry, Problem> {
    let entry = app.desk.outbox.get(id).await.map_err(|error| unavailable(&error))?;
    let entry = entry.filter(|entry| entry.request.partner == partner);
    entry.ok_or_else(Problem::not_found)
}

fn not_recorded(error: operated::NotRecorded) -> Problem {
    match error {
        operated::NotRecorded::Clock(error) => error.into(),
        operated::NotRecorded::Append(error) => error.into(),
        operated::NotRecorded::Read(error) => error.into(),
    }
}

pub(super) fn unavailable(error: &StoreError) -> Problem {
    tracing::error!(%error, "outbox unavailable; refusing the request");
    Problem::new(OUTBOX_UNAVAILABLE)
}
