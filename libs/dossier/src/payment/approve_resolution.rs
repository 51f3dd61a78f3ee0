//! A second person approves a resolution that exceeds the amount of an attempt by more than one
//! person may decide. Nobody approves their own proposal.

use uuid::Uuid;

use super::resolve_discrepancy::{Found, Unfounded, resolved};
use super::{Payment, Standing};
use crate::access::agency;
use crate::contract::{PaymentEvent, Role, Vnd};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Approves a proposed resolution; it is checked again against the provider's present reports.
#[derive(Debug, Clone, Copy)]
pub struct ApproveResolution {
    /// Id of the proposed resolution.
    pub resolution: Uuid,
    /// Progress of the dossier at intake.
    pub standing: Standing,
}

refusals! {
    /// Refusals of `approve_resolution`.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "you cannot approve your own proposal";
        NothingInDoubt => 409, "nothing-in-doubt",
            "giao dịch này không có sai lệch", "this payment has no discrepancy";
        NotSaid(Vnd) => 409, "amount-no-longer-said",
            "số tiền phải từ 0 đến số mà cổng thanh toán đã báo",
            "the amount must be from 0 to the amount that the provider has reported";
    }
}

impl Command for ApproveResolution {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "approve_resolution",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[agency(Role::Cashier), agency(Role::Approver)],
        events: &[
            "payment.DiscrepancyResolved.v1",
            "payment.FeeSettled.v1",
            "payment.FeeOwedAgain.v1",
            "payment.RefundOwed.v1",
        ],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { resolution, standing } = *self;
        let proposed = payment.proposed_resolution(resolution);
        let (proposal, id, captured) = proposed.ok_or(Refusal::NothingProposed)?;
        let (reason, proposed_by) = proposal.seconded(facts).ok_or(Refusal::OwnProposal)?;
        payment.doubtful(id, captured).map_err(|unfounded| match unfounded {
            Unfounded::NothingInDoubt => Refusal::NothingInDoubt,
            Unfounded::NotSaid(most) => Refusal::NotSaid(most),
        })?;
        let found = Found { payment: id, captured, reason, proposed_by };
        Ok(resolved(payment, found, standing, facts)?.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::PaymentId;
    use crate::payment::reject_resolution::RejectResolution;
    use crate::payment::resolve_discrepancy::ResolveDiscrepancy;
    use crate::payment::start_payment::tests::started;
    use crate::payment::take_notice::tests::{say, take};
    use crate::testing::{Scene, law};

    fn resolve(payment: PaymentId, captured: i64) -> ResolveDiscrepancy {
        let (captured, standing) = (Vnd(captured), Standing::InProcess);
        ResolveDiscrepancy { payment, captured, reason: "it came".into(), standing }
    }

    pub(crate) fn resolution_proposed(
        scene: &mut Scene<'_, Payment>,
        payment: PaymentId,
        captured: i64,
    ) -> Uuid {
        let command = resolve(payment, captured);
        let events = scene.execute("2026-11-20T10:00", Role::Cashier, command).unwrap();
        assert!(matches!(events[..], [PaymentEvent::ResolutionProposed(_)]), "{events:?}");
        scene.state.proposal.as_ref().unwrap().id
    }

    pub(crate) fn agree_to_resolution(
        scene: &mut Scene<'_, Payment>,
        resolution: Uuid,
        who: &'static str,
    ) -> Result<Vec<PaymentEvent>, Refusal> {
        let first = std::mem::replace(&mut scene.subject, who);
        let approve = ApproveResolution { resolution, standing: Standing::InProcess };
        let approved = scene.execute("2026-11-20T10:30", Role::Cashier, approve);
        scene.subject = first;
        approved
    }

    #[test]
    fn that_much_more_came_than_one_may_give_back_is_not_said_by_one_alone() {
        let law = law();
        let (mut scene, id) = started(&law);
        take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
        let resolution = resolution_proposed(&mut scene, id, 3_000_000);
        assert_eq!(scene.state.in_doubt(), Vnd(2_970_000), "nothing is settled by it");
        let own = agree_to_resolution(&mut scene, resolution, "tester");
        assert_eq!(own, Err(Refusal::OwnProposal));
        let other = agree_to_resolution(&mut scene, Uuid::from_u128(1), "second");
        assert_eq!(other, Err(Refusal::NothingProposed));
        agree_to_resolution(&mut scene, resolution, "second").unwrap();
        assert_eq!((scene.state.in_doubt(), scene.state.owed_back()), (Vnd(0), Vnd(2_970_000)));
        assert!(scene.state.proposal.is_none() && scene.state.discrepancy.is_none());
    }

    #[test]
    fn several_small_ones_are_one_large_one_and_what_is_rejected_stays_in_doubt() {
        let law = law();
        let (mut scene, id) = started(&law);
        for (event, amount) in [("e1", 900_000), ("e2", 1_700_000)] {
            take(&mut scene, &say(id, event, Vnd(amount)));
            if event == "e1" {
                scene.execute("2026-11-20T10:00", Role::Cashier, resolve(id, amount)).unwrap();
            }
        }
        assert_eq!(scene.state.resolved_alone, Vnd(870_000));
        let resolution = resolution_proposed(&mut scene, id, 1_700_000);
        let reject = RejectResolution { resolution, reason: "no".into() };
        scene.execute("2026-11-20T11:00", Role::Approver, reject).unwrap();
        assert!(scene.state.proposal.is_none() && scene.state.discrepancy.is_some());
    }
}
