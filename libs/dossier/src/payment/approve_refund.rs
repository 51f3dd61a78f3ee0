//! A second person approves a refund above the limit for one person. Nobody approves their own
//! proposal.

use uuid::Uuid;

use super::Payment;
use super::balance::{RefundBarred, Standing};
use super::refund_payment::{Granted, granted};
use super::refunding::NotSendable;
use crate::access::agency;
use crate::contract::{PaymentEvent, Role, Vnd};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Approves a proposed refund; it is checked again against the present balance.
#[derive(Debug, Clone, Copy)]
pub struct ApproveRefund {
    /// Id of the proposed refund.
    pub refund: Uuid,
    /// Progress of the dossier at intake.
    pub standing: Standing,
}

refusals! {
    /// Refusals of `approve_refund`.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "you cannot approve your own proposal";
        MoreThanReceived(Vnd) => 409, "refund-exceeds-received",
            "số tiền hoàn vượt số đã thu", "the amount exceeds the amount received and not yet refunded";
        InDoubt(Vnd) => 409, "amount-in-doubt",
            "một phần số tiền chưa được đối chiếu với cổng thanh toán",
            "part of the amount does not agree with the provider's notices; resolve the discrepancy first";
        FeeInUse(Vnd) => 409, "fee-in-use",
            "hồ sơ đang được giải quyết: chỉ hoàn số nộp thừa",
            "the dossier is being processed for this fee; only an overpayment can be refunded";
        AmountDisputed(Vnd) => 409, "amount-disputed",
            "một phần số tiền đang bị tra soát, khiếu nại: chờ kết quả",
            "part of the amount is disputed; wait for the outcome of the dispute";
        Disputed => 409, "payment-disputed",
            "lượt thanh toán này đang bị tra soát, khiếu nại: chờ kết quả",
            "the payer disputes this attempt; wait for the outcome of the dispute";
        NotOwed(Vnd) => 409, "refund-exceeds-owed",
            "số tiền vượt số phải hoàn trả", "the amount exceeds the sum that is owed back";
        NotLeft(Vnd) => 409, "refund-exceeds-transaction",
            "số tiền vượt phần còn lại của giao dịch tại cổng thanh toán",
            "the amount exceeds the rest of the transactions of this attempt";
        OnItsWay => 409, "refund-on-its-way",
            "lượt thanh toán này đang có một khoản hoàn chờ kết quả",
            "a refund of this attempt is on its way; wait for its outcome";
    }
}

impl Command for ApproveRefund {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "approve_refund",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), agency(Role::Approver)],
        events: &[
            "payment.PaymentRefunded.v1",
            "payment.FeeOwedAgain.v1",
            "payment.RefundRequested.v1",
        ],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { refund, standing } = *self;
        let (proposal, amount) = payment.proposed_refund(refund).ok_or(Refusal::NothingProposed)?;
        let (reason, proposed_by) = proposal.seconded(facts).ok_or(Refusal::OwnProposal)?;
        if let Some(attempt) = proposal.through {
            let part = payment.sendable(attempt, amount).map_err(|why| match why {
                NotSendable::NoAttempt => Refusal::NothingProposed,
                NotSendable::NotOwed(owed) => Refusal::NotOwed(owed),
                NotSendable::NotLeft(left) => Refusal::NotLeft(left),
                NotSendable::OnItsWay => Refusal::OnItsWay,
                NotSendable::Disputed => Refusal::Disputed,
            })?;
            return Ok(Decision::event(part.request(refund, amount, reason, proposed_by)));
        }
        let effect = payment.refund(amount, standing).map_err(|barred| match barred {
            RefundBarred::MoreThanReceived(left) => Refusal::MoreThanReceived(left),
            RefundBarred::InDoubt(sure) => Refusal::InDoubt(sure),
            RefundBarred::Disputed(free) => Refusal::AmountDisputed(free),
            RefundBarred::FeeInUse(above) => Refusal::FeeInUse(above),
        })?;
        let through = None;
        let granting = Granted { refund, amount, reason, effect, standing, proposed_by, through };
        Ok(granted(payment, granting, facts)?.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::law::Law;
    use crate::payment::approve_resolution::tests::{agree_to_resolution, resolution_proposed};
    use crate::payment::refund_payment::tests::refund;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::{Scene, law};

    /// 3,000,000 were captured for a fee of 30,000; two people confirmed it, and a cashier proposes
    /// to refund the excess.
    pub(crate) fn proposed(law: &Law) -> (Scene<'_, Payment>, Uuid) {
        let (mut scene, id) = started(law);
        take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
        let resolution = resolution_proposed(&mut scene, id, 3_000_000);
        agree_to_resolution(&mut scene, resolution, "second").unwrap();
        refund(&mut scene, 2_970_000, Standing::InProcess).unwrap();
        let refund = scene.state.proposal.as_ref().unwrap().id;
        (scene, refund)
    }

    fn approve(
        scene: &mut Scene<'_, Payment>,
        refund: Uuid,
        who: &'static str,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        scene.subject = who;
        let approve = ApproveRefund { refund, standing: Standing::InProcess };
        scene.execute("2026-11-20T12:00", Role::Cashier, approve)
    }

    #[test]
    fn a_second_person_agrees_and_nobody_to_their_own() {
        let law = law();
        let (mut scene, refund) = proposed(&law);
        assert_eq!(approve(&mut scene, refund, "tester"), Err(Refusal::OwnProposal));
        let other = approve(&mut scene, Uuid::from_u128(1), "second");
        assert_eq!(other, Err(Refusal::NothingProposed));
        assert_eq!(scene.state.refunded, Vnd(0));
        approve(&mut scene, refund, "second").unwrap();
        assert_eq!((scene.state.refunded, scene.state.owed_back()), (Vnd(2_970_000), Vnd(0)));
        assert_eq!((scene.state.refunded_alone, scene.state.resolved_alone), (Vnd(0), Vnd(0)));
        assert_eq!(approve(&mut scene, refund, "second"), Err(Refusal::NothingProposed));
    }
}
