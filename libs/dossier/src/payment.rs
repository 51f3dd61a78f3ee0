//! Fees, money and receipts. Law 97/2015/QH13 on fees; Decree 254/2026/NĐ-CP on receipts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{May, Resource, agency, any, own};
use crate::clock::{Period, Running};
use crate::contract::{
    AgencyCode, Brief, FeeAssessed, Meta, PaymentEvent, PaymentId, PaymentStarted, PeriodExtended,
    ProcedureRef, Role, Vnd,
};
use crate::law::Law;
use crate::step::{Facts, LawError, Obligation, State, Step};

pub mod assess_fee;
pub mod expire_fee_window;
pub mod issue_receipt;
pub mod lapse_fee;
pub mod number_receipt;
pub mod query_payment;
pub mod refund_payment;
pub mod start_payment;
pub mod take_cash;
pub mod take_notice;

mod reaction;

pub use reaction::PaymentReaction;

/// The steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    assess_fee::STEP,
    start_payment::STEP,
    take_notice::STEP,
    take_cash::STEP,
    refund_payment::STEP,
    query_payment::STEP,
    expire_fee_window::STEP,
    lapse_fee::STEP,
    issue_receipt::STEP,
    number_receipt::STEP,
];

/// Who may read what a dossier owes and has paid.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Cashier),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// How it began.
    pub started: PaymentStarted,
    /// What the provider says it has.
    pub captured: Vnd,
    /// Whether the provider said that it failed.
    pub failed: bool,
    /// Whether it came to nothing in its time.
    pub expired: bool,
    /// How often the provider was asked.
    pub queries: u32,
    /// When it is asked next.
    pub query_at: Timestamp,
    /// The event that set that time.
    pub opened_by: Uuid,
}

impl Attempt {
    /// Whether the provider may still say something.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.failed && !self.expired && self.captured == Vnd::ZERO
    }
}

/// What a dossier owes and has paid.
#[derive(Debug, Clone, Default)]
pub struct Payment {
    /// What it owes.
    pub assessed: Option<Arc<FeeAssessed>>,
    /// The window to pay.
    pub window: Option<Running>,
    /// The attempts to pay.
    pub attempts: BTreeMap<PaymentId, Attempt>,
    /// Everything that came in.
    pub received: Vnd,
    /// Everything that went back.
    pub refunded: Vnd,
    /// When what was owed was there.
    pub settled_at: Option<Timestamp>,
    /// Whether the window to pay is over.
    pub window_expired: bool,
    /// The receipts: payment, symbol, year, number.
    pub receipts: Vec<(PaymentId, String, i16, u64)>,
    notices: BTreeSet<(String, String)>,
}

impl Payment {
    /// Whether this fact of this provider was taken in before.
    #[must_use]
    pub fn knows(&self, provider: &str, provider_event: &str) -> bool {
        self.notices.contains(&(provider.to_owned(), provider_event.to_owned()))
    }

    /// What is owed and not there.
    #[must_use]
    pub fn outstanding(&self) -> Vnd {
        let owed = self.assessed.as_ref().map_or(Vnd::ZERO, |assessed| assessed.total);
        Vnd(owed.0.saturating_sub(self.received.0).max(0))
    }

    /// When the window to pay is over: not while a payment that was begun in it may still succeed.
    #[must_use]
    pub fn window_ends_at(&self) -> Option<Timestamp> {
        let end = self.window?.due_at;
        let open = self.attempts.values().filter(|attempt| attempt.is_open());
        Some(open.map(|attempt| attempt.started.expires_at).fold(end, Timestamp::max))
    }

    fn take_in(&mut self, amount: Vnd) {
        self.received = Vnd(self.received.0.saturating_add(amount.0));
    }
}

impl State for Payment {
    type Event = PaymentEvent;
    const CATEGORY: &'static str = "payment";

    fn evolve(&mut self, event: &PaymentEvent, meta: &Meta) {
        match event {
            PaymentEvent::FeeAssessed(assessed) => {
                self.assessed = Some(Arc::new(assessed.clone()));
                self.window = assessed
                    .window_ends_at
                    .map(|due_at| Running::new(due_at, meta.at(), meta.id, meta.at()));
            }
            PaymentEvent::PaymentStarted(started) => {
                let attempt = Attempt {
                    started: started.clone(),
                    captured: Vnd::ZERO,
                    failed: false,
                    expired: false,
                    queries: 0,
                    query_at: started.query_at,
                    opened_by: meta.id,
                };
                self.attempts.insert(started.payment, attempt);
            }
            PaymentEvent::PaymentCaptured(captured) => {
                self.take_in(captured.amount);
                self.notices.insert((captured.provider.clone(), captured.provider_event.clone()));
                if let Some(attempt) = self.attempts.get_mut(&captured.payment) {
                    attempt.captured = Vnd(attempt.captured.0.saturating_add(captured.amount.0));
                }
            }
            PaymentEvent::PaymentFailed(failed) => {
                self.notices.insert((failed.provider.clone(), failed.provider_event.clone()));
                if let Some(attempt) = self.attempts.get_mut(&failed.payment) {
                    attempt.failed = true;
                }
            }
            PaymentEvent::PaymentOutcomeUnknown(unknown) => {
                if let Some(attempt) = self.attempts.get_mut(&unknown.payment) {
                    attempt.queries = unknown.queries;
                    attempt.query_at = unknown.query_at;
                    attempt.opened_by = meta.id;
                }
            }
            PaymentEvent::PaymentExpired(expired) => {
                if let Some(attempt) = self.attempts.get_mut(&expired.payment) {
                    attempt.expired = true;
                }
            }
            PaymentEvent::CashReceived(cash) => self.take_in(cash.amount),
            PaymentEvent::FeeSettled(settled) => self.settled_at = Some(settled.paid_at),
            PaymentEvent::FeeWindowExpired(_) | PaymentEvent::FeeLapsed(_) => {
                self.window_expired = true;
            }
            PaymentEvent::PaymentRefunded(refund) => {
                self.refunded = Vnd(self.refunded.0.saturating_add(refund.amount.0));
            }
            PaymentEvent::ReceiptNumbered(receipt) => {
                let symbol = receipt.symbol.clone();
                self.receipts.push((receipt.payment, symbol, receipt.year, receipt.number));
            }
            PaymentEvent::PeriodExtended(extended) => {
                if let Some(window) = &mut self.window {
                    window.extend(extended, meta.at());
                }
            }
        }
    }

    fn resource(&self) -> Option<Resource> {
        self.assessed.as_ref().map(|assessed| assessed.brief.resource())
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = &self.assessed.as_ref()?.brief;
        Some((&brief.procedure, &brief.agency))
    }

    fn obligations(&self) -> Vec<Obligation> {
        let mut open = Vec::new();
        // At most one attempt is asked about at a time: the one whose time comes first.
        let attempts = self.attempts.values().filter(|attempt| attempt.is_open());
        if let Some(attempt) = attempts.min_by_key(|attempt| attempt.query_at) {
            let Attempt { query_at: due_at, opened_by, .. } = *attempt;
            open.push(Obligation { kind: query_payment::KIND.into(), due_at, opened_by });
        }
        if let (Some(due_at), Some(Running { opened_by, .. })) =
            (self.window_ends_at(), self.window)
            && self.settled_at.is_none()
            && !self.window_expired
        {
            open.push(Obligation { kind: expire_fee_window::KIND.into(), due_at, opened_by });
        }
        open
    }

    fn period<'a>(&'a self, kind: &str, law: &'a Law) -> Result<Option<Period<'a>>, LawError> {
        let (Some(assessed), Some(window), expire_fee_window::KIND) =
            (&self.assessed, self.window, kind)
        else {
            return Ok(None);
        };
        let Brief { procedure, agency, channel, .. } = &assessed.brief;
        let rule = law.rule(procedure, agency, window.known_at).ok_or(LawError::NotLoaded)?;
        let budget = rule.procedure.fees.window;
        Ok(budget.map(|budget| rule.period(window, window.since, budget, Some(*channel))))
    }

    fn extended(extended: PeriodExtended) -> Option<PaymentEvent> {
        Some(extended.into())
    }

    fn enforce(&self, kind: &str, facts: &Facts<'_>) -> Result<Vec<PaymentEvent>, LawError> {
        match kind {
            query_payment::KIND => query_payment::decide(self, facts),
            expire_fee_window::KIND => Ok(expire_fee_window::decide(self, facts)),
            _ => Ok(Vec::new()),
        }
    }
}
