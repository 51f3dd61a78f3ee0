//! Money of one dossier of a payment order is to go back through the provider, which knows only the
//! payment of the whole order. The order decides which refund is next, and that all of them
//! together are no more than what was captured.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::PaymentOrder;
use super::order::BegunRefund;
use crate::contract::{
    DossierId, OrderRefundBegun, PaymentOrderEvent, RefundOutcome, RefundRequested, Vnd,
};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Begins a refund of money of one dossier.
#[derive(Debug, Clone)]
pub struct BeginOrderRefund {
    pub dossier: DossierId,
    /// The refund as the dossier requested it.
    pub requested: RefundRequested,
    /// Whether the provider's answers name no refund, so that it is asked for one at a time.
    pub is_alone: bool,
    /// The refunds of all its dossiers whose outcome is recorded. One that is missing is on its
    /// way.
    pub ended: BTreeMap<Uuid, RefundOutcome>,
}

refusals! {
    /// Refusals of `begin_order_refund`.
    pub enum Refusal {
        Waits => 409, "order-refund-waits",
            "một khoản hoàn khác của lệnh nộp chung này đang chờ kết quả",
            "another refund of this payment order is on its way";
        MoreThanLeft(Vnd) => 409, "order-refund-exceeds-payment",
            "số tiền vượt phần còn lại của khoản nộp chung sau khi trừ các khoản đã hoàn, đang hoàn",
            "the amount exceeds the rest of the payment of the order after other refunds";
    }
}

impl Command for BeginOrderRefund {
    type State = PaymentOrder;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "begin_order_refund",
        basis: "97/2015/QH13 Điều 14",
        may: &[],
        events: &["payment.OrderRefundBegun.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was begun before.
    fn decide(
        &self,
        order: &PaymentOrder,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentOrderEvent>, Refusal> {
        let RefundRequested { refund, amount, captured, .. } = self.requested;
        let Some(started) = order.started().filter(|_| order.begun(refund).is_none()) else {
            return Ok(Decision::Nothing);
        };
        let is_open = |one: &&BegunRefund| !self.ended.contains_key(&one.refund);
        if self.is_alone && order.refunds().iter().any(|one| is_open(&one)) {
            return Err(Refusal::Waits);
        }
        let is_gone = |one: &&BegunRefund| {
            one.captured == captured && self.ended.get(&one.refund) != Some(&RefundOutcome::Refused)
        };
        let gone = order.refunds().iter().filter(is_gone);
        let gone = gone.fold(0_i64, |sum, one| sum.saturating_add(one.amount.0));
        let left = captured.0.saturating_sub(gone).max(0);
        if amount.0 > left {
            return Err(Refusal::MoreThanLeft(Vnd(left)));
        }
        let (order, dossier) = (started.order, self.dossier);
        Ok(Decision::event(OrderRefundBegun { order, dossier, refund, amount, captured }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{PaymentId, Personal, Role};
    use crate::law::Law;
    use crate::payment_orders::start_payment_order::tests::candidate;
    use crate::payment_orders::take_order_notice::tests::{captured, open};
    use crate::testing::{Scene, law};

    fn paid(law: &Law) -> Scene<'_, PaymentOrder> {
        let mut scene = open(law, "sandbox");
        let notice = captured("e1", Some("t1"), 90_000);
        scene.execute("2026-11-20T09:21", Role::PaymentProvider, notice).unwrap();
        scene
    }

    fn begin(id: u128, amount: i64, ended: &[(u128, RefundOutcome)]) -> BeginOrderRefund {
        let member = candidate(usize::try_from(id % 2).unwrap(), amount).member;
        let requested = RefundRequested {
            refund: Uuid::from_u128(id),
            payment: PaymentId(member.payment.0),
            provider: "sandbox".to_owned(),
            transaction: Some("t1".to_owned()),
            amount: Vnd(amount),
            captured: Vnd(90_000),
            reason: Personal::Known("withdrawn".to_owned()),
            proposed_by: None,
        };
        let ended = ended.iter().map(|(id, outcome)| (Uuid::from_u128(*id), *outcome)).collect();
        BeginOrderRefund { dossier: member.dossier, requested, is_alone: true, ended }
    }

    #[test]
    fn of_a_provider_whose_answers_name_no_refund_one_is_on_its_way_at_a_time() {
        let law = law();
        let mut scene = paid(&law);
        let mut at = |begin| scene.execute("2026-11-21T09:00", Role::System, begin);
        assert_eq!(at(begin(1, 30_000, &[])).unwrap().len(), 1);
        assert_eq!(at(begin(1, 30_000, &[])).unwrap().len(), 0, "it is begun");
        assert_eq!(at(begin(2, 60_000, &[])), Err(Refusal::Waits));
        let named = BeginOrderRefund { is_alone: false, ..begin(2, 10_000, &[]) };
        assert_eq!(at(named).unwrap().len(), 1, "answers name it");
        let ended = [(1, RefundOutcome::Refunded)];
        assert_eq!(at(begin(3, 10_000, &ended)), Err(Refusal::Waits));
        let ended = [(1, RefundOutcome::Refunded), (2, RefundOutcome::Refused)];
        assert_eq!(at(begin(3, 10_000, &ended)).unwrap().len(), 1);
    }

    #[test]
    fn all_refunds_of_an_order_are_no_more_than_what_was_captured() {
        let law = law();
        let mut scene = paid(&law);
        let mut at = |begin| scene.execute("2026-11-21T09:00", Role::System, begin);
        at(begin(1, 30_000, &[])).unwrap();
        let one = [(1, RefundOutcome::Refunded)];
        assert_eq!(at(begin(2, 60_001, &one)), Err(Refusal::MoreThanLeft(Vnd(60_000))));
        at(begin(2, 60_000, &one)).unwrap();
        let both = [one[0], (2, RefundOutcome::Refunded)];
        assert_eq!(at(begin(3, 1, &both)), Err(Refusal::MoreThanLeft(Vnd::ZERO)));
        // What was refused is still there.
        let refused = [one[0], (2, RefundOutcome::Refused)];
        at(begin(3, 60_000, &refused)).unwrap();
    }
}
