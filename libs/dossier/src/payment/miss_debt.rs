//! A debt was neither paid nor written off in time. It stays open.

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{DebtOverdue, PaymentEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a debt was not settled in time.
#[derive(Debug, Clone, Copy)]
pub struct MissDebt;

impl Command for MissDebt {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_debt",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.DebtOverdue.v1", "payment.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if none is due and not recorded as missed.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Some(debt) = payment.due_debt().filter(|debt| !debt.owed.missed) else {
            return Ok(Decision::Nothing);
        };
        let due_at = debt.owed.running.due_at;
        if due_at > facts.at {
            return Ok(Decision::Nothing);
        }
        let late_by_ms = late_by_ms(due_at, facts.at);
        Ok(Decision::event(DebtOverdue { debt: debt.id, due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::reversal::tests::{reversal, settled};
    use crate::payment::take_notice::tests::take;
    use crate::payment::{PaymentDeadline, Standing};
    use crate::testing::law;

    #[test]
    fn each_debt_is_missed_once_and_stays_open() {
        let law = law();
        let (mut scene, id) = settled(&law);
        take(&mut scene, &reversal(id, "r1", 10_000, Standing::AtItsEnd));
        take(&mut scene, &reversal(id, "r2", 10_000, Standing::AtItsEnd));
        assert!(scene.enforce("2026-11-21T00:00", &PaymentDeadline::Debt).is_empty());
        for _ in 0..2 {
            let overdue = scene.enforce("2027-01-20T00:00", &PaymentDeadline::Debt);
            assert!(matches!(overdue[..], [PaymentEvent::DebtOverdue(_)]), "{overdue:?}");
        }
        assert!(scene.enforce("2027-01-20T00:00", &PaymentDeadline::Debt).is_empty());
        assert_eq!(scene.state.debt(), crate::contract::Vnd(20_000));
    }
}
