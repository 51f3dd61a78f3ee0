//! State of a payment order, folded from its events.

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::Resource;
use crate::contract::{
    AgencyCode, DossierId, Meta, OrderEnd, OrderEnded, OrderRefundBegun, OrderStarted, PaymentId,
    PaymentOrderEvent, PaymentStarted, ProcedureRef, Subject, Vnd,
};
use crate::payment::{Attempt, DoubtfulWord, Word};
use crate::services::Category;
use crate::step::State;

/// Where a payment order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStage {
    /// Its dossiers get their attempts.
    Joining,
    /// It can be paid.
    Open,
    /// The exact sum was paid.
    Paid,
    Ended(OrderEnd),
    /// It was not paid in time.
    Expired,
}

/// One payment for several dossiers.
#[derive(Debug, Clone, Default)]
pub struct PaymentOrder {
    /// What the provider reported about the sum, as for an attempt. `None` before the beginning.
    attempt: Option<Attempt>,
    started: Option<OrderStarted>,
    is_opened: bool,
    ended: Option<OrderEnded>,
    /// The report with which the sum was counted.
    paid: Option<Paid>,
    /// Other reports about the same payment.
    confirmed: Vec<Word>,
    /// The refunds for which the provider may have been asked, in the order of their beginning.
    refunds: Vec<BegunRefund>,
    /// Who began it, and whoever else acted for the payer.
    acted: Vec<Subject>,
}

/// The report with which the sum of an order was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub word: Word,
    pub source: crate::contract::Source,
    /// When the money moved, by the provider's clock.
    pub paid_at: Option<Timestamp>,
    pub recorded_at: Timestamp,
}

/// A refund of money of one dossier, for which the provider may have been asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BegunRefund {
    pub refund: Uuid,
    pub dossier: DossierId,
    pub amount: Vnd,
    /// The amount of the transaction of which money goes back.
    pub captured: Vnd,
    pub at: Timestamp,
}

impl PaymentOrder {
    /// The event that began it.
    #[must_use]
    pub const fn started(&self) -> Option<&OrderStarted> {
        self.started.as_ref()
    }

    /// What the provider reported about the sum.
    #[must_use]
    pub const fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_ref()
    }

    /// The report with which the sum was counted.
    #[must_use]
    pub const fn paid(&self) -> Option<&Paid> {
        self.paid.as_ref()
    }

    /// Other reports about the payment that was counted.
    #[must_use]
    pub fn confirmed(&self) -> &[Word] {
        &self.confirmed
    }

    /// The refunds for which the provider may have been asked, in the order of their beginning.
    #[must_use]
    pub fn refunds(&self) -> &[BegunRefund] {
        &self.refunds
    }

    /// Since when the provider is asked for a refund; `None` if it waits for others.
    #[must_use]
    pub fn begun(&self, refund: Uuid) -> Option<Timestamp> {
        self.refunds.iter().find(|one| one.refund == refund).map(|one| one.at)
    }

    /// How it ended without money.
    #[must_use]
    pub const fn ended(&self) -> Option<&OrderEnded> {
        self.ended.as_ref()
    }

    /// Whether it could ever be paid. Money for another one is not distributed.
    #[must_use]
    pub const fn is_opened(&self) -> bool {
        self.is_opened
    }

    /// Where it is at an instant; `None` before its beginning.
    #[must_use]
    pub fn stage(&self, at: Timestamp) -> Option<OrderStage> {
        let started = self.started.as_ref()?;
        Some(if self.paid.is_some() {
            OrderStage::Paid
        } else if let Some(ended) = &self.ended {
            OrderStage::Ended(ended.why)
        } else if started.expires_at <= at {
            OrderStage::Expired
        } else if self.is_opened {
            OrderStage::Open
        } else {
            OrderStage::Joining
        })
    }
}

/// The order as an attempt at the provider: of the whole sum.
fn attempt(started: &OrderStarted, opened_by: Uuid, at: Timestamp) -> Attempt {
    let whole = PaymentStarted {
        payment: PaymentId(started.order.0),
        provider: started.provider.clone(),
        amount: started.total,
        reference: started.reference.clone(),
        query_at: started.expires_at,
        expires_at: started.expires_at,
        captures_once: started.captures_once,
        return_url: None,
        payer_address: None,
        order: None,
    };
    Attempt::new(whole, opened_by, at)
}

impl State for PaymentOrder {
    type Event = PaymentOrderEvent;
    const CATEGORY: &'static str = Category::Order.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &PaymentOrderEvent, meta: &Meta) {
        let actor = &meta.envelope.actor;
        if actor.role == crate::contract::Role::Applicant && !self.acted.contains(&actor.subject) {
            self.acted.push(actor.subject.clone());
        }
        match event {
            PaymentOrderEvent::OrderStarted(started) => {
                self.attempt = Some(attempt(started, meta.id, meta.at()));
                self.started = Some(started.clone());
            }
            PaymentOrderEvent::OrderOpened(_) => self.is_opened = true,
            PaymentOrderEvent::OrderEnded(ended) => self.ended = Some(ended.clone()),
            PaymentOrderEvent::OrderPaid(paid) => {
                let (event, transaction) = (paid.provider_event.clone(), paid.transaction.clone());
                let word = Word { event, transaction, amount: paid.amount };
                let (source, paid_at) = (paid.source, paid.paid_at);
                self.paid =
                    Some(Paid { word: word.clone(), source, paid_at, recorded_at: meta.at() });
                if let Some(attempt) = &mut self.attempt {
                    attempt.capture(word);
                }
            }
            PaymentOrderEvent::OrderConfirmed(confirmed) => {
                let event = confirmed.provider_event.clone();
                let transaction = confirmed.transaction.clone();
                let word = Word { event, transaction, amount: confirmed.amount };
                self.confirmed.push(word.clone());
                if let Some(attempt) = &mut self.attempt {
                    attempt.confirm(word, &confirmed.of);
                }
            }
            PaymentOrderEvent::OrderDoubted(doubted) => {
                let event = doubted.provider_event.clone();
                let transaction = doubted.transaction.clone();
                let word = Word { event, transaction, amount: doubted.said };
                let (source, doubt, since) = (doubted.source, doubted.doubt, meta.at());
                if let Some(attempt) = &mut self.attempt {
                    attempt.doubt(DoubtfulWord { word, source, doubt, since });
                }
            }
            PaymentOrderEvent::OrderRefundBegun(begun) => {
                let OrderRefundBegun { dossier, refund, amount, captured, .. } = *begun;
                self.refunds.push(BegunRefund { refund, dossier, amount, captured, at: meta.at() });
            }
        }
    }

    fn resource(&self) -> Option<Resource> {
        let started = self.started.as_ref()?;
        Some(Resource {
            owners: vec![started.payer.clone()],
            representatives: self.acted.clone(),
            procedure: started.procedure.clone(),
            agencies: vec![started.agency.clone()],
            ..Resource::default()
        })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}
