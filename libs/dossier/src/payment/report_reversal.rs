//! A letter of the provider or a line of a statement says that money was taken back, and no message
//! of the provider does. A cashier proposes to record it, and a second person approves.

use jiff::Timestamp;

use super::Payment;
use crate::access::agency;
use crate::contract::{Entry, PaymentEvent, PaymentId, Role, Vnd, WholeOrder};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// Proposes to record a reversal.
#[derive(Debug, Clone)]
pub struct ReportReversal {
    /// The attempt.
    pub payment: PaymentId,
    pub amount: Vnd,
    /// The provider's or the bank's number of the reversal.
    pub number: String,
    /// When the money moved.
    pub reversed_at: Option<Timestamp>,
    /// How the cashier knows it.
    pub reason: Text<2000>,
    /// The payment order with what its dossiers have left, if its whole payment was taken back.
    pub order: Option<WholeOrder>,
}

refusals! {
    /// Refusals of `report_reversal`.
    pub enum Refusal {
        NotPositive => 422, "amount-not-positive" at "/amount_vnd",
            "số tiền phải lớn hơn 0", "the amount must be greater than 0";
        UnknownAttempt(Known) => 422, "attempt-not-of-dossier" at "/payment",
            "hồ sơ này không có lượt thanh toán như vậy", "the dossier has no such attempt";
        NotWholeOrder(Vnd) => 422, "order-reversal-not-whole" at "/amount_vnd",
            "đảo cả lệnh nộp chung thì số tiền là toàn bộ phần còn lại của khoản nộp chung; nếu không, ghi cho từng hồ sơ",
            "the amount must be the rest of the whole payment order; else record it for each dossier";
        MoreThanLeft(Vnd) => 422, "reversal-exceeds-attempt" at "/amount_vnd",
            "số tiền vượt phần còn lại của lượt thanh toán sau khi trừ các khoản đã hoàn, đang hoàn, đã bị thu hồi",
            "the amount exceeds the rest of the attempt after refunds and reversals";
        AlreadyRecorded => 409, "reversal-known",
            "khoản đảo giao dịch này đã được ghi", "this reversal is recorded";
        AlreadyProposed => 409, "refund-already-proposed",
            "đã có đề xuất chờ người thứ hai phê duyệt", "another proposal is waiting for a second person";
    }
}

impl Command for ReportReversal {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "report_reversal",
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
        let Self { payment: id, amount, number, reversed_at, reason, order } = self;
        if *amount <= Vnd::ZERO {
            return Err(Refusal::NotPositive);
        }
        let Some(attempt) = payment.attempts.get(id) else {
            let known = payment.attempts.keys();
            return Err(Refusal::UnknownAttempt(Known::new(
                id,
                known,
                "GET /v1/payments/{dossier}",
            )));
        };
        if attempt.has_reversal(number, *amount) {
            return Err(Refusal::AlreadyRecorded);
        }
        let whole = order.as_ref().map(|order| order.sum().unwrap_or(Vnd::ZERO));
        if let Some(whole) = whole.filter(|whole| whole != amount) {
            return Err(Refusal::NotWholeOrder(whole));
        }
        let left = payment.reversible(*id);
        let part = order.as_ref().map_or(*amount, |order| order.part_of(*id));
        if part > left || part <= Vnd::ZERO {
            return Err(Refusal::MoreThanLeft(left));
        }
        if payment.proposal.is_some() {
            return Err(Refusal::AlreadyProposed);
        }
        let what = Entry::Reversal {
            payment: *id,
            amount: *amount,
            transaction: number.clone(),
            reversed_at: *reversed_at,
            order: order.as_ref().map(|order| order.order),
        };
        Ok(Decision::event(Payment::propose(what, reason.personal(), facts)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::Standing;
    use crate::payment::approve_entry::ApproveEntry;
    use crate::payment::reversal::tests::{reversal, settled};
    use crate::payment::take_notice::TakeNotice;
    use crate::payment::take_notice::tests::take;
    use crate::testing::{at, law};

    #[test]
    fn a_letter_about_a_reversal_is_recorded_by_two_persons_and_the_late_report_is_known() {
        let law = law();
        let (mut scene, id) = settled(&law);
        let letter = |amount| ReportReversal {
            payment: id,
            amount: Vnd(amount),
            number: "CB1".to_owned(),
            reversed_at: Some(at("2026-11-21T00:00")),
            reason: "letter 12/NH".into(),
            order: None,
        };
        let mut propose = |amount| scene.execute("2026-11-23T10:00", Role::Cashier, letter(amount));
        assert_eq!(propose(0), Err(Refusal::NotPositive));
        assert_eq!(propose(30_001), Err(Refusal::MoreThanLeft(Vnd(30_000))));
        propose(30_000).unwrap();
        assert_eq!(scene.state.received, Vnd(30_000), "only proposed");
        let entry = scene.state.proposal.as_ref().unwrap().id;
        scene.subject = "second";
        let approve = ApproveEntry { entry, standing: Standing::InProcess, order: None };
        let events = scene.execute("2026-11-23T11:00", Role::Approver, approve).unwrap();
        let [PaymentEvent::PaymentReversed(reversed), PaymentEvent::FeeOwedAgain(_)] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((reversed.entry, reversed.source), (Some(entry), None));
        let late = TakeNotice {
            transaction: Some("CB1".to_owned()),
            ..reversal(id, "r1", 30_000, Standing::InProcess)
        };
        assert_eq!(take(&mut scene, &late), [""; 0]);
        let again = scene.execute("2026-11-23T12:00", Role::Cashier, letter(30_000));
        assert_eq!(again, Err(Refusal::AlreadyRecorded));
    }
}
