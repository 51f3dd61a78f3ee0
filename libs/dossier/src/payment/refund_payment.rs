//! A refund: of money that was paid twice or too late, that is left over after the end of a
//! dossier, or that the law of a sector refunds. Never more than the balance. The fee of a dossier
//! that is being processed is not refunded; before acceptance it is, and the fee is owed again.
//! Above a limit, which is set in the payment rules, a second person has to approve.

use uuid::Uuid;

use super::Payment;
use super::balance::{RefundBarred, Standing};
use crate::access::agency;
use crate::contract::{
    PaymentEvent, PaymentId, PaymentRefunded, Personal, RefundEffect, RefundProposed, Role,
    Subject, Vnd,
};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// Refunds money.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    pub amount: Vnd,
    /// Written reason.
    pub reason: Text<2000>,
    /// Progress of the dossier at intake.
    pub standing: Standing,
}

refusals! {
    /// Refusals of `refund_payment`.
    pub enum Refusal {
        NotPositive => 422, "amount-not-positive" at "/amount_vnd",
            "số tiền phải lớn hơn 0", "the amount must be greater than 0";
        MoreThanReceived(Vnd) => 409, "refund-exceeds-received",
            "số tiền hoàn vượt số đã thu", "the amount exceeds the amount received and not yet refunded";
        InDoubt(Vnd) => 409, "amount-in-doubt",
            "một phần số tiền chưa được đối chiếu với cổng thanh toán",
            "part of the amount does not agree with the provider's notices; resolve the discrepancy first";
        FeeInUse(Vnd) => 409, "fee-in-use",
            "hồ sơ đang được giải quyết: chỉ hoàn số nộp thừa",
            "the dossier is being processed for this fee; only an overpayment can be refunded";
        Disputed(Vnd) => 409, "amount-disputed",
            "một phần số tiền đang bị tra soát, khiếu nại: chờ kết quả",
            "part of the amount is disputed; wait for the outcome of the dispute";
        AlreadyProposed => 409, "refund-already-proposed",
            "đã có đề xuất chờ người thứ hai phê duyệt", "another proposal is waiting for a second person";
    }
}

impl Refusal {
    const fn barred(barred: RefundBarred) -> Self {
        match barred {
            RefundBarred::MoreThanReceived(left) => Self::MoreThanReceived(left),
            RefundBarred::InDoubt(sure) => Self::InDoubt(sure),
            RefundBarred::Disputed(free) => Self::Disputed(free),
            RefundBarred::FeeInUse(above) => Self::FeeInUse(above),
        }
    }
}

impl Command for RefundPayment {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "refund_payment",
        basis: "97/2015/QH13 Điều 14",
        may: &[agency(Role::Cashier)],
        events: &[
            "payment.PaymentRefunded.v1",
            "payment.FeeOwedAgain.v1",
            "payment.RefundProposed.v1",
        ],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { amount, standing, .. } = *self;
        if amount <= Vnd::ZERO {
            return Err(Refusal::NotPositive);
        }
        let effect = payment.refund(amount, standing).map_err(Refusal::barred)?;
        let (refund, reason) = (facts.id("refund"), self.reason.personal());
        // All refunds of this dossier without a second person count together: splitting a refund
        // does not evade the limit.
        let alone = payment.returned_alone().plus(amount)?;
        if alone > Payment::rules(facts)?.second_person_above {
            if payment.proposal.is_some() {
                return Err(Refusal::AlreadyProposed);
            }
            let due_at = Some(Payment::proposal_due(facts)?);
            return Ok(Decision::event(RefundProposed {
                refund,
                amount,
                reason,
                due_at,
                payment: None,
            }));
        }
        let (proposed_by, through) = (None, None);
        let granting = Granted { refund, amount, reason, effect, standing, proposed_by, through };
        Ok(granted(payment, granting, facts)?.into())
    }
}

/// A refund that passed all checks.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) refund: Uuid,
    pub(super) amount: Vnd,
    pub(super) reason: Personal<String>,
    pub(super) effect: RefundEffect,
    pub(super) standing: Standing,
    pub(super) proposed_by: Option<Subject>,
    /// The attempt through whose provider it went back, and the provider's number.
    pub(super) through: Option<(PaymentId, Option<String>)>,
}

/// The refund and the events that follow from it.
pub(super) fn granted(
    payment: &Payment,
    granted: Granted,
    facts: &Facts<'_>,
) -> Result<Vec<PaymentEvent>, LawError> {
    let Granted { refund, amount, reason, effect, standing, proposed_by, through } = granted;
    let (through, transaction) = through.unzip();
    let (effect, receipts) = (Some(effect), None);
    let mut refunded = PaymentRefunded {
        refund,
        amount,
        reason,
        effect,
        proposed_by,
        receipts,
        payment: through,
        transaction: transaction.flatten(),
    };
    let mut after = payment.clone();
    after.apply_refund(&refunded);
    refunded.receipts = Some(after.correct_receipts(None));
    let mut events = vec![refunded.into()];
    let in_process = standing == Standing::InProcess;
    events.extend(Payment::consequences_in(after, payment, (in_process, facts.at), facts)?);
    Ok(events)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::FeeOwedAgain;
    use crate::law::next_version;
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::start_payment::tests::sandbox;
    use crate::payment::take_cash::{self, TakeCash};
    use crate::payment::take_notice::tests::paid_twice;
    use crate::testing::{Scene, at, law};

    pub(crate) fn refund(
        scene: &mut Scene<'_, Payment>,
        amount: i64,
        standing: Standing,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let (amount, reason) = (Vnd(amount), "twice".into());
        scene.execute("2026-11-20T11:00", Role::Cashier, RefundPayment { amount, reason, standing })
    }

    fn settled(law: &crate::law::Law) -> Scene<'_, Payment> {
        let mut scene = assessed(law);
        let cash = TakeCash { amount_vnd: Vnd(30_000) };
        scene.execute("2026-11-20T10:00", Role::Cashier, cash).unwrap();
        scene
    }

    #[test]
    fn never_more_goes_back_than_came_in() {
        let law = law();
        let mut scene = settled(&law);
        assert_eq!(refund(&mut scene, 0, Standing::AtItsEnd), Err(Refusal::NotPositive));
        refund(&mut scene, 20_000, Standing::AtItsEnd).unwrap();
        let more = refund(&mut scene, 20_000, Standing::AtItsEnd);
        assert_eq!(more, Err(Refusal::MoreThanReceived(Vnd(10_000))));
    }

    #[test]
    fn before_its_acceptance_a_dossier_owes_again_what_went_back() {
        let law = law();
        let mut scene = settled(&law);
        let events = refund(&mut scene, 29_999, Standing::Unanswered).unwrap();
        let [_, PaymentEvent::FeeOwedAgain(FeeOwedAgain { amount, window_ends_at, .. })] =
            &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(*amount, Vnd(29_999));
        assert!(window_ends_at.is_some_and(|end| end > at("2026-12-01T00:00")));
        assert!(scene.state.settled_at().is_none());
        assert_eq!(scene.state.outstanding(), Vnd(29_999));
        let one = TakeCash { amount_vnd: Vnd(1) };
        let one = scene.execute("2026-11-20T12:00", Role::Cashier, one);
        assert_eq!(one, Err(take_cash::Refusal::AmountDiffers(Vnd(29_999))));
        scene.execute("2026-11-20T12:00", Role::Applicant, sandbox()).unwrap();
        let attempt = scene.state.attempts.values().next().unwrap();
        assert_eq!(attempt.started.amount, Vnd(29_999), "what is missing, and no more");
    }

    #[test]
    fn the_fee_of_a_dossier_in_process_stays_and_what_is_more_goes_back() {
        let law = law();
        let mut scene = settled(&law);
        let refused = refund(&mut scene, 30_000, Standing::InProcess);
        assert_eq!(refused, Err(Refusal::FeeInUse(Vnd(0))));
        let mut scene = paid_twice(&law);
        let refused = refund(&mut scene, 30_001, Standing::InProcess);
        assert_eq!(refused, Err(Refusal::FeeInUse(Vnd(30_000))));
        assert_eq!(refund(&mut scene, 30_000, Standing::InProcess).unwrap().len(), 1);
        assert!(scene.state.settled_at().is_some());
        assert_eq!((scene.state.owed_back(), scene.state.outstanding()), (Vnd(0), Vnd(0)));
    }

    #[test]
    fn after_its_end_a_dossier_owes_nothing_of_what_went_back() {
        let law = law();
        let mut scene = settled(&law);
        assert_eq!(refund(&mut scene, 30_000, Standing::AtItsEnd).unwrap().len(), 1);
        assert_eq!((scene.state.outstanding(), scene.state.owed_back()), (Vnd(0), Vnd(0)));
        assert!(scene.state.settled_at().is_some(), "it was paid when it had to be");
    }

    #[test]
    fn a_large_refund_waits_for_a_second_person_also_in_pieces() {
        let mut law = law();
        let rules = next_version(include_str!("../../procedures/payments.yaml"))
            .replace("second_person_above: 1000000", "second_person_above: 20000");
        let issued = crate::law::rules(crate::contract::RulesKind::Payments, "p", &rules).unwrap();
        law.apply(&issued, None).unwrap();
        let mut scene = paid_twice(&law);
        refund(&mut scene, 15_000, Standing::InProcess).unwrap();
        let proposed = refund(&mut scene, 15_000, Standing::InProcess).unwrap();
        assert!(matches!(proposed[..], [PaymentEvent::RefundProposed(_)]), "{proposed:?}");
        assert_eq!(scene.state.refunded, Vnd(15_000), "nothing went back by it");
        let again = refund(&mut scene, 15_000, Standing::InProcess);
        assert_eq!(again, Err(Refusal::AlreadyProposed));
    }
}
