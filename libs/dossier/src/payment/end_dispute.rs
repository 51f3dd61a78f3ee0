//! A letter of the provider or the bank tells how a dispute ended. It moves no money: what the
//! payer gets is reported as a reversal.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Payment;
use crate::access::agency;
use crate::contract::{DisputeEnded, DisputeOutcome, PaymentEvent, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::{Line, Text};

/// The outcome that a letter tells.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndDisputeRequest)]
pub struct EndDispute {
    /// Number of the dispute (`attempts/disputes`).
    pub dispute: Line<200>,
    /// Who has the money.
    pub outcome: DisputeOutcome,
    /// How the cashier knows it.
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `end_dispute`.
    pub enum Refusal {
        UnknownDispute(Known) => 422, "unknown-dispute" at "/dispute",
            "hồ sơ này không có khiếu nại đang mở như vậy", "the dossier has no such open dispute";
    }
}

impl Command for EndDispute {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "end_dispute",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier)],
        events: &["payment.DisputeEnded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { dispute, outcome, reason } = self;
        let dispute = &dispute.0;
        let Some((payment, one)) = payment.open_dispute(dispute) else {
            let known = payment.open_dispute_numbers();
            let known = Known::new(dispute, known, "GET /v1/payments/{dossier}");
            return Err(Refusal::UnknownDispute(known));
        };
        Ok(Decision::event(DisputeEnded {
            payment,
            dispute: dispute.clone(),
            outcome: *outcome,
            source: None,
            reason: Some(reason.personal()),
            message: None,
            order: one.order,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::Standing;
    use crate::payment::record_dispute::tests::letter;
    use crate::payment::reversal::tests::{reversal, settled};
    use crate::payment::take_notice::tests::take;
    use crate::testing::law;

    #[test]
    fn a_dispute_ends_by_a_letter_and_what_is_lost_is_a_reversal() {
        let law = law();
        let (mut scene, id) = settled(&law);
        scene.execute("2026-11-20T10:00", Role::Cashier, letter(id, 30_000)).unwrap();
        let end = |dispute: &str| EndDispute {
            dispute: dispute.into(),
            outcome: DisputeOutcome::Lost,
            reason: "letter 9/NH".into(),
        };
        let unknown = scene.execute("2026-11-25T10:00", Role::Cashier, end("D8"));
        assert!(matches!(unknown, Err(Refusal::UnknownDispute(_))), "{unknown:?}");
        let ended = scene.execute("2026-11-25T10:00", Role::Cashier, end("D9")).unwrap();
        assert!(matches!(ended[..], [PaymentEvent::DisputeEnded(_)]), "{ended:?}");
        assert_eq!(scene.state.received, Vnd(30_000), "no money has moved by it");
        assert!(scene.execute("2026-11-25T10:01", Role::Cashier, end("D9")).is_err(), "once");
        let taken = take(&mut scene, &reversal(id, "r1", 30_000, Standing::AtItsEnd));
        assert_eq!(taken, ["PaymentReversed", "DebtArisen"]);
    }
}
