//! A payment order together with the payments of its dossiers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::contract::{DossierId, OrderMember, PaymentId, PaymentOrderId, RefundOutcome};
use dossier::payment::end_refund::OfOrder;
use dossier::payment::{Attempt, Payment, RefundSaid, SentRefund, named_in_order};
use dossier::payment_orders::PaymentOrder;
use engine::{Loaded, Streams};
use events::ReadError;
use partners::OtherRefund;
use uuid::Uuid;

use crate::record::Reports;

/// An order, and the payments of its dossiers in its order.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) order: Arc<Loaded<PaymentOrder>>,
    payments: Vec<(OrderMember, Arc<Loaded<Payment>>)>,
}

impl Members {
    /// The order as it is; nothing of an order that has not begun.
    ///
    /// # Errors
    ///
    /// A stream cannot be read.
    pub(crate) async fn load(
        orders: &Streams<PaymentOrder>,
        payments: &Streams<Payment>,
        order: PaymentOrderId,
    ) -> Result<Self, ReadError> {
        // First the order: a refund that it began is in the payments then.
        let order = orders.load(&Streams::<PaymentOrder>::of(order.0)).await?;
        let mut all = Vec::new();
        for member in order.state.started().iter().flat_map(|started| &started.members) {
            let loaded = payments.load(&Streams::<Payment>::of(member.dossier.0)).await?;
            all.push((member.clone(), loaded));
        }
        Ok(Self { order, payments: all })
    }

    /// The order that an attempt of a dossier is a part of.
    ///
    /// # Errors
    ///
    /// A stream cannot be read.
    pub(crate) async fn of_attempt(
        reports: &Reports,
        (dossier, payment): (DossierId, PaymentId),
    ) -> Result<Option<Self>, ReadError> {
        let loaded = reports.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
        let attempt = loaded.state.attempts.get(&payment);
        match attempt.and_then(|attempt| attempt.started.order.as_ref()) {
            Some(share) => Ok(Some(reports.members(share.order).await?)),
            None => Ok(None),
        }
    }

    /// The dossiers with their payments and their attempts in the order.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&OrderMember, &Payment, &Attempt)> {
        self.payments.iter().filter_map(|(member, loaded)| {
            let attempt = loaded.state.attempts.get(&member.payment)?;
            Some((member, &loaded.state, attempt))
        })
    }

    /// The refunds of all dossiers through the provider of the order.
    fn refunds(&self) -> impl Iterator<Item = (DossierId, &SentRefund)> {
        self.each().flat_map(|(member, payment, _)| {
            let sent = payment.sent_refunds.iter();
            let of = sent.filter(|one| one.requested.payment == member.payment);
            of.map(|one| (member.dossier, one))
        })
    }

    /// The refunds without an outcome, as they were requested.
    pub(crate) fn open(&self) -> Vec<(DossierId, &SentRefund)> {
        let mut open: Vec<_> = self.refunds().filter(|(_, one)| one.ended.is_none()).collect();
        open.sort_by_key(|(_, one)| (one.requested_at, one.requested.refund));
        open
    }

    /// The outcomes of refunds that are recorded.
    pub(crate) fn ended(&self) -> BTreeMap<Uuid, RefundOutcome> {
        let ended = self.refunds().map(|(_, one)| (one.requested.refund, one.outcome()));
        ended.filter_map(|(refund, outcome)| Some((refund, outcome?))).collect()
    }

    /// The refunds that have ended, except this one.
    pub(crate) fn others(&self, refund: Uuid) -> Vec<OtherRefund> {
        let others = self.refunds().filter(|(_, one)| one.requested.refund != refund);
        let others = others.filter_map(|(_, one)| {
            let is_refunded = one.outcome()? == RefundOutcome::Refunded;
            Some(OtherRefund { transaction: one.number().map(str::to_owned), is_refunded })
        });
        others.collect()
    }

    /// What the order knows of a refund.
    pub(crate) fn of(&self, refund: Uuid) -> OfOrder {
        let others = self.others(refund).into_iter();
        let numbers: BTreeSet<String> = others.filter_map(|one| one.transaction).collect();
        OfOrder { begun_at: self.order.state.begun(refund), numbers }
    }

    /// The provider's number of the payment.
    pub(crate) fn transaction(&self) -> Option<&str> {
        let captures = self.order.state.attempt().map_or(&[][..], |attempt| &attempt.captures);
        captures.iter().find_map(|capture| capture.transaction.as_deref())
    }

    /// The refund that a report is about, and its dossier.
    pub(crate) fn named(
        &self,
        said: &RefundSaid,
        number: Option<&str>,
    ) -> Option<(DossierId, &SentRefund)> {
        let is_begun = |refund| self.order.state.begun(refund).is_some();
        let members = self.each().map(|(member, payment, _)| (payment, member.payment));
        let refund = named_in_order(members, is_begun, said, number)?.requested.refund;
        self.refunds().find(|(_, one)| one.requested.refund == refund)
    }
}
