//! The balance of a dossier: received money less refunds, compared with the fee.

use jiff::Timestamp;

use super::fee::Fee;
use super::{Payment, state::settles};
use crate::clock;
use crate::contract::{
    FeeOwedAgain, FeeSettled, OwedBack, PaymentEvent, RefundEffect, RefundOwed, Vnd,
};
use crate::law::PaymentRules;
use crate::step::{Facts, LawError};

/// Progress of the dossier at intake, as far as it matters for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Submitted; the one-stop unit has neither accepted nor refused it.
    Unanswered,
    /// Accepted, and being processed for its fee.
    InProcess,
    /// Decided, or ended without a decision.
    AtItsEnd,
}

/// Reasons why money cannot be refunded now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundBarred {
    /// More than the balance, which is this amount.
    MoreThanReceived(Vnd),
    /// Part of the balance is in doubt; this amount is certain.
    InDoubt(Vnd),
    /// Payers dispute a part of the balance; this amount is not disputed.
    Disputed(Vnd),
    /// The dossier is being processed for the fee; only the excess over the fee, which is this
    /// amount, can be refunded.
    FeeInUse(Vnd),
}

impl Payment {
    /// Received money less refunds and what is on its way back.
    #[must_use]
    pub fn net(&self) -> Vnd {
        let gone = self.refunded.0.saturating_add(self.on_its_way().0);
        Vnd(self.received.0.saturating_sub(gone).max(0))
    }

    /// The assessed fee; zero before the assessment.
    #[must_use]
    pub fn total(&self) -> Vnd {
        self.assessed().map_or(Vnd::ZERO, |assessed| assessed.total)
    }

    /// Whether nothing more is owed, regardless of payments: the window or the dossier has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed().is_some()
    }

    /// The unpaid part of the fee.
    #[must_use]
    pub fn outstanding(&self) -> Vnd {
        if self.is_closed() {
            return Vnd::ZERO;
        }
        Vnd(self.total().0.saturating_sub(self.net().0).max(0))
    }

    /// The part of the received money that is in doubt.
    #[must_use]
    pub fn in_doubt(&self) -> Vnd {
        let doubts = self.attempts.values().map(|attempt| attempt.in_doubt().0);
        Vnd(doubts.fold(0, i64::saturating_add))
    }

    /// The certain part of the balance that the agency may not keep: it has to be refunded.
    #[must_use]
    pub fn owed_back(&self) -> Vnd {
        let above = self.above_what_is_kept().0;
        Vnd(above.saturating_sub(self.in_doubt().0).max(0))
    }

    /// The part of the balance, including doubtful money, that the agency may not keep.
    pub(super) fn above_what_is_kept(&self) -> Vnd {
        Vnd(self.net().0.saturating_sub(self.kept().0).max(0))
    }

    /// The part of the balance that the agency may keep: the whole fee until it is closed.
    pub(super) fn kept(&self) -> Vnd {
        self.fee.as_ref().map_or(Vnd::ZERO, Fee::kept)
    }

    pub(super) fn why_owed_back(&self) -> OwedBack {
        match self.closed() {
            Some(closed) if closed.dossier_ended && closed.kept < self.total() => {
                OwedBack::DossierEnded
            }
            Some(closed) if closed.window_expired => OwedBack::AfterWindow,
            Some(_) | None => OwedBack::OverPayment,
        }
    }

    /// The effect of refunding `amount` on the fee. An error if the balance or its certain part is
    /// smaller, or the dossier is being processed for that money.
    pub fn refund(&self, amount: Vnd, standing: Standing) -> Result<RefundEffect, RefundBarred> {
        let (net, sure) = (self.net().0, self.net().0.saturating_sub(self.in_doubt().0));
        if amount.0 > net {
            return Err(RefundBarred::MoreThanReceived(Vnd(net)));
        }
        if amount.0 > sure {
            return Err(RefundBarred::InDoubt(Vnd(sure.max(0))));
        }
        let free = sure.saturating_sub(self.disputed().0).max(0);
        if amount.0 > free {
            return Err(RefundBarred::Disputed(Vnd(free)));
        }
        if self.is_closed() {
            return Ok(RefundEffect::AtTheEnd);
        }
        let above = sure.saturating_sub(self.total().0);
        if self.settled_at().is_none() || amount.0 <= above {
            return Ok(RefundEffect::None);
        }
        match standing {
            Standing::Unanswered => Ok(RefundEffect::OwedAgain),
            Standing::InProcess => Err(RefundBarred::FeeInUse(Vnd(above.max(0)))),
            Standing::AtItsEnd => Ok(RefundEffect::AtTheEnd),
        }
    }

    /// The payment rules at the instant of the decision.
    pub(super) fn rules<'a>(facts: &Facts<'a>) -> Result<&'a PaymentRules, LawError> {
        facts.law.payments(facts.at).ok_or(LawError::NotLoaded)
    }

    /// The events that follow from a change of the balance from `before` to `after`: the fee is
    /// settled or owed again, and an excess is owed back.
    pub(super) fn consequences(
        after: Self,
        before: &Self,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        Self::consequences_in(after, before, (false, facts.at), facts)
    }

    /// As [`Self::consequences`]; `in_process` tells whether the dossier is being processed for its
    /// fee, `paid_at` when the money of `after` was paid.
    pub(super) fn consequences_in(
        mut after: Self,
        before: &Self,
        (in_process, paid_at): (bool, Timestamp),
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let mut events = Vec::new();
        let is_covered = settles(&after);
        let Some(fee) = &mut after.fee else { return Ok(events) };
        let (dossier, total) = (fee.assessed.brief.dossier, fee.assessed.total);
        if is_covered {
            fee.settle(paid_at);
            events.push(FeeSettled { dossier, amount: total, paid_at }.into());
        } else if after.settled_at().is_some() && after.outstanding() > Vnd::ZERO {
            let rule = facts.rule()?;
            let window = rule.procedure.fees.window;
            let window_ends_at = window.map(|window| clock::end_of(rule, facts.at, window));
            let amount = after.outstanding();
            events.push(FeeOwedAgain { dossier, amount, window_ends_at, in_process }.into());
        }
        let amount = after.owed_back();
        if amount > before.owed_back() {
            let rules = Self::rules(facts)?;
            let due_at = clock::end_of(facts.rule()?, facts.at, rules.give_back);
            events.push(RefundOwed { amount, why: after.why_owed_back(), due_at }.into());
        }
        Ok(events)
    }
}
