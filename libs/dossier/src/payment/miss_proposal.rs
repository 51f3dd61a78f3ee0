//! A refund or resolution that needs a second person was neither approved nor rejected in time. It
//! stays open.

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{PaymentEvent, ProposalOverdue};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a proposal was neither approved nor rejected in time.
#[derive(Debug, Clone, Copy)]
pub struct MissProposal;

impl Command for MissProposal {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_proposal",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.ProposalOverdue.v1", "payment.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Returns no event if it was approved or rejected, was recorded as missed, or is not due yet.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Some(proposal) = &payment.proposal else { return Ok(Decision::Nothing) };
        let Some(owed) = proposal.owed.filter(|owed| !owed.missed) else {
            return Ok(Decision::Nothing);
        };
        let (proposal, due_at) = (proposal.id, owed.running.due_at);
        if due_at > facts.at {
            return Ok(Decision::Nothing);
        }
        let late_by_ms = late_by_ms(due_at, facts.at);
        Ok(Decision::event(ProposalOverdue { proposal, due_at, late_by_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::payment::PaymentDeadline;
    use crate::payment::approve_refund::tests::proposed;
    use crate::payment::reject_refund::RejectRefund;
    use crate::testing::{at, law};

    #[test]
    fn a_second_person_has_two_working_days_and_afterwards_the_proposal_is_open_and_late() {
        let law = law();
        let (mut scene, refund) = proposed(&law);
        let open = scene.open();
        let due = open.iter().find(|open| open.kind == PaymentDeadline::Proposal).unwrap();
        // Two working days from Friday 20 November; Tuesday 24 is off.
        assert_eq!(due.due_at, at("2026-11-26T00:00"));
        assert!(scene.enforce("2026-11-25T23:59", &PaymentDeadline::Proposal).is_empty());
        let late = scene.enforce("2026-11-26T00:00", &PaymentDeadline::Proposal);
        assert!(matches!(late[..], [PaymentEvent::ProposalOverdue(_)]), "{late:?}");
        assert!(!scene.open().iter().any(|open| open.kind == PaymentDeadline::Proposal), "once");
        assert!(scene.state.proposal.as_ref().unwrap().owed.unwrap().missed);
        // The proposer may withdraw it.
        assert_eq!(scene.state.proposal.as_ref().unwrap().by.as_str(), scene.subject);
        let back = RejectRefund { refund, reason: "a mistake".into() };
        scene.execute("2026-11-26T09:00", Role::Cashier, back).unwrap();
        assert!(scene.state.proposal.is_none());
    }
}
