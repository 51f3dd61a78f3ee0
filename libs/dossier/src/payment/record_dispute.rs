//! A letter of the provider or the bank says that a payer disputes a payment.

use jiff::Timestamp;

use super::Payment;
use super::dispute::DISPUTES_MAX;
use crate::access::agency;
use crate::contract::{PaymentDisputed, PaymentEvent, PaymentId, Role, Vnd, WholeOrder};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// What a letter says about a payment.
#[derive(Debug, Clone)]
pub struct RecordDispute {
    /// The attempt.
    pub payment: PaymentId,
    /// The provider's number of the dispute.
    pub number: String,
    pub amount: Vnd,
    /// When it must be answered, by the letter; the period for discrepancies if it has no date.
    pub answer_by: Option<Timestamp>,
    /// How the cashier knows it.
    pub reason: Text<2000>,
    /// The payment order with the parts of its dossiers, if its whole payment is disputed.
    pub order: Option<WholeOrder>,
}

refusals! {
    /// Refusals of `record_dispute`.
    pub enum Refusal {
        UnknownAttempt(Known) => 422, "attempt-not-of-dossier" at "/payment",
            "hồ sơ này không có lượt thanh toán như vậy", "the dossier has no such attempt";
        NotWholeOrder(Vnd) => 422, "order-dispute-not-whole" at "/amount_vnd",
            "khiếu nại cả lệnh nộp chung thì số tiền là toàn bộ khoản nộp chung; nếu không, ghi cho từng hồ sơ",
            "the amount must be that of the whole payment order; else record it for each dossier";
        NotOfAttempt(Vnd) => 422, "dispute-amount-impossible" at "/amount_vnd",
            "số tiền phải lớn hơn 0 và không quá số đã thu của lượt thanh toán",
            "the amount must be greater than 0 and at most the total of the attempt";
        Recorded => 409, "dispute-known",
            "khoản khiếu nại này đã được ghi", "this dispute is recorded";
        TooMany => 409, "too-many-disputes",
            "lượt thanh toán này đã có quá nhiều khiếu nại", "this attempt has too many disputes";
    }
}

impl Command for RecordDispute {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "record_dispute",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier)],
        events: &["payment.PaymentDisputed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { payment: id, number, amount, answer_by, reason, order } = self;
        let Some(attempt) = payment.attempts.get(id) else {
            let known = payment.attempts.keys();
            return Err(Refusal::UnknownAttempt(Known::new(
                id,
                known,
                "GET /v1/payments/{dossier}",
            )));
        };
        let whole = order.as_ref().map(|order| order.sum().unwrap_or(Vnd::ZERO));
        if let Some(whole) = whole.filter(|whole| whole != amount) {
            return Err(Refusal::NotWholeOrder(whole));
        }
        let amount = order.as_ref().map_or(*amount, |order| order.part_of(*id));
        if amount <= Vnd::ZERO || amount > attempt.captured {
            return Err(Refusal::NotOfAttempt(attempt.captured));
        }
        if attempt.disputes.iter().any(|one| one.number == *number) {
            return Err(Refusal::Recorded);
        }
        if attempt.disputes.len() >= DISPUTES_MAX {
            return Err(Refusal::TooMany);
        }
        Ok(Decision::event(PaymentDisputed {
            payment: *id,
            provider: attempt.started.provider.clone(),
            dispute: number.clone(),
            amount,
            answer_by: Payment::answer_by(*answer_by, facts)?,
            source: None,
            reason: Some(reason.personal()),
            message: None,
            order: order.clone(),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::payment::reversal::tests::settled;
    use crate::testing::{at, law};

    pub(crate) fn letter(payment: PaymentId, amount: i64) -> RecordDispute {
        RecordDispute {
            payment,
            number: "D9".to_owned(),
            amount: Vnd(amount),
            answer_by: None,
            reason: "letter 7/NH".into(),
            order: None,
        }
    }

    #[test]
    fn a_dispute_from_a_letter_without_a_date_is_answered_in_the_period_for_discrepancies() {
        let law = law();
        let (mut scene, id) = settled(&law);
        let mut record =
            |amount| scene.execute("2026-11-20T10:00", Role::Cashier, letter(id, amount));
        assert_eq!(record(30_001), Err(Refusal::NotOfAttempt(Vnd(30_000))));
        assert_eq!(record(0), Err(Refusal::NotOfAttempt(Vnd(30_000))));
        record(30_000).unwrap();
        assert_eq!(record(30_000), Err(Refusal::Recorded));
        // Two working days from Friday 20 November; Tuesday 24 is off.
        let due = scene.state.due_dispute().unwrap().1.owed.running.due_at;
        assert_eq!(due, at("2026-11-26T00:00"));
    }
}
