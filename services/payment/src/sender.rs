//! Sends what is owed to partners: one task, with a lane for each partner. A request is made and
//! signed at each try. What the partner answered is recorded in the log before the try ends in the
//! outbox; after a crash in between, the same request with the same id is sent again, and what it
//! leads to has been recorded already.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::contract::Source;
use dossier::payment::Payment;
use dossier::payment::open_payment::OpenPayment;
use dossier::payment::take_notice::{Said, TakeNotice};
use engine::tasks::{BoxFuture, Next, Stalled, Task};
use engine::{CommandEnvelope, Engine, Streams};
use events::Position;
use jiff::{SignedDuration, Timestamp};
use outbox::{
    Called, Ended, Entry, Lane, Permit, Policy, State, StoreError, TryResult, Verdict, after, call,
};
use partners::{Outgoing, Rejected, Response, Start, Unable};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::limits::{
    CALLS_MAX, OPEN_FOR_MIN, PRUNED_EVERY_MIN, REASON_CHARS_MAX, SENDER_WAIT_MAX, TRY_MARGIN_S,
};
use crate::orders::{Asked, Order};
use crate::owed::Desk;
use crate::partners::Known;
use crate::record::{Report, Reports};
use crate::work::Work;

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
    called: Called,
}

/// Why a request is not made.
enum Unmade {
    /// It has no purpose any more.
    Over,
    Unable(Unable),
    /// What it is about is not in the log, or its partner is not configured.
    Unknown(&'static str),
}

impl Sender {
    pub(crate) fn new(reports: Reports, desk: &Arc<Desk>) -> Self {
        let lane = |known: &Known| {
            (known.partner.name.clone(), Lane::new(Policy::of(&known.partner.limits)))
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
        let (Ok(outgoing), Some(work), Some(known)) = (&made, work, known) else {
            let (state, result) = match made {
                Err(Unmade::Over) => (State::Done, "the outcome is known".to_owned()),
                Err(Unmade::Unable(unable)) => (State::GivenUp, because(&unable)),
                Err(Unmade::Unknown(why)) => (State::GivenUp, why.to_owned()),
                Ok(_) => (State::GivenUp, "the partner is not configured".to_owned()),
            };
            if state == State::GivenUp {
                self.given_up(&entry, work, &result).await?;
            }
            let ended = Ended { result, response: Vec::new(), state, again_at: now };
            return self.desk.outbox.end((&id, number), ended, now).await.map_err(stalled);
        };
        if let Some(lane) = self.lanes.get_mut(&entry.request.partner) {
            lane.begin(now);
        }
        let (partner, outgoing) = (known.partner.clone(), outgoing.clone());
        self.calls.spawn_blocking(move || {
            let called = call(&partner, &outgoing);
            Tried { entry, work, number, begun_at: now, called }
        });
        Ok(())
    }

    /// The request, from what is in the log at present.
    async fn made(
        &self,
        entry: &Entry,
        work: Work,
        now: Timestamp,
    ) -> Result<Result<Outgoing, Unmade>, Stalled> {
        let stream = Streams::<Payment>::of(work.dossier().0);
        let loaded = self.reports.payments.load(&stream).await?;
        let Some(known) = self.desk.partners.get(&entry.request.partner) else {
            return Ok(Err(Unmade::Unknown("the partner is not configured")));
        };
        let Some(attempt) = work.open(&loaded.state) else { return Ok(Err(Unmade::Over)) };
        let made = match work {
            // Meanwhile the payer may have begun another one.
            Work::Pay { .. } if now.duration_since(entry.added_at).as_mins() >= OPEN_FOR_MIN => {
                Err(Unmade::Unknown("the partner did not work for too long"))
            }
            Work::Pay { .. } => {
                let order = Order::of(&self.desk.partners, &loaded.state, attempt, (None, false));
                match order.map(|order| order.start(known)) {
                    Some(Ok(Start::Call(outgoing))) => Ok(outgoing),
                    Some(Err(unable)) => Err(Unmade::Unable(unable)),
                    _ => Err(Unmade::Unknown("the partner is not called to begin a payment")),
                }
            }
            Work::Query { .. } => {
                let asked = Asked::new(attempt, work.request(), now);
                asked.query(known).map_err(Unmade::Unable)
            }
        };
        Ok(made)
    }

    /// Records what a partner answered, then the end of the try.
    async fn ended(&mut self, tried: Tried) -> Result<(), Stalled> {
        let Tried { entry, work, number, begun_at, called } = tried;
        let now = self.engine().time()?;
        let partner = entry.request.partner.clone();
        if let Some(lane) = self.lanes.get_mut(&partner) {
            lane.end(&called.result, now);
        }
        let Some(known) = self.desk.partners.get(&partner).cloned() else { return Ok(()) };
        let (result, text) = match (&called.result, called.status) {
            (TryResult::Response { status, retry_after, .. }, Some(200..=299)) => {
                let response = Response { status: *status, body: &called.body };
                let answered = self.answered(&known, work, response, begun_at).await?;
                let understood = answered.is_ok();
                let (status, retry_after) = (*status, *retry_after);
                let text = answered.unwrap_or_else(|why| format!("not understood: {why}"));
                (TryResult::Response { status, understood, retry_after }, text)
            }
            (TryResult::Response { status, .. }, _) => {
                (called.result.clone(), format!("status {status}"))
            }
            (TryResult::NoResponse(why) | TryResult::Blocked(why), _) => {
                (called.result.clone(), why.clone())
            }
        };
        let random = u32::from_be_bytes(
            *Uuid::new_v5(&work.request(), &number.to_be_bytes())
                .as_bytes()
                .first_chunk()
                .unwrap_or(&[0; 4]),
        );
        let policy = policy(&known, work);
        let (state, again_at) = match after(&policy, &result, (number, entry.added_at), now, random)
        {
            Verdict::Done => (State::Done, now),
            Verdict::Again(at) => (State::Waiting, at),
            Verdict::GivenUp => (State::GivenUp, now),
        };
        let text = shortened(&text);
        if state == State::GivenUp {
            self.given_up(&entry, Some(work), &text).await?;
        }
        let ended = Ended { result: text, response: called.body, state, again_at };
        self.desk.outbox.end((&entry.request.id, number), ended, now).await.map_err(stalled)
    }

    /// Records a response; its meaning in words, or why it has none.
    async fn answered(
        &self,
        known: &Known,
        work: Work,
        response: Response<'_>,
        begun_at: Timestamp,
    ) -> Result<Result<String, String>, Stalled> {
        let stream = Streams::<Payment>::of(work.dossier().0);
        let loaded = self.reports.payments.load(&stream).await?;
        let (partner, secrets) = (&known.partner, &known.secrets);
        match work {
            Work::Pay { payment, .. } => {
                let Some(attempt) = loaded.state.attempts.get(&payment) else {
                    return Ok(Err("there is no such attempt".to_owned()));
                };
                let order = Order::of(&self.desk.partners, &loaded.state, attempt, (None, false));
                let Some(order) = order else { return Ok(Err("there is no fee".to_owned())) };
                let opened = partner.scheme().opened(partner, secrets, &order.order(), response);
                let next_url = match opened {
                    Ok(next_url) => next_url,
                    Err(rejected) => return Ok(Err(reason(&rejected))),
                };
                self.execute(work, &OpenPayment { payment, next_url }).await?;
                self.desk.opened.notify_waiters();
                Ok(Ok("opened".to_owned()))
            }
            Work::Query { payment, .. } => {
                let Some(attempt) = loaded.state.attempts.get(&payment) else {
                    return Ok(Err("there is no such attempt".to_owned()));
                };
                let asked = Asked::new(attempt, work.request(), begun_at);
                let queried =
                    partner.scheme().queried(partner, secrets, asked.question(), response);
                let notice = match queried {
                    Ok(notice) => notice,
                    Err(rejected) => return Ok(Err(reason(&rejected))),
                };
                let message = Some(String::from_utf8_lossy(response.body).into_owned());
                let report = Report { partner: &partner.name, notice: &notice, message };
                let recorded = self.reports.record(report).await;
                recorded.map_err(|error| Stalled::Outside(error.to_string()))?;
                Ok(Ok(format!("answered: {}", notice.code)))
            }
        }
    }

    /// A payment that a partner did not begin has failed: the payer can begin another one. If the
    /// partner begins it all the same, a capture still counts.
    async fn given_up(&self, entry: &Entry, work: Option<Work>, why: &str) -> Result<(), Stalled> {
        let (partner, request) = (&*entry.request.partner, &*entry.request.id);
        tracing::warn!(partner, request, why, "request to a partner given up");
        if let Some(work @ Work::Pay { payment, .. }) = work {
            let command = TakeNotice {
                payment,
                provider: partner.to_owned(),
                provider_event: format!("not-opened-{}", payment.0),
                transaction: None,
                source: Source::Query,
                said: Said::Failed("not-opened".to_owned()),
                paid_at: None,
                message: None,
            };
            self.execute(work, &command).await?;
            self.desk.opened.notify_waiters();
        }
        Ok(())
    }

    async fn execute<C: dossier::Command<State = Payment>>(
        &self,
        work: Work,
        command: &C,
    ) -> Result<(), Stalled>
    where
        C::Refusal: std::fmt::Debug,
    {
        let stream = Streams::<Payment>::of(work.dossier().0);
        let id = Uuid::new_v5(&work.request(), C::STEP.name.as_bytes());
        let envelope =
            CommandEnvelope::by_service(crate::NAME, stream, id).about(Some(work.dossier()));
        match self.reports.payments.execute(&envelope, command).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(Stalled::Outside(format!("cannot be recorded: {failure:?}"))),
        }
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

/// A payer does not wait for days: after [`OPEN_FOR_MIN`] the partner is asked instead.
fn policy(known: &Known, work: Work) -> Policy {
    let policy = Policy::of(&known.partner.limits);
    match work {
        Work::Pay { .. } => {
            let retry_for = policy.retry_for.min(SignedDuration::from_mins(OPEN_FOR_MIN));
            Policy { retry_for, ..policy }
        }
        Work::Query { .. } => policy,
    }
}

fn stalled(error: StoreError) -> Stalled {
    Stalled::Outside(error.to_string())
}

/// What is wrong with a response.
fn reason(rejected: &Rejected) -> String {
    match rejected {
        Rejected::Signature(wrong) => wrong.to_string(),
        Rejected::Content(findings) => findings.to_string(),
        Rejected::NotOffered(_) => rejected.to_string(),
    }
}

/// Why a request cannot be made.
fn because(unable: &Unable) -> String {
    match unable {
        Unable::Values(findings) => format!("{unable}: {findings}"),
        Unable::NotOffered(_) | Unable::NoSecret => unable.to_string(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(REASON_CHARS_MAX).collect()
}
