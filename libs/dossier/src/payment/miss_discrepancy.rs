//! The cashier has not resolved a discrepancy in the provider's reports in time. It stays open.

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{DiscrepancyOverdue, PaymentEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a discrepancy was not resolved in time.
#[derive(Debug, Clone, Copy)]
pub struct MissDiscrepancy;

impl Command for MissDiscrepancy {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_discrepancy",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.DiscrepancyOverdue.v1", "payment.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if it was resolved, was recorded as missed, or is not due yet.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Some(owed) = payment.discrepancy.filter(|owed| !owed.missed) else {
            return Ok(Decision::Nothing);
        };
        let due_at = owed.running.due_at;
        if due_at > facts.at {
            return Ok(Decision::Nothing);
        }
        let late_by_ms = late_by_ms(due_at, facts.at);
        Ok(Decision::event(DiscrepancyOverdue { due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::PaymentDeadline;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::law;

    #[test]
    fn what_does_not_agree_is_looked_into_within_two_working_days() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(25_000)));
        assert!(scene.open().iter().any(|open| open.kind == PaymentDeadline::Discrepancy));
        // Two working days from Friday 20 November; Tuesday 24 is off.
        assert!(scene.enforce("2026-11-25T23:59", &PaymentDeadline::Discrepancy).is_empty());
        let overdue = scene.enforce("2026-11-26T00:00", &PaymentDeadline::Discrepancy);
        assert!(matches!(overdue[..], [PaymentEvent::DiscrepancyOverdue(_)]), "{overdue:?}");
        assert!(scene.state.discrepancy.is_some_and(|owed| owed.missed));
        assert!(!scene.open().iter().any(|open| open.kind == PaymentDeadline::Discrepancy));
    }
}
