//! Sends what is owed to partners: one task, with a lane for each partner. A request is made and
//! signed at each try. What the partner answered is recorded in the log before the try ends in the
//! outbox; after a crash in between, the same request with the same id is sent again, and what it
//! leads to has been recorded already.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::Engine;
use engine::tasks::{BoxFuture, Next, Stalled, Task};
use events::Position;
use jiff::{SignedDuration, Timestamp};
use outbox::{
    Called, Ended, Entry, Lane, Permit, Policy, State, StoreError, TryResult, Verdict, after, call,
};
use partners::Response;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::answers::Answered;
use self::made::{Made, Unmade, policy};
use crate::limits::{CALLS_MAX, PRUNED_EVERY_MIN, REASON_CHARS_MAX, SENDER_WAIT_MAX, TRY_MARGIN_S};
use crate::owed::Desk;
use crate::partners::Known;
use crate::record::Reports;
use crate::sends::Way;
use crate::work::Work;

mod answers;
mod made;
mod refunds;

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Sender {
    reports: Reports,
    desk: Arc<Desk>,
    lanes: BTreeMap<String, Lane>,
    calls: JoinSet<Tried>,
    pruned_at: Timestamp,
}

/// A request that was sent.
#[derive(Debug)]
struct Tried {
    entry: Entry,
    work: Work,
    number: u32,
    begun_at: Timestamp,
    way: Way,
    /// The term of [`crate::sends::Sends`] in which it was sent.
    term: u64,
    called: Called,
}

impl Sender {
    pub(crate) fn new(reports: Reports, desk: &Arc<Desk>) -> Self {
        let partners = desk.partners.enabled().count();
        let lane = |known: &Known| {
            let policy = Policy::of(&known.partner.limits).shared(CALLS_MAX, partners);
            (known.partner.name.clone(), Lane::new(policy))
        };
        let lanes = desk.partners.enabled().map(lane).collect();
        let (calls, pruned_at) = (JoinSet::new(), Timestamp::MIN);
        Self { reports, desk: Arc::clone(desk), lanes, calls, pruned_at }
    }

    fn engine(&self) -> &Arc<Engine> {
        self.reports.payments.engine()
    }

    async fn advance(&mut self) -> Result<Next, Stalled> {
        let now = self.engine().time()?;
        self.desk.sends.renew(self.engine().store.head(), now);
        while let Some(tried) = self.calls.try_join_next() {
            if let Ok(tried) = tried {
                self.ended(tried).await?;
            }
        }
        let wake_at = self.begin_all(now).await?;
        self.measure().await?;
        if self.calls.is_empty() {
            self.prune(now).await?;
            return Ok(Next::Idle { done: Position(u64::MAX), wake_at });
        }
        let next = async {
            tokio::select! {
                tried = self.calls.join_next() => tried,
                () = self.desk.added.notified() => None,
            }
        };
        if let Ok(Some(Ok(tried))) = tokio::time::timeout(SENDER_WAIT_MAX, next).await {
            self.ended(tried).await?;
        }
        Ok(Next::More)
    }

    /// Sends what is due and permitted; gives the time of the next request.
    async fn begin_all(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Stalled> {
        let mut wake_at: Option<Timestamp> = None;
        let names: Vec<String> = self.lanes.keys().cloned().collect();
        for name in names {
            while self.calls.len() < CALLS_MAX {
                let permit = self.lanes.get(&name).map_or(Permit::Full, |lane| lane.permit(now));
                let due = match permit {
                    Permit::Full => break,
                    Permit::Now => self.desk.outbox.due(&name, now, 1).await.map_err(stalled)?,
                    Permit::At(_) => Vec::new(),
                };
                if let Some(entry) = due.into_iter().next() {
                    self.begin(entry, now).await?;
                    continue;
                }
                let next = self.desk.outbox.next_at(&name).await.map_err(stalled)?;
                let next = next.map(|next| match permit {
                    Permit::At(at) => next.max(at),
                    Permit::Now | Permit::Full => next,
                });
                wake_at = [wake_at, next].into_iter().flatten().min();
                break;
            }
        }
        Ok(wake_at)
    }

    /// Makes a request and sends it.
    async fn begin(&mut self, entry: Entry, now: Timestamp) -> Result<(), Stalled> {
        let work: Option<Work> = serde_json::from_str(&entry.request.work).ok();
        let made = match work {
            Some(work) => self.made(&entry, work, now).await?,
            None => Err(Unmade::Unknown("the request cannot be decoded")),
        };
        let known = self.desk.partners.get(&entry.request.partner);
        let timeout = known.map_or(0, |known| i64::from(known.partner.limits.timeout_seconds));
        let wait = SignedDuration::from_secs(timeout.saturating_add(TRY_MARGIN_S));
        let not_before = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let id = entry.request.id.clone();
        let begun = self.desk.outbox.begin(&id, now, not_before).await.map_err(stalled)?;
        // Another process has it, or it was cancelled.
        let Some(number) = begun else { return Ok(()) };
        let (Ok(Made { outgoing, way }), Some(work), Some(known)) = (&made, work, known) else {
            let unmade = made.err().unwrap_or(Unmade::Unknown("the partner is not configured"));
            let (state, result) = unmade.ends();
            if state == State::GivenUp {
                self.given_up(&entry, work, (&result, unmade.is_unsent())).await?;
            }
            let ended = Ended { result, response: Vec::new(), state, again_at: now };
            return self.desk.outbox.end((&id, number), ended, now).await.map_err(stalled);
        };
        let Some(term) = self.permitted(work, *way, now) else {
            let result = "another process may have sent it".to_owned();
            let ended =
                Ended { result, response: Vec::new(), state: State::Waiting, again_at: now };
            return self.desk.outbox.end((&id, number), ended, now).await.map_err(stalled);
        };
        if let Some(lane) = self.lanes.get_mut(&entry.request.partner) {
            lane.begin(now);
        }
        let (partner, outgoing, way) = (known.partner.clone(), outgoing.clone(), *way);
        self.calls.spawn_blocking(move || {
            let called = call(&partner, &outgoing);
            Tried { entry, work, number, begun_at: now, way, term, called }
        });
        Ok(())
    }

    /// Records what a partner answered, then the end of the try.
    async fn ended(&mut self, mut tried: Tried) -> Result<(), Stalled> {
        if tried.way == Way::First && !self.is_first(&tried) {
            tried.way = Way::Again;
        }
        let now = self.engine().time()?;
        let partner = tried.entry.request.partner.clone();
        if let Some(lane) = self.lanes.get_mut(&partner) {
            lane.end(&tried.called.result, now);
        }
        let Some(known) = self.desk.partners.get(&partner).cloned() else { return Ok(()) };
        let (result, text, is_open) = self.understood(&known, &tried).await?;
        let Tried { entry, work, number, way, called, .. } = tried;
        let seed = Uuid::new_v5(&work.request(), &number.to_be_bytes());
        let random = u32::from_be_bytes(*seed.as_bytes().first_chunk().unwrap_or(&[0; 4]));
        let since = (number, entry.added_at);
        let (state, again_at) = match after(&policy(&known, work), &result, since, now, random) {
            Verdict::Done => (State::Done, now),
            Verdict::Again(at) => (State::Waiting, at),
            Verdict::GivenUp => (State::GivenUp, now),
        };
        // The partner has not got the refund, and it may be sent.
        let is_absent = way == Way::Ask
            && matches!(work, Work::Refund { refund, .. }
                if self.desk.sends.way(refund) == Way::Again);
        let again_at = if is_absent { now } else { again_at };
        let text = shortened(&text);
        let request = &*entry.request.id;
        match state {
            State::GivenUp => {
                let unsent = way == Way::First && matches!(called.result, TryResult::Blocked(_));
                self.given_up(&entry, Some(work), (&text, unsent)).await?;
            }
            // An operator sees it before the breaker opens; the tries after it are in the list.
            State::Waiting if number == 1 && !is_open => {
                tracing::warn!(partner, request, why = text, %again_at, "request to a partner failed; retrying");
            }
            State::Waiting | State::Done | State::Cancelled => {}
        }
        let ended = Ended { result: text, response: called.body, state, again_at };
        self.desk.outbox.end((request, number), ended, now).await.map_err(stalled)
    }

    /// The result of a try with what the response means, in words too, and whether the partner
    /// works on it.
    async fn understood(
        &self,
        known: &Known,
        tried: &Tried,
    ) -> Result<(TryResult, String, bool), Stalled> {
        let called = &tried.called;
        let (status, retry_after) = match &called.result {
            TryResult::Response { status, retry_after, .. } => (*status, *retry_after),
            TryResult::NoResponse(why) | TryResult::Blocked(why) => {
                return Ok((called.result.clone(), why.clone(), false));
            }
        };
        // Partners refuse refunds, and do not know them, with statuses of refusals too.
        let is_refund = matches!(tried.work, Work::Refund { .. });
        if !((200..=299).contains(&status) || is_refund && is_refusal(&called.result)) {
            return Ok(unclear(tried, called.result.clone(), format!("status {status}")));
        }
        let response = Response { status, body: &called.body };
        let with = |status, understood| TryResult::Response { status, understood, retry_after };
        Ok(match self.answered(known, tried, response).await? {
            Answered::Done(text) => (with(200, true), text, false),
            Answered::Open(text) => (with(200, false), text, true),
            Answered::Strange(why) => {
                unclear(tried, with(status, false), format!("not understood: {why}"))
            }
        })
    }

    /// The term in which a request is sent; `None` if this process may not send it any more.
    fn permitted(&self, work: Work, way: Way, now: Timestamp) -> Option<u64> {
        match work {
            Work::Refund { refund, .. } if way != Way::Ask => {
                self.desk.sends.begin(refund, way, now)
            }
            Work::Pay { .. } | Work::Query { .. } | Work::Refund { .. } => Some(0),
        }
    }

    /// Whether nobody else can have sent a refund before or since.
    fn is_first(&self, tried: &Tried) -> bool {
        !matches!(tried.work, Work::Refund { .. }) || self.desk.sends.is_in(tried.term)
    }

    /// Updates the metrics.
    async fn measure(&self) -> Result<(), Stalled> {
        let counts = self.desk.outbox.counts().await.map_err(stalled)?;
        let metrics = &self.engine().metrics;
        for (partner, lane) in &self.lanes {
            let count = |state| {
                let mut of =
                    counts.iter().filter(|(name, one, _)| name == partner && *one == state);
                of.next().map_or(0, |(.., count)| *count)
            };
            let label = Some(("partner", &**partner));
            let help = "Requests to a partner that wait to be sent";
            metrics.set("outbox_waiting", help, label, count(State::Waiting));
            let help = "Requests to a partner that were given up and wait for a person";
            metrics.set("outbox_given_up", help, label, count(State::GivenUp));
            let help = "1 while a partner does not work and is called rarely";
            metrics.set("lane_open", help, label, u64::from(lane.is_open()));
            self.desk.breakers.set(partner, lane.is_open());
        }
        Ok(())
    }

    async fn prune(&mut self, now: Timestamp) -> Result<(), Stalled> {
        let again_at = self.pruned_at.checked_add(SignedDuration::from_mins(PRUNED_EVERY_MIN));
        if again_at.is_ok_and(|at| at <= now) || self.pruned_at == Timestamp::MIN {
            self.desk.outbox.prune(now).await.map_err(stalled)?;
            self.pruned_at = now;
        }
        Ok(())
    }
}

impl Task for Sender {
    fn name(&self) -> &'static str {
        "payment-sender"
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.advance())
    }

    fn woken<'a>(&'a mut self, _engine: &'a Engine, _done: Position) -> BoxFuture<'a, ()> {
        Box::pin(self.desk.added.notified())
    }
}

/// A response without a meaning. Of a refund that was sent it decides nothing: the partner is
/// asked.
fn unclear(tried: &Tried, result: TryResult, text: String) -> (TryResult, String, bool) {
    let is_sent = matches!(tried.work, Work::Refund { .. }) && tried.way != Way::Ask;
    let result =
        if is_sent && result.is_answer() { TryResult::NoResponse(text.clone()) } else { result };
    (result, text, false)
}

/// Whether a server refused a request, which is not repeated.
const fn is_refusal(result: &TryResult) -> bool {
    match result {
        TryResult::Response { status, .. } => {
            matches!(status, 400..=499) && !matches!(status, 408 | 425 | 429)
        }
        TryResult::Blocked(_) => true,
        TryResult::NoResponse(_) => false,
    }
}

fn stalled(error: StoreError) -> Stalled {
    Stalled::Outside(error.to_string())
}

fn shortened(text: &str) -> String {
    text.chars().take(REASON_CHARS_MAX).collect()
}
