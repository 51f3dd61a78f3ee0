//! A dispute was not answered by the provider's date. It stays open: the provider may take the
//! money back.

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{DisputeOverdue, PaymentEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a dispute was not answered in time.
#[derive(Debug, Clone, Copy)]
pub struct MissDispute;

impl Command for MissDispute {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_dispute",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.DisputeOverdue.v1"],
        refusals: &[],
    };

    /// Returns no event if none is due and not recorded as missed.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let due = payment.due_dispute().filter(|(_, dispute)| !dispute.owed.missed);
        let Some((payment, dispute)) = due else { return Ok(Decision::Nothing) };
        let due_at = dispute.owed.running.due_at;
        if due_at > facts.at {
            return Ok(Decision::Nothing);
        }
        let (dispute, late_by_ms) = (dispute.number.clone(), late_by_ms(due_at, facts.at));
        Ok(Decision::event(DisputeOverdue { payment, dispute, due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Role, Vnd};
    use crate::payment::PaymentDeadline;
    use crate::payment::record_dispute::tests::letter;
    use crate::payment::reversal::tests::settled;
    use crate::testing::law;

    #[test]
    fn a_dispute_that_nobody_answers_is_missed_once_and_stays_open() {
        let law = law();
        let (mut scene, id) = settled(&law);
        scene.execute("2026-11-20T10:00", Role::Cashier, letter(id, 30_000)).unwrap();
        assert!(scene.enforce("2026-11-25T23:59", &PaymentDeadline::Dispute).is_empty());
        let overdue = scene.enforce("2026-11-26T00:00", &PaymentDeadline::Dispute);
        assert!(matches!(overdue[..], [PaymentEvent::DisputeOverdue(_)]), "{overdue:?}");
        assert!(scene.enforce("2026-11-27T00:00", &PaymentDeadline::Dispute).is_empty());
        assert_eq!(scene.state.disputed(), Vnd(30_000));
    }
}
