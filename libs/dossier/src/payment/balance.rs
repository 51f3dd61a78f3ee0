//! What the money of a dossier comes to: everything counts what came in less what went back.

use super::{Payment, state::settles};
use crate::clock;
use crate::contract::{
    FeeOwedAgain, FeeSettled, OwedBack, PaymentEvent, RefundEffect, RefundOwed, Vnd,
};
use crate::law::PaymentRules;
use crate::step::{Facts, LawError};

/// Where the dossier stands with intake, as far as a refund asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits for the one-stop unit's answer.
    Unanswered,
    /// It was accepted and is being worked on for its fee.
    InProcess,
    /// It is decided, or has ended without a decision.
    AtItsEnd,
}

/// Why money may not go back now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundBarred {
    /// There is only so much.
    MoreThanReceived(Vnd),
    /// Only so much of it is sure to be there.
    InDoubt(Vnd),
    /// The dossier is being worked on for it; only so much is more than its fee.
    FeeInUse(Vnd),
}

impl Payment {
    /// What came in and has not gone back.
    #[must_use]
    pub fn net(&self) -> Vnd {
        Vnd(self.received.0.saturating_sub(self.refunded.0).max(0))
    }

    /// What the fee is.
    #[must_use]
    pub fn total(&self) -> Vnd {
        self.assessed.as_ref().map_or(Vnd::ZERO, |assessed| assessed.total)
    }

    /// Whether nothing more is owed, whatever was paid: the window is over, or the dossier at its end.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.window_expired || self.keeps.is_some()
    }

    /// What is owed and not there.
    #[must_use]
    pub fn outstanding(&self) -> Vnd {
        if self.is_closed() {
            return Vnd::ZERO;
        }
        Vnd(self.total().0.saturating_sub(self.net().0).max(0))
    }

    /// What was said to have come in and is not sure to.
    #[must_use]
    pub fn in_doubt(&self) -> Vnd {
        let doubts = self.attempts.values().map(|attempt| attempt.in_doubt().0);
        Vnd(doubts.fold(0, i64::saturating_add))
    }

    /// What is here, for sure, and is not the agency's: it has to go back.
    #[must_use]
    pub fn owed_back(&self) -> Vnd {
        let above = self.above_what_is_kept().0;
        Vnd(above.saturating_sub(self.in_doubt().0).max(0))
    }

    /// What is here, as far as was said, and is not the agency's.
    pub(super) fn above_what_is_kept(&self) -> Vnd {
        let keeps = self.keeps.unwrap_or_else(|| self.total());
        Vnd(self.net().0.saturating_sub(keeps.0).max(0))
    }

    fn why_owed_back(&self) -> OwedBack {
        match self.keeps {
            Some(kept) if self.ended && kept < self.total() => OwedBack::DossierEnded,
            Some(_) if self.window_expired => OwedBack::AfterWindow,
            Some(_) | None => OwedBack::OverPayment,
        }
    }

    /// What giving back `amount` does to the fee; refused if that much is not there, or the dossier is worked on for it.
    pub fn refund(&self, amount: Vnd, standing: Standing) -> Result<RefundEffect, RefundBarred> {
        let (net, sure) = (self.net().0, self.net().0.saturating_sub(self.in_doubt().0));
        if amount.0 > net {
            return Err(RefundBarred::MoreThanReceived(Vnd(net)));
        }
        if amount.0 > sure {
            return Err(RefundBarred::InDoubt(Vnd(sure.max(0))));
        }
        if self.is_closed() {
            return Ok(RefundEffect::AtTheEnd);
        }
        let above = sure.saturating_sub(self.total().0);
        if self.settled_at.is_none() || amount.0 <= above {
            return Ok(RefundEffect::None);
        }
        match standing {
            Standing::Unanswered => Ok(RefundEffect::OwedAgain),
            Standing::InProcess => Err(RefundBarred::FeeInUse(Vnd(above.max(0)))),
            Standing::AtItsEnd => Ok(RefundEffect::AtTheEnd),
        }
    }

    /// What holds for money at the instant of a decision.
    pub(super) fn rules<'a>(facts: &Facts<'a>) -> Result<&'a PaymentRules, LawError> {
        facts.law.payments(facts.at).ok_or(LawError::NotLoaded)
    }

    /// What follows from the balance that a decision leads to, if this one was there before: the fee is settled, or owed
    /// again, and what is too much is owed back.
    pub(super) fn consequences(
        after: Self,
        before: &Self,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        Self::consequences_in(after, before, false, facts)
    }

    /// The same; `in_process` says whether the dossier is being worked on for its fee.
    pub(super) fn consequences_in(
        mut after: Self,
        before: &Self,
        in_process: bool,
        facts: &Facts<'_>,
    ) -> Result<Vec<PaymentEvent>, LawError> {
        let mut events = Vec::new();
        let Some(assessed) = after.assessed.clone() else { return Ok(events) };
        let (dossier, total) = (assessed.brief.dossier, assessed.total);
        if settles(&after) {
            after.settled_at = Some(facts.at);
            events.push(FeeSettled { dossier, amount: total, paid_at: facts.at }.into());
        } else if after.settled_at.is_some() && after.outstanding() > Vnd::ZERO {
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
