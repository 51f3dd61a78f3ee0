//! Sends refunds, and asks what became of them. A refund is sent only if [`Sends`] knows that it
//! was not sent before, or after the partner has answered that it has none; else the partner is
//! asked. A refusal counts if the refund was sent once, or if the answer to a question names it: a
//! partner may refuse what is sent again because it has returned the money already.
//!
//! [`Sends`]: crate::sends::Sends

use dossier::contract::{Personal, RefundOutcome, Source, Vnd};
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment::{Attempt, Payment, RefundSaid, SentRefund};
use engine::tasks::Stalled;
use jiff::{SignedDuration, Timestamp};
use partners::{Notice, Outcome, Response};
use uuid::Uuid;

use super::answers::{Answered, reason};
use super::made::{Made, Unmade};
use super::{Sender, Tried};
use crate::limits::{SENT_FOR_H, SETTLED_TIMEOUTS};
use crate::orders::Returned;
use crate::partners::Known;
use crate::payment_orders::Members;
use crate::sends::Way;
use crate::standing::standing;
use crate::work::Work;

impl Sender {
    /// The request for a refund, or the question what became of it.
    pub(super) async fn refund_made(
        &self,
        known: &Known,
        (state, attempt, refund): (&Payment, &Attempt, Uuid),
        now: Timestamp,
    ) -> Result<Result<Made, Unmade>, Stalled> {
        let Some(sent) = state.sent_refund(refund) else {
            return Ok(Err(Unmade::Unknown("there is no such refund")));
        };
        let members = self.members_of(attempt).await?;
        if !may_be_sent(asked_since(sent, members.as_ref()), now) {
            self.desk.sends.forget(refund);
        }
        let way = self.desk.sends.way(refund);
        let request = request(refund, way, now);
        let returned = Returned::new(state, attempt, &sent.requested, (request, now));
        let Some(returned) = returned.map(|returned| returned.among(members.as_ref())) else {
            return Ok(Err(Unmade::Unknown("there is no fee")));
        };
        let made = match way {
            Way::First => returned.send(known).map_err(Unmade::Unable),
            Way::Again => returned.send(known).map_err(Unmade::Unasked),
            Way::Ask => returned.ask(known).map_err(Unmade::Unasked),
        };
        Ok(made.map(|outgoing| Made { outgoing, way }))
    }

    /// The payment order of an attempt, with the payments of its dossiers.
    async fn members_of(&self, attempt: &Attempt) -> Result<Option<Members>, Stalled> {
        match &attempt.started.order {
            Some(share) => Ok(Some(self.reports.members(share.order).await?)),
            None => Ok(None),
        }
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
        let asked = (request(refund, tried.way, tried.begun_at), tried.begun_at);
        let returned = sent.and_then(|sent| Returned::new(state, attempt, &sent.requested, asked));
        let members = self.members_of(attempt).await?;
        let returned = returned.map(|returned| returned.among(members.as_ref()));
        let (Some(sent), Some(returned)) = (sent, returned) else {
            return Ok(Answered::Strange("there is no such refund".to_owned()));
        };
        let (partner, secrets, scheme) = (&known.partner, &known.secrets, known.partner.scheme());
        let told = if tried.way == Way::Ask {
            scheme.refund_queried(partner, secrets, &returned.refund(), response)
        } else {
            scheme.refunded(partner, secrets, &returned.refund(), response).map(Some)
        };
        let notice = match told {
            Ok(Some(notice)) => notice,
            Ok(None) => {
                let timeout = i64::from(partner.limits.timeout_seconds);
                let settled = SignedDuration::from_secs(timeout.saturating_mul(SETTLED_TIMEOUTS));
                if may_be_sent(asked_since(sent, members.as_ref()), self.engine().time()?) {
                    self.desk.sends.absent(refund, tried.begun_at, settled);
                }
                return Ok(Answered::Open("the partner has no such refund".to_owned()));
            }
            Err(rejected) => return Ok(Answered::Strange(reason(&rejected))),
        };
        let amount = notice.amount.map(|amount| Vnd(amount.0));
        if amount.is_some_and(|amount| amount != sent.requested.amount) {
            return Ok(Answered::Strange("the amount is another one".to_owned()));
        }
        let outcome = match notice.outcome {
            Outcome::Refunded => RefundOutcome::Refunded,
            Outcome::Failed if !self.is_final(tried.way, refund, &notice) => {
                return Ok(Answered::Open(format!(
                    "one of several tries refused: {}",
                    notice.code
                )));
            }
            Outcome::Failed => RefundOutcome::Refused,
            Outcome::Pending => return Ok(Answered::Open(format!("pending: {}", notice.code))),
            _ => {
                return Ok(Answered::Strange(format!("no code of a refund: {}", notice.code)));
            }
        };
        let Notice { event: provider_event, transaction, code, paid_at, .. } = notice;
        let words = format!("answered: {code}");
        let standing = standing(&self.reports.payments, tried.work.dossier()).await?;
        let said = RefundSaid { refund: Some(refund), outcome, amount, code, standing };
        let command = TakeNotice {
            payment: sent.requested.payment,
            provider: partner.name.clone(),
            provider_event,
            transaction,
            source: Source::Query,
            said: Said::Refund(said),
            paid_at,
            message: Some(Personal::Known(String::from_utf8_lossy(response.body).into_owned())),
        };
        self.execute(tried.work, &format!("-{outcome:?}"), &command).await?;
        self.desk.sends.forget(refund);
        Ok(Answered::Done(words))
    }

    /// Whether a refusal is about all that was sent of a refund. What is sent again may be refused
    /// because the first one is worked on.
    fn is_final(&self, way: Way, refund: Uuid, notice: &Notice) -> bool {
        match way {
            Way::First => true,
            Way::Again => false,
            Way::Ask => {
                notice.refund_reference.is_some() || !self.desk.sends.was_sent_again(refund)
            }
        }
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
        let standing = standing(&self.reports.payments, work.dossier()).await?;
        let said = RefundSaid { refund: Some(refund), outcome, amount: None, code, standing };
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

/// Since when the partner is asked for a refund: of a payment order, since that has begun it.
fn asked_since(sent: &SentRefund, members: Option<&Members>) -> Option<Timestamp> {
    let Some(members) = members else { return Some(sent.requested_at) };
    members.order.state.begun(sent.requested.refund)
}

/// Whether a refund may still be sent: not so late that a cashier may end it meanwhile.
fn may_be_sent(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.duration_since(since).as_hours() < SENT_FOR_H)
}

/// The id of a request: that of the refund whenever it is sent, and another one for each question,
/// because partners answer a repeated question as they did before, also that of another process.
fn request(refund: Uuid, way: Way, now: Timestamp) -> Uuid {
    match way {
        Way::First | Way::Again => refund,
        Way::Ask => Uuid::new_v5(&refund, &now.as_nanosecond().to_be_bytes()),
    }
}
