//! A cashier has money that is owed back returned by the provider that took it. The provider is
//! called afterwards; what became of it is recorded by `take_notice`, or by a cashier. Above the
//! limit for one person, a second person has to approve before anything is sent.

use super::Payment;
use super::refunding::NotSendable;
use crate::access::agency;
use crate::contract::{PaymentEvent, PaymentId, RefundProposed, Role, Vnd};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// Requests a refund through the provider of an attempt.
#[derive(Debug, Clone)]
pub struct RequestRefund {
    /// The attempt of which money goes back.
    pub payment: PaymentId,
    pub amount: Vnd,
    /// Written reason.
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `request_refund`.
    pub enum Refusal {
        NotPositive => 422, "amount-not-positive" at "/amount_vnd",
            "số tiền phải lớn hơn 0", "the amount must be greater than 0";
        UnknownAttempt(Known) => 422, "attempt-not-of-dossier" at "/payment",
            "hồ sơ này không có lượt thanh toán như vậy", "the dossier has no such attempt";
        NotOwed(Vnd) => 409, "refund-exceeds-owed",
            "số tiền vượt số phải hoàn trả", "the amount exceeds the sum that is owed back";
        NotLeft(Vnd) => 409, "refund-exceeds-transaction",
            "số tiền vượt phần còn lại của giao dịch tại cổng thanh toán",
            "the amount exceeds the rest of the transactions of this attempt";
        OnItsWay => 409, "refund-on-its-way",
            "lượt thanh toán này đang có một khoản hoàn chờ kết quả",
            "a refund of this attempt is on its way; wait for its outcome";
        Disputed => 409, "payment-disputed",
            "lượt thanh toán này đang bị tra soát, khiếu nại: chờ kết quả",
            "the payer disputes this attempt; wait for the outcome of the dispute";
        AlreadyProposed => 409, "refund-already-proposed",
            "đã có đề xuất chờ người thứ hai phê duyệt", "another proposal is waiting for a second person";
    }
}

impl Command for RequestRefund {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "request_refund",
        basis: "97/2015/QH13 Điều 14",
        may: &[agency(Role::Cashier)],
        events: &["payment.RefundRequested.v1", "payment.RefundProposed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { payment: attempt, amount, reason } = self;
        let (attempt, amount) = (*attempt, *amount);
        if amount <= Vnd::ZERO {
            return Err(Refusal::NotPositive);
        }
        let part = payment.sendable(attempt, amount).map_err(|why| match why {
            NotSendable::NoAttempt => {
                let known = payment.attempts.keys();
                Refusal::UnknownAttempt(Known::new(attempt, known, "GET /v1/payments/{dossier}"))
            }
            NotSendable::NotOwed(owed) => Refusal::NotOwed(owed),
            NotSendable::NotLeft(left) => Refusal::NotLeft(left),
            NotSendable::OnItsWay => Refusal::OnItsWay,
            NotSendable::Disputed => Refusal::Disputed,
        })?;
        let (refund, reason) = (facts.id("refund"), reason.personal());
        let alone = payment.returned_alone().plus(amount)?;
        if alone > Payment::rules(facts)?.second_person_above {
            if payment.proposal.is_some() {
                return Err(Refusal::AlreadyProposed);
            }
            let due_at = Some(Payment::proposal_due(facts)?);
            let payment = Some(attempt);
            return Ok(Decision::event(RefundProposed { refund, amount, reason, due_at, payment }));
        }
        Ok(Decision::event(part.request(refund, amount, reason, None)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::{RefundOutcome, Subject};
    use crate::law::{Law, next_version};
    use crate::payment::approve_refund::{self, ApproveRefund};
    use crate::payment::balance::Standing;
    use crate::payment::refund_payment;
    use crate::payment::refund_payment::tests::refund;
    use crate::payment::refunding::RefundSaid;
    use crate::payment::take_notice::tests::{paid_twice, say, take};
    use crate::payment::take_notice::{Said, TakeNotice};
    use crate::testing::{Scene, law};

    pub(crate) fn request(
        scene: &mut Scene<'_, Payment>,
        amount: i64,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let payment = *scene.state.attempts.keys().next_back().unwrap();
        let command = RequestRefund { payment, amount: Vnd(amount), reason: "twice".into() };
        scene.execute("2026-11-20T11:00", Role::Cashier, command)
    }

    /// The provider's report about the newest refund.
    pub(crate) fn told(scene: &Scene<'_, Payment>, outcome: RefundOutcome) -> TakeNotice {
        let sent = scene.state.sent_refunds.last().unwrap().requested.clone();
        let code = if outcome == RefundOutcome::Refunded { "00" } else { "95" }.to_owned();
        let (refund, amount) = (Some(sent.refund), Some(sent.amount));
        let standing = Standing::Unanswered;
        let said = Said::Refund(RefundSaid { refund, outcome, amount, code, standing });
        let transaction = Some("R1".to_owned());
        TakeNotice { transaction, said, ..say(sent.payment, "r1", Vnd(0)) }
    }

    fn strict_law() -> Law {
        let mut law = law();
        let rules = next_version(include_str!("../../procedures/payments.yaml"))
            .replace("second_person_above: 1000000", "second_person_above: 20000");
        let issued = crate::law::rules(crate::contract::RulesKind::Payments, "p", &rules).unwrap();
        law.apply(&issued, None).unwrap();
        law
    }

    #[test]
    fn what_goes_back_through_the_provider_is_on_its_way_until_the_provider_has_said_so() {
        let law = law();
        let mut scene = paid_twice(&law);
        let requested = request(&mut scene, 20_000).unwrap();
        assert!(matches!(requested[..], [PaymentEvent::RefundRequested(_)]), "{requested:?}");
        let state = &scene.state;
        assert_eq!((state.owed_back(), state.on_its_way()), (Vnd(10_000), Vnd(20_000)));
        assert_eq!((state.refunded, state.outstanding()), (Vnd(0), Vnd(0)));
        assert!(state.owed_repayment().is_some(), "the cashier still owes it");
        let refused = refund(&mut scene, 10_001, Standing::InProcess);
        assert_eq!(refused, Err(refund_payment::Refusal::FeeInUse(Vnd(10_000))), "not twice");
        assert_eq!(request(&mut scene, 10_000), Err(Refusal::OnItsWay));

        let said = told(&scene, RefundOutcome::Refunded);
        assert_eq!(take(&mut scene, &said), ["RefundEnded", "PaymentRefunded"]);
        assert_eq!(take(&mut scene, &said), [""; 0], "once");
        let state = &scene.state;
        assert_eq!((state.refunded, state.on_its_way()), (Vnd(20_000), Vnd(0)));
        assert_eq!((state.owed_back(), state.refunded_alone), (Vnd(10_000), Vnd(20_000)));
        request(&mut scene, 10_000).unwrap();
        let rest = told(&scene, RefundOutcome::Refunded);
        take(&mut scene, &rest);
        assert!(scene.state.owed_repayment().is_none());
        assert_eq!(request(&mut scene, 1), Err(Refusal::NotOwed(Vnd(0))));
    }

    #[test]
    fn a_refused_refund_is_owed_again_and_can_go_back_by_hand_or_be_sent_again() {
        let law = law();
        let mut scene = paid_twice(&law);
        request(&mut scene, 30_000).unwrap();
        let said = told(&scene, RefundOutcome::Refused);
        assert_eq!(take(&mut scene, &said), ["RefundEnded", "RefundOwed"]);
        assert_eq!((scene.state.owed_back(), scene.state.on_its_way()), (Vnd(30_000), Vnd(0)));
        request(&mut scene, 15_000).unwrap();
        let said = told(&scene, RefundOutcome::Refused);
        take(&mut scene, &said);
        refund(&mut scene, 30_000, Standing::InProcess).unwrap();
        assert!(scene.state.owed_repayment().is_none());
        // The provider has returned it all the same: the money is gone.
        let late = told(&scene, RefundOutcome::Refunded);
        assert_eq!(take(&mut scene, &late), ["RefundEnded", "PaymentRefunded", "FeeOwedAgain"]);
        assert_eq!((scene.state.refunded, scene.state.net()), (Vnd(45_000), Vnd(15_000)));
    }

    #[test]
    fn never_more_goes_back_than_a_transaction_brought_or_than_is_owed() {
        let law = law();
        let mut scene = paid_twice(&law);
        assert_eq!(request(&mut scene, 0), Err(Refusal::NotPositive));
        assert_eq!(request(&mut scene, 30_001), Err(Refusal::NotOwed(Vnd(30_000))));
        let unknown = RequestRefund {
            payment: PaymentId(uuid::Uuid::nil()),
            amount: Vnd(1),
            reason: "r".into(),
        };
        let refused = scene.execute("2026-11-20T11:00", Role::Cashier, unknown);
        assert!(matches!(refused, Err(Refusal::UnknownAttempt(_))), "{refused:?}");
    }

    #[test]
    fn a_large_refund_is_sent_after_a_second_person_has_approved_it() {
        let law = strict_law();
        let mut scene = paid_twice(&law);
        let proposed = request(&mut scene, 30_000).unwrap();
        assert!(matches!(proposed[..], [PaymentEvent::RefundProposed(_)]), "{proposed:?}");
        assert_eq!((scene.state.on_its_way(), scene.state.owed_back()), (Vnd(0), Vnd(30_000)));
        assert_eq!(request(&mut scene, 30_000), Err(Refusal::AlreadyProposed));
        let refund = scene.state.proposal.as_ref().unwrap().id;
        let approve = ApproveRefund { refund, standing: Standing::InProcess };
        let own = scene.execute("2026-11-20T12:00", Role::Cashier, approve);
        assert_eq!(own, Err(approve_refund::Refusal::OwnProposal));
        scene.subject = "second";
        let sent = scene.execute("2026-11-20T12:00", Role::Cashier, approve).unwrap();
        let [PaymentEvent::RefundRequested(sent)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!((sent.refund, &sent.proposed_by), (refund, &Some(Subject::from("tester"))));
        let said = told(&scene, RefundOutcome::Refunded);
        take(&mut scene, &said);
        assert_eq!((scene.state.refunded, scene.state.refunded_alone), (Vnd(30_000), Vnd(0)));
    }

    #[test]
    fn pieces_on_their_way_count_together_for_the_limit_of_one_person() {
        let law = strict_law();
        let mut scene = paid_twice(&law);
        request(&mut scene, 15_000).unwrap();
        let proposed = refund(&mut scene, 15_000, Standing::InProcess).unwrap();
        assert!(matches!(proposed[..], [PaymentEvent::RefundProposed(_)]), "{proposed:?}");
    }
}
