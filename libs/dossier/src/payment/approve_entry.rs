//! A second person approves an entry on which two persons decide. Nobody approves their own
//! proposal.

use uuid::Uuid;

use super::Payment;
use super::balance::Standing;
use super::entry::Approved;
use crate::access::agency;
use crate::contract::{PaymentEvent, Role, WholeOrder};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Approves a proposed entry; it is checked again against what is recorded by now.
#[derive(Debug, Clone)]
pub struct ApproveEntry {
    /// Id of the proposed entry.
    pub entry: Uuid,
    /// Progress of the dossier at intake.
    pub standing: Standing,
    /// The payment order with what its dossiers have left, if the entry is about its whole payment.
    pub order: Option<WholeOrder>,
}

refusals! {
    /// Refusals of `approve_entry`.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "you cannot approve your own proposal";
        NoLongerHolds => 409, "entry-no-longer-holds",
            "số liệu đã thay đổi từ khi đề xuất: hãy bác đề xuất này",
            "the records have changed since the proposal; reject it";
    }
}

impl Command for ApproveEntry {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "approve_entry",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), agency(Role::Approver)],
        events: &[
            "payment.RefundCorrected.v1",
            "payment.PaymentReversed.v1",
            "payment.DebtArisen.v1",
            "payment.DebtWrittenOff.v1",
            "payment.PaymentRefunded.v1",
            "payment.RefundOwed.v1",
            "payment.FeeSettled.v1",
            "payment.FeeOwedAgain.v1",
        ],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { entry, standing, order } = self.clone();
        let (proposal, what) = payment.proposed_entry(entry).ok_or(Refusal::NothingProposed)?;
        let Some((reason, Some(proposed_by))) = proposal.seconded(facts) else {
            return Err(Refusal::OwnProposal);
        };
        if !payment.is_possible(what, order.as_ref()) {
            return Err(Refusal::NoLongerHolds);
        }
        let what = what.clone();
        let approved = Approved { entry, what, reason, proposed_by, standing, order };
        Ok(payment.entered(approved, facts)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::RefundOutcome;
    use crate::payment::correct_refund::tests::{approve, ended, proposed};
    use crate::testing::law;

    #[test]
    fn nobody_approves_their_own_entry_and_no_entry_is_approved_twice() {
        let law = law();
        let mut scene = ended(&law, RefundOutcome::Refunded);
        let entry = proposed(&mut scene, RefundOutcome::Refused);
        let own = approve(&mut scene, "tester", Standing::InProcess);
        assert_eq!(own, Err(Refusal::OwnProposal));
        approve(&mut scene, "second", Standing::InProcess).unwrap();
        let again = ApproveEntry { entry, standing: Standing::InProcess, order: None };
        let again = scene.execute("2026-11-23T11:01", Role::Cashier, again);
        assert_eq!(again, Err(Refusal::NothingProposed));
    }
}
