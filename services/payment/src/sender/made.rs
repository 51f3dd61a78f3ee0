//! Makes requests from what is in the log at present.

use dossier::payment::Payment;
use engine::Streams;
use engine::tasks::Stalled;
use jiff::{SignedDuration, Timestamp};
use outbox::{Entry, Policy, State};
use partners::{Outgoing, Start, Unable};

use super::Sender;
use crate::limits::OPEN_FOR_MIN;
use crate::orders::{Asked, Order};
use crate::partners::Known;
use crate::sends::Way;
use crate::work::Work;

/// A request that can be sent.
pub(super) struct Made {
    pub(super) outgoing: Outgoing,
    /// Whether a refund is sent or asked for.
    pub(super) way: Way,
}

/// Why a request is not made.
pub(super) enum Unmade {
    /// It has no purpose any more.
    Over,
    /// The partner cannot be asked for it; it has not got it from an earlier try either.
    Unable(Unable),
    /// The partner cannot be asked what became of an earlier try.
    Unasked(Unable),
    /// What it is about is not in the log, or its partner is not configured.
    Unknown(&'static str),
}

impl Unmade {
    /// The state of the request, and why.
    pub(super) fn ends(&self) -> (State, String) {
        match self {
            Self::Over => (State::Done, "the outcome is known".to_owned()),
            Self::Unable(unable) | Self::Unasked(unable) => (State::GivenUp, because(unable)),
            Self::Unknown(why) => (State::GivenUp, (*why).to_owned()),
        }
    }

    /// Whether the partner certainly has not got the request.
    pub(super) const fn is_unsent(&self) -> bool {
        matches!(self, Self::Unable(_))
    }
}

impl Sender {
    /// The request, from what is in the log at present.
    pub(super) async fn made(
        &self,
        entry: &Entry,
        work: Work,
        now: Timestamp,
    ) -> Result<Result<Made, Unmade>, Stalled> {
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
            Work::Refund { refund, .. } => {
                let of = (&loaded.state, attempt, refund);
                return self.refund_made(known, of, now).await;
            }
        };
        Ok(made.map(|outgoing| Made { outgoing, way: Way::First }))
    }
}

/// A payer does not wait for days: after [`OPEN_FOR_MIN`] the partner is asked instead.
pub(super) fn policy(known: &Known, work: Work) -> Policy {
    let policy = Policy::of(&known.partner.limits);
    match work {
        Work::Pay { .. } => {
            let retry_for = policy.retry_for.min(SignedDuration::from_mins(OPEN_FOR_MIN));
            Policy { retry_for, ..policy }
        }
        Work::Query { .. } | Work::Refund { .. } => policy,
    }
}

/// Why a request cannot be made.
fn because(unable: &Unable) -> String {
    match unable {
        Unable::Values(findings) => format!("{unable}: {findings}"),
        Unable::NotOffered(_) | Unable::NoSecret => unable.to_string(),
    }
}
