//! A provider reports the outcome of a payment. Facts are accepted in any order and any number of
//! times: a capture after a failure counts, a repeated report of a capture confirms it, a new
//! capture is counted, and a contradictory report is not counted until a cashier has resolved it.

use jiff::Timestamp;

use super::attempt::{Attempt, DoubtfulWord, Identity, Word};
use super::dispute::DisputeSaid;
use super::limits::{ATTEMPT_FACTS_MAX, PROVIDER_CODE_CHARS_MAX};
use super::refunding::{RefundSaid, SentRefund};
use super::{Payment, Standing};
use crate::access::any;
use crate::clock;
use crate::contract::{
    CaptureConfirmed, DiscrepancyFound, Doubt, PaymentCaptured, PaymentEvent, PaymentFailed,
    PaymentId, Personal, RefundEnded, RefundOutcome, Role, Source, Vnd,
};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};

refusals! {
    /// Refusals of `take_notice`.
    pub enum Refusal {
        NotOurs => 404, "not-found",
            "không tìm thấy", "not found, or you have no access to it";
    }
}

/// The content of a provider's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This amount was captured.
    Captured(Vnd),
    /// The attempt failed, for this reason.
    Failed(String),
    /// The outcome is not known yet.
    Pending,
    /// This became of a refund.
    Refund(RefundSaid),
    /// This amount was taken back; with the progress of the dossier at intake.
    Reversed(Vnd, Standing),
    /// This is the matter with a dispute.
    Dispute(DisputeSaid),
}

impl Said {
    /// Whether the progress of the dossier at intake matters for it.
    #[must_use]
    pub const fn needs_standing(&self) -> bool {
        matches!(self, Self::Refund(_) | Self::Reversed(..))
    }

    /// The same with this progress of the dossier at intake.
    #[must_use]
    pub fn with_standing(self, standing: Standing) -> Self {
        match self {
            Self::Refund(said) => Self::Refund(RefundSaid { standing, ..said }),
            Self::Reversed(amount, _) => Self::Reversed(amount, standing),
            Self::Captured(_) | Self::Failed(_) | Self::Pending | Self::Dispute(_) => self,
        }
    }
}

/// Records a provider's report about an attempt.
#[derive(Debug, Clone)]
pub struct TakeNotice {
    /// The attempt.
    pub payment: PaymentId,
    pub provider: String,
    /// The provider's id of the report.
    pub provider_event: String,
    /// The provider's transaction number; `None` if the report has none.
    pub transaction: Option<String>,
    pub source: Source,
    pub said: Said,
    /// When the money moved, by the provider's clock.
    pub paid_at: Option<Timestamp>,
    /// The message as it was sent.
    pub message: Option<Personal<String>>,
}

impl Command for TakeNotice {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "take_notice",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[any(Role::PaymentProvider)],
        events: &[
            "payment.PaymentCaptured.v1",
            "payment.CaptureConfirmed.v1",
            "payment.DiscrepancyFound.v1",
            "payment.PaymentFailed.v1",
            "payment.FeeSettled.v1",
            "payment.RefundOwed.v1",
            "payment.RefundEnded.v1",
            "payment.PaymentRefunded.v1",
            "payment.FeeOwedAgain.v1",
            "payment.PaymentReversed.v1",
            "payment.DebtArisen.v1",
            "payment.PaymentDisputed.v1",
            "payment.DisputeEnded.v1",
        ],
        refusals: Refusal::ALL,
    };

    /// Returns no event if the fact is known, has no effect (`Pending`, or an amount that is not
    /// positive), or exceeds [`ATTEMPT_FACTS_MAX`]. Refused if it names no attempt or
    /// refund of this provider.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Some(attempt) = self.attempt(payment) else { return Err(Refusal::NotOurs) };
        if let Said::Refund(said) = &self.said {
            let number = self.transaction.as_deref();
            let sent = payment.named_refund(self.payment, said, number);
            let sent = sent.ok_or(Refusal::NotOurs)?;
            // The provider contradicts what is recorded: a cashier looks into it.
            if sent.outcome() == Some(RefundOutcome::Refunded)
                && sent.outcome() != Some(said.outcome)
            {
                return Err(Refusal::NotOurs);
            }
            let ended = self.end_of(sent, said);
            let events = payment.end_of_refund(ended, said.standing, facts)?;
            return Ok(if events.is_empty() { Decision::Nothing } else { events.into() });
        }
        let events = match &self.said {
            Said::Reversed(amount, standing) => {
                payment.take_reversal(self, (*amount, *standing), facts)?
            }
            Said::Dispute(said) => {
                payment.take_dispute(self, said, facts)?.ok_or(Refusal::NotOurs)?
            }
            Said::Captured(_) | Said::Failed(_) | Said::Pending | Said::Refund(_) => {
                return Ok(self.record(payment, attempt, facts)?);
            }
        };
        Ok(if events.is_empty() { Decision::Nothing } else { events.into() })
    }
}

impl TakeNotice {
    /// The attempt that it names; `None` if there is none of its provider.
    pub(super) fn attempt<'a>(&self, payment: &'a Payment) -> Option<&'a Attempt> {
        let attempt = payment.attempts.get(&self.payment);
        attempt.filter(|attempt| attempt.started.provider == self.provider)
    }

    fn end_of(&self, sent: &SentRefund, said: &RefundSaid) -> RefundEnded {
        RefundEnded {
            refund: sent.requested.refund,
            payment: self.payment,
            provider: self.provider.clone(),
            outcome: said.outcome,
            code: Some(bounded(&said.code)),
            transaction: self.transaction.clone(),
            refunded_at: self.paid_at,
            reason: None,
            message: self.message.clone(),
        }
    }

    pub(super) fn record(
        &self,
        payment: &Payment,
        attempt: &Attempt,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Self { payment: id, provider, provider_event, transaction, said, .. } = self;
        let full = attempt.facts() >= ATTEMPT_FACTS_MAX;
        let amount = match said {
            Said::Captured(amount) if *amount > Vnd::ZERO => *amount,
            Said::Captured(_)
            | Said::Pending
            | Said::Refund(_)
            | Said::Reversed(..)
            | Said::Dispute(_) => return Ok(Decision::Nothing),
            Said::Failed(_)
                if attempt.knows_failure(provider_event) || full && attempt.has_failed() =>
            {
                return Ok(Decision::Nothing);
            }
            Said::Failed(reason) => {
                let (provider, provider_event) = (provider.clone(), provider_event.clone());
                let reason = bounded(reason);
                return Ok(Decision::event(PaymentFailed {
                    payment: *id,
                    provider,
                    provider_event,
                    reason,
                }));
            }
        };
        let word = Word { event: provider_event.clone(), transaction: transaction.clone(), amount };
        match attempt.identify(&word) {
            Identity::Known => Ok(Decision::Nothing),
            Identity::NameOf(_) if full => Ok(Decision::Nothing),
            // A cashier has to resolve the attempt in any case.
            Identity::Doubtful(_) if full && !attempt.doubts.is_empty() => Ok(Decision::Nothing),
            Identity::NameOf(capture) => Ok(Decision::event(confirmed(self, word, capture))),
            Identity::Doubtful(doubt) => {
                Ok(Decision::event(found(self, word, doubt, attempt.captured, facts)?))
            }
            Identity::New => {
                let oddity = attempt.oddity(&word);
                Ok(captured(payment, self, word, oddity, facts)?.into())
            }
        }
    }
}

/// As much of a provider's text as is kept.
fn bounded(text: &str) -> String {
    text.chars().take(PROVIDER_CODE_CHARS_MAX).collect()
}

fn confirmed(command: &TakeNotice, word: Word, of: &str) -> PaymentEvent {
    let TakeNotice { payment, provider, source, .. } = command;
    let Word { event: provider_event, transaction, amount } = word;
    CaptureConfirmed {
        payment: *payment,
        provider: provider.clone(),
        provider_event,
        amount,
        transaction,
        source: *source,
        of: of.to_owned(),
    }
    .into()
}

fn found(
    command: &TakeNotice,
    word: Word,
    doubt: Doubt,
    counted: Vnd,
    facts: &Facts<'_>,
) -> Result<PaymentEvent, LawError> {
    let TakeNotice { payment, provider, source, .. } = command;
    let look_into = Payment::rules(facts)?.look_into;
    let due_at = clock::end_of(facts.rule()?, facts.at, look_into);
    let Word { event: provider_event, transaction, amount: said } = word;
    let (payment, provider, source) = (*payment, provider.clone(), *source);
    Ok(DiscrepancyFound {
        payment,
        provider,
        provider_event,
        transaction,
        source,
        doubt,
        said,
        counted,
        due_at,
    }
    .into())
}

/// The capture, its discrepancy if there is one, and the events that follow. After the window it
/// does not settle the fee; the money is owed back.
fn captured(
    payment: &Payment,
    command: &TakeNotice,
    word: Word,
    oddity: Option<Doubt>,
    facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, LawError> {
    let id = command.payment;
    let mut after = payment.clone();
    after.apply_capture(id, word.clone());
    let Word { event: provider_event, transaction, amount } = word.clone();
    let (provider, source) = (command.provider.clone(), Some(command.source));
    let (paid_at, message) = (command.paid_at, command.message.clone());
    let captured = PaymentCaptured {
        payment: id,
        provider,
        provider_event,
        amount,
        transaction,
        source,
        paid_at,
        message,
    };
    let mut events = vec![captured.into()];
    if let Some(doubt) = oddity {
        let counted = after.attempts.get(&id).map_or(amount, |attempt| attempt.captured);
        events.push(found(command, word.clone(), doubt, counted, facts)?);
        let (source, since) = (command.source, facts.at);
        after.apply_doubt(id, DoubtfulWord { word, source, doubt, since });
    }
    // The fee is covered once the last part of it was paid.
    let attempt = payment.attempts.get(&id);
    let counted_at = attempt.map_or(facts.at, |one| one.counted_at(paid_at, facts.at));
    let counted_at = payment.paid_until.map_or(counted_at, |until| until.max(counted_at));
    events.extend(Payment::consequences_in(after, payment, (false, counted_at), facts)?);
    Ok(events)
}

#[cfg(test)]
pub(crate) mod tests;
