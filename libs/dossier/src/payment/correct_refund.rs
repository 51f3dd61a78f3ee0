//! The recorded outcome of a refund through a provider is wrong: a cashier has read the statement
//! wrongly, or the provider has told something else since. A cashier proposes the right one, and a
//! second person approves it.

use uuid::Uuid;

use super::Payment;
use super::refunding::UnfitNumber;
use crate::access::agency;
use crate::contract::{Entry, PaymentEvent, RefundOutcome, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// Proposes the right outcome of a refund.
#[derive(Debug, Clone)]
pub struct CorrectRefund {
    pub refund: Uuid,
    pub outcome: RefundOutcome,
    /// The provider's number of the refund, if the money went back.
    pub number: Option<String>,
    /// How the cashier knows it.
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `correct_refund`.
    pub enum Refusal {
        UnknownRefund(Known) => 422, "unknown-refund" at "/refund",
            "hồ sơ này không có khoản hoàn qua cổng như vậy",
            "the dossier has no such refund through a provider";
        NotEnded => 409, "refund-not-ended",
            "khoản hoàn này chưa có kết quả để sửa",
            "the refund has no outcome that could be corrected";
        SameOutcome => 409, "refund-outcome-same",
            "kết quả đang ghi đã như vậy", "this outcome is the one that is recorded";
        NumberMissing => 422, "refund-number-missing" at "/transaction",
            "tiền đã hoàn thì phải ghi mã giao dịch hoàn của cổng thanh toán hoặc ngân hàng",
            "money that went back has a transaction number of the provider or the bank";
        NumberOfOther => 422, "refund-number-of-other" at "/transaction",
            "mã này là của khoản thu hoặc khoản hoàn khác",
            "this is the number of the payment or of another refund";
        AlreadyProposed => 409, "refund-already-proposed",
            "đã có đề xuất chờ người thứ hai phê duyệt", "another proposal is waiting for a second person";
    }
}

impl Command for CorrectRefund {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "correct_refund",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier)],
        events: &["payment.EntryProposed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { refund, outcome, number, reason } = self;
        let Some(sent) = payment.sent_refund(*refund) else {
            let known = payment.sent_refunds.iter().map(|one| one.requested.refund);
            let source = "GET /v1/payments/{dossier}";
            return Err(Refusal::UnknownRefund(Known::new(refund, known, source)));
        };
        match sent.outcome() {
            None => return Err(Refusal::NotEnded),
            Some(recorded) if recorded == *outcome => return Err(Refusal::SameOutcome),
            Some(_) => {}
        }
        let number =
            payment.number_of(sent, *outcome, number.as_deref()).map_err(|unfit| match unfit {
                UnfitNumber::Missing => Refusal::NumberMissing,
                UnfitNumber::OfOther => Refusal::NumberOfOther,
            })?;
        if payment.proposal.is_some() {
            return Err(Refusal::AlreadyProposed);
        }
        let transaction = number.map(str::to_owned);
        let what = Entry::RefundOutcome { refund: *refund, outcome: *outcome, transaction };
        Ok(Decision::event(Payment::propose(what, reason.personal(), facts)?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::{RefundCorrected, Vnd};
    use crate::payment::approve_entry::{self, ApproveEntry};
    use crate::payment::balance::Standing;
    use crate::payment::reject_entry::RejectEntry;
    use crate::payment::request_refund::tests::{request, told};
    use crate::payment::take_notice::tests::{paid_twice, take};
    use crate::testing::{Scene, law};

    fn correct(
        scene: &mut Scene<'_, Payment>,
        outcome: RefundOutcome,
        number: Option<&str>,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let refund = scene.state.sent_refunds[0].requested.refund;
        let (number, reason) = (number.map(str::to_owned), "by the statement".into());
        let correct = CorrectRefund { refund, outcome, number, reason };
        scene.subject = "tester";
        scene.execute("2026-11-23T10:00", Role::Cashier, correct)
    }

    pub(crate) fn approve(
        scene: &mut Scene<'_, Payment>,
        who: &'static str,
        standing: Standing,
    ) -> Result<Vec<PaymentEvent>, approve_entry::Refusal> {
        let entry = scene.state.proposal.as_ref().map_or(Uuid::nil(), |proposal| proposal.id);
        scene.subject = who;
        scene.execute(
            "2026-11-23T11:00",
            Role::Cashier,
            ApproveEntry { entry, standing, order: None },
        )
    }

    /// The id of a proposed correction.
    pub(crate) fn proposed(scene: &mut Scene<'_, Payment>, outcome: RefundOutcome) -> Uuid {
        correct(scene, outcome, None).unwrap();
        scene.state.proposal.as_ref().unwrap().id
    }

    /// 60,000 paid for a fee of 30,000, and a refund of 30,000 with this outcome.
    pub(crate) fn ended(law: &crate::law::Law, outcome: RefundOutcome) -> Scene<'_, Payment> {
        let mut scene = paid_twice(law);
        request(&mut scene, 30_000).unwrap();
        let said = told(&scene, outcome);
        take(&mut scene, &said);
        scene
    }

    #[test]
    fn money_that_did_not_go_back_after_all_is_owed_back_again_with_a_due_date() {
        let law = law();
        let mut scene = ended(&law, RefundOutcome::Refunded);
        assert_eq!((scene.state.refunded, scene.state.owed_back()), (Vnd(30_000), Vnd(0)));
        correct(&mut scene, RefundOutcome::Refused, None).unwrap();
        assert_eq!(scene.state.refunded, Vnd(30_000), "only proposed");
        let own = approve(&mut scene, "tester", Standing::InProcess);
        assert_eq!(own, Err(approve_entry::Refusal::OwnProposal));
        let events = approve(&mut scene, "second", Standing::InProcess).unwrap();
        let [PaymentEvent::RefundCorrected(RefundCorrected { proposed_by, .. }), owed] =
            &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(proposed_by.as_str(), "tester");
        assert!(matches!(owed, PaymentEvent::RefundOwed(_)), "{owed:?}");
        let state = &scene.state;
        assert_eq!(
            (state.refunded, state.refunded_alone, state.owed_back()),
            (Vnd(0), Vnd(0), Vnd(30_000))
        );
        assert!(state.owed_repayment().is_some() && state.proposal.is_none());
        assert!(state.reasons.refunds.is_empty(), "nothing went back");
        // And it can go back: the state has no dead end.
        request(&mut scene, 30_000).unwrap();
    }

    #[test]
    fn money_that_went_back_after_all_counts_and_reopens_the_fee_only_before_the_end() {
        let law = law();
        let mut scene = ended(&law, RefundOutcome::Refused);
        assert_eq!(correct(&mut scene, RefundOutcome::Refunded, None), Err(Refusal::NumberMissing));
        correct(&mut scene, RefundOutcome::Refunded, Some("R5")).unwrap();
        let events = approve(&mut scene, "second", Standing::InProcess).unwrap();
        let [PaymentEvent::RefundCorrected(_), PaymentEvent::PaymentRefunded(_)] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((scene.state.refunded, scene.state.owed_back()), (Vnd(30_000), Vnd(0)));
        assert_eq!(scene.state.sent_refunds[0].number(), Some("R5"));
        // Corrected again: every state has a way out.
        correct(&mut scene, RefundOutcome::Refused, None).unwrap();
        approve(&mut scene, "second", Standing::InProcess).unwrap();
        assert_eq!((scene.state.refunded, scene.state.owed_back()), (Vnd(0), Vnd(30_000)));
    }

    #[test]
    fn only_a_recorded_outcome_is_corrected_and_only_by_another_one() {
        let law = law();
        let mut scene = paid_twice(&law);
        request(&mut scene, 30_000).unwrap();
        assert_eq!(correct(&mut scene, RefundOutcome::Refused, None), Err(Refusal::NotEnded));
        let said = told(&scene, RefundOutcome::Refused);
        take(&mut scene, &said);
        assert_eq!(correct(&mut scene, RefundOutcome::Refused, None), Err(Refusal::SameOutcome));
        correct(&mut scene, RefundOutcome::Refunded, Some("R5")).unwrap();
        let again = correct(&mut scene, RefundOutcome::Refunded, Some("R5"));
        assert_eq!(again, Err(Refusal::AlreadyProposed));
        // The provider tells it meanwhile: nothing is left to be corrected.
        let late = told(&scene, RefundOutcome::Refunded);
        take(&mut scene, &late);
        let approved = approve(&mut scene, "second", Standing::InProcess);
        assert_eq!(approved, Err(approve_entry::Refusal::NoLongerHolds));
        let entry = scene.state.proposal.as_ref().unwrap().id;
        let reject = RejectEntry { entry, reason: "the provider has told it".into() };
        scene.execute("2026-11-23T12:00", Role::Cashier, reject).unwrap();
        assert!(scene.state.proposal.is_none() && scene.state.refunded == Vnd(30_000));
    }
}
