//! The agency has answered a dispute at the provider or the bank, with its evidence. The dispute
//! stays open until its outcome is known.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Payment;
use crate::access::agency;
use crate::contract::{DisputeAnswered, PaymentEvent, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::{Line, Text};

/// The answer to a dispute.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerDisputeRequest)]
pub struct AnswerDispute {
    /// Number of the dispute (`attempts/disputes`).
    pub dispute: Line<200>,
    /// What was answered, and how.
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `answer_dispute`.
    pub enum Refusal {
        UnknownDispute(Known) => 422, "unknown-dispute" at "/dispute",
            "hồ sơ này không có khiếu nại đang mở như vậy", "the dossier has no such open dispute";
        Answered => 409, "dispute-answered",
            "khiếu nại này đã được trả lời", "this dispute is answered";
    }
}

impl Command for AnswerDispute {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "answer_dispute",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier)],
        events: &["payment.DisputeAnswered.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { dispute, reason } = self;
        let dispute = &dispute.0;
        let Some((payment, one)) = payment.open_dispute(dispute) else {
            let known = payment.open_dispute_numbers();
            let known = Known::new(dispute, known, "GET /v1/payments/{dossier}");
            return Err(Refusal::UnknownDispute(known));
        };
        if one.is_answered {
            return Err(Refusal::Answered);
        }
        let (dispute, reason, order) = (dispute.clone(), reason.personal(), one.order);
        Ok(Decision::event(DisputeAnswered { payment, dispute, reason, order }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::record_dispute::tests::letter;
    use crate::payment::reversal::tests::settled;
    use crate::testing::law;

    #[test]
    fn an_answered_dispute_is_no_task_any_more_and_stays_open() {
        let law = law();
        let (mut scene, id) = settled(&law);
        scene.execute("2026-11-20T10:00", Role::Cashier, letter(id, 30_000)).unwrap();
        let answer = |dispute: &str| AnswerDispute {
            dispute: dispute.into(),
            reason: "the receipt was sent".into(),
        };
        let unknown = scene.execute("2026-11-20T11:00", Role::Cashier, answer("D8"));
        assert!(matches!(unknown, Err(Refusal::UnknownDispute(_))), "{unknown:?}");
        scene.execute("2026-11-20T11:00", Role::Cashier, answer("D9")).unwrap();
        assert!(scene.state.due_dispute().is_none());
        assert_eq!(scene.state.disputed(), crate::contract::Vnd(30_000));
        let again = scene.execute("2026-11-20T11:01", Role::Cashier, answer("D9"));
        assert_eq!(again, Err(Refusal::Answered));
    }
}
