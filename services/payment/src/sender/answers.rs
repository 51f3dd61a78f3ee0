//! Records what partners answer, and that a request was given up.

use dossier::contract::{PaymentId, Source};
use dossier::payment::open_payment::OpenPayment;
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment::{Attempt, Payment};
use engine::tasks::Stalled;
use engine::{CommandEnvelope, Streams};
use outbox::Entry;
use partners::{Rejected, Response};
use uuid::Uuid;

use super::{Sender, Tried};
use crate::orders::{Asked, Order};
use crate::partners::Known;
use crate::record::Report;
use crate::work::Work;

/// What a response means, in words.
pub(super) enum Answered {
    /// The request has its outcome.
    Done(String),
    /// The partner works on it, or has not got it: it is asked, or sent, again.
    Open(String),
    /// Nothing: it is no response of the partner in the form of its scheme.
    Strange(String),
}

impl Sender {
    /// Records a response.
    pub(super) async fn answered(
        &self,
        known: &Known,
        tried: &Tried,
        response: Response<'_>,
    ) -> Result<Answered, Stalled> {
        let stream = Streams::<Payment>::of(tried.work.dossier().0);
        let loaded = self.reports.payments.load(&stream).await?;
        let (payment, state) = (tried.work.payment(), &loaded.state);
        let Some(attempt) = state.attempts.get(&payment) else {
            return Ok(Answered::Strange("there is no such attempt".to_owned()));
        };
        match tried.work {
            Work::Pay { .. } => {
                let order = Order::of(&self.desk.partners, state, attempt, (None, false));
                let Some(order) = order else {
                    return Ok(Answered::Strange("there is no fee".to_owned()));
                };
                self.opened(known, (tried.work, payment), &order, response).await
            }
            Work::Query { .. } => {
                let asked = Asked::new(attempt, tried.work.request(), tried.begun_at);
                self.queried(known, &asked, response).await
            }
            Work::Refund { refund, .. } => {
                let of: (&Payment, &Attempt, Uuid) = (state, attempt, refund);
                self.refund_answered(known, tried, of, response).await
            }
        }
    }

    /// The partner has begun a payment.
    async fn opened(
        &self,
        known: &Known,
        (work, payment): (Work, PaymentId),
        order: &Order,
        response: Response<'_>,
    ) -> Result<Answered, Stalled> {
        let (partner, secrets) = (&known.partner, &known.secrets);
        let next_url = match partner.scheme().opened(partner, secrets, &order.order(), response) {
            Ok(next_url) => next_url,
            Err(rejected) => return Ok(Answered::Strange(reason(&rejected))),
        };
        self.execute(work, "", &OpenPayment { payment, next_url }).await?;
        self.desk.opened.notify_waiters();
        Ok(Answered::Done("opened".to_owned()))
    }

    /// The partner has told what became of a payment.
    async fn queried(
        &self,
        known: &Known,
        asked: &Asked,
        response: Response<'_>,
    ) -> Result<Answered, Stalled> {
        let (partner, secrets) = (&known.partner, &known.secrets);
        let queried = partner.scheme().queried(partner, secrets, asked.question(), response);
        let notice = match queried {
            Ok(notice) => notice,
            Err(rejected) => return Ok(Answered::Strange(reason(&rejected))),
        };
        let message = Some(String::from_utf8_lossy(response.body).into_owned());
        let report = Report { partner: &partner.name, notice: &notice, message };
        let recorded = self.reports.record(report).await;
        recorded.map_err(|error| Stalled::Outside(error.to_string()))?;
        Ok(Answered::Done(format!("answered: {}", notice.code)))
    }

    /// A payment that a partner did not begin has failed: the payer can begin another one. If the
    /// partner begins it all the same, a capture still counts. A refund that was certainly not sent
    /// is refused; of any other one a cashier has to find out what became of it.
    pub(super) async fn given_up(
        &self,
        entry: &Entry,
        work: Option<Work>,
        (why, unsent): (&str, bool),
    ) -> Result<(), Stalled> {
        let (partner, request) = (&*entry.request.partner, &*entry.request.id);
        tracing::warn!(partner, request, why, "request to a partner given up");
        match work {
            Some(work @ Work::Pay { payment, .. }) => {
                let stream = Streams::<Payment>::of(work.dossier().0);
                let loaded = self.reports.payments.load(&stream).await?;
                let attempt = loaded.state.attempts.get(&payment);
                if let Some(share) = attempt.and_then(|attempt| attempt.started.order.as_ref()) {
                    let ended = self.reports.not_begun(share.order, work.request()).await;
                    ended.map_err(|error| Stalled::Outside(error.to_string()))?;
                    self.desk.opened.notify_waiters();
                    return Ok(());
                }
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
                self.execute(work, "", &command).await?;
                self.desk.opened.notify_waiters();
            }
            Some(work @ Work::Refund { .. }) if unsent => {
                self.refund_unsent(partner, work, why).await?;
            }
            Some(Work::Query { .. } | Work::Refund { .. }) | None => {}
        }
        Ok(())
    }

    /// Executes a command; `outcome` tells apart commands of one step that follow from one request.
    pub(super) async fn execute<C: dossier::Command<State = Payment>>(
        &self,
        work: Work,
        outcome: &str,
        command: &C,
    ) -> Result<(), Stalled>
    where
        C::Refusal: std::fmt::Debug,
    {
        let stream = Streams::<Payment>::of(work.dossier().0);
        let name = format!("{}{outcome}", C::STEP.name);
        let id = Uuid::new_v5(&work.request(), name.as_bytes());
        let envelope =
            CommandEnvelope::by_service(crate::NAME, stream, id).about(Some(work.dossier()));
        match self.reports.payments.execute(&envelope, command).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(Stalled::Outside(format!("cannot be recorded: {failure:?}"))),
        }
    }
}

/// What is wrong with a response.
pub(super) fn reason(rejected: &Rejected) -> String {
    match rejected {
        Rejected::Signature(wrong) => wrong.to_string(),
        Rejected::Content(findings) => findings.to_string(),
        Rejected::NotOffered(_) => rejected.to_string(),
    }
}
