//! Sends refunds, and asks what became of them. A refund is sent only if it certainly was not sent
//! before: as the first try, or after the partner has said that it has no such refund. After a lost
//! response, or a crash, the partner is asked.

use dossier::contract::{Personal, RefundOutcome, Source, Vnd};
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment::{Attempt, Payment, RefundSaid, SentRefund};
use engine::tasks::Stalled;
use jiff::Timestamp;
use outbox::Entry;
use partners::{Notice, Outcome, Response};
use uuid::Uuid;

use super::answers::{Answered, reason};
use super::made::{Made, Unmade};
use super::{Sender, Tried, stalled};
use crate::limits::SENT_AT_ONCE_S;
use crate::orders::Returned;
use crate::partners::Known;
use crate::work::Work;

/// Result of a try after which a refund may be sent.
pub(super) const NOT_THERE: &str = "the partner has no such refund";

impl Sender {
    /// The request for a refund, or the question what became of it.
    pub(super) async fn refund_made(
        &self,
        entry: &Entry,
        known: &Known,
        (state, attempt, refund): (&Payment, &Attempt, Uuid),
        now: Timestamp,
    ) -> Result<Result<Made, Unmade>, Stalled> {
        let Some(sent) = state.sent_refund(refund) else {
            return Ok(Err(Unmade::Unknown("there is no such refund")));
        };
        let asks = self.was_sent(entry, sent, now).await?;
        let request = request(refund, asks, entry.tries.saturating_add(1));
        let returned = Returned::new(state, attempt, &sent.requested, (request, now));
        let Some(returned) = returned else {
            return Ok(Err(Unmade::Unknown("there is no fee")));
        };
        let made = if asks {
            returned.ask(known).map_err(Unmade::Unasked)
        } else {
            returned.send(known).map_err(Unmade::Unable)
        };
        Ok(made.map(|outgoing| Made { outgoing, asks }))
    }

    /// Whether the partner may have got the refund.
    async fn was_sent(
        &self,
        entry: &Entry,
        sent: &SentRefund,
        now: Timestamp,
    ) -> Result<bool, Stalled> {
        let tries = self.desk.outbox.tries(&entry.request.id).await.map_err(stalled)?;
        Ok(match tries.last() {
            Some(newest) => newest.result.as_deref() != Some(NOT_THERE),
            // A process with an outbox of its own may have sent it.
            None => now.duration_since(sent.requested_at).as_secs() > SENT_AT_ONCE_S,
        })
    }

    /// Records the partner's answer about a refund.
    pub(super) async fn refund_answered(
        &self,
        known: &Known,
        tried: &Tried,
        (state, attempt, refund): (&Payment, &Attempt, Uuid),
        response: Response<'_>,
    ) -> Result<Answered, Stalled> {
        let sent = state.sent_refund(refund);
        let number = tried.entry.tries.saturating_add(1);
        let asked = (request(refund, tried.asks, number), tried.begun_at);
        let returned = sent.and_then(|sent| Returned::new(state, attempt, &sent.requested, asked));
        let (Some(sent), Some(returned)) = (sent, returned) else {
            return Ok(Answered::Strange("there is no such refund".to_owned()));
        };
        let (partner, secrets, scheme) = (&known.partner, &known.secrets, known.partner.scheme());
        let told = if tried.asks {
            scheme.refund_queried(partner, secrets, &returned.refund(), response)
        } else {
            scheme.refunded(partner, secrets, &returned.refund(), response).map(Some)
        };
        let notice = match told {
            Ok(Some(notice)) => notice,
            Ok(None) => return Ok(Answered::Open(NOT_THERE.to_owned())),
            Err(rejected) => return Ok(Answered::Strange(reason(&rejected))),
        };
        let amount = notice.amount.map(|amount| Vnd(amount.0));
        if amount.is_some_and(|amount| amount != sent.requested.amount) {
            return Ok(Answered::Strange("the amount is another one".to_owned()));
        }
        let outcome = match notice.outcome {
            Outcome::Refunded => RefundOutcome::Refunded,
            Outcome::Failed => RefundOutcome::Refused,
            Outcome::Pending => return Ok(Answered::Open(format!("pending: {}", notice.code))),
            Outcome::Captured | Outcome::Reversed | Outcome::Disputed => {
                return Ok(Answered::Strange(format!("no code of a refund: {}", notice.code)));
            }
        };
        let Notice { event: provider_event, transaction, code, paid_at, .. } = notice;
        let words = format!("answered: {code}");
        let command = TakeNotice {
            payment: sent.requested.payment,
            provider: partner.name.clone(),
            provider_event,
            transaction,
            source: Source::Query,
            said: Said::Refund(RefundSaid { refund: Some(refund), outcome, amount, code }),
            paid_at,
            message: Some(Personal::Known(String::from_utf8_lossy(response.body).into_owned())),
        };
        self.execute(tried.work, &format!("-{outcome:?}"), &command).await?;
        Ok(Answered::Done(words))
    }

    /// Records that a refund that was certainly not sent will not be.
    pub(super) async fn refund_unsent(
        &self,
        partner: &str,
        work: Work,
        why: &str,
    ) -> Result<(), Stalled> {
        let Work::Refund { payment, refund, .. } = work else { return Ok(()) };
        let (outcome, code) = (RefundOutcome::Refused, format!("not sent: {why}"));
        let said = RefundSaid { refund: Some(refund), outcome, amount: None, code };
        let command = TakeNotice {
            payment,
            provider: partner.to_owned(),
            provider_event: format!("not-sent-{refund}"),
            transaction: None,
            source: Source::Query,
            said: Said::Refund(said),
            paid_at: None,
            message: None,
        };
        self.execute(work, "-unsent", &command).await
    }
}

/// The id of a request: that of the refund whenever it is sent, and another one for each question,
/// because partners answer a repeated question as they did before.
fn request(refund: Uuid, asks: bool, number: u32) -> Uuid {
    if asks { Uuid::new_v5(&refund, &number.to_be_bytes()) } else { refund }
}
