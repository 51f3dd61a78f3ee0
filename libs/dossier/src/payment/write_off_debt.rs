//! A debt is not collected, for example because it costs more than it brings. A cashier proposes
//! it, and a second person approves.

use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{Entry, PaymentEvent, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// Proposes not to collect a debt.
#[derive(Debug, Clone)]
pub struct WriteOffDebt {
    pub debt: Uuid,
    /// Written reason.
    pub reason: Text<2000>,
}

refusals! {
    /// Refusals of `write_off_debt`.
    pub enum Refusal {
        UnknownDebt(Known) => 422, "unknown-debt" at "/debt",
            "hồ sơ này không có khoản nợ như vậy", "the dossier has no such open debt";
        AlreadyProposed => 409, "refund-already-proposed",
            "đã có đề xuất chờ người thứ hai phê duyệt", "another proposal is waiting for a second person";
    }
}

impl Command for WriteOffDebt {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "write_off_debt",
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
        let Self { debt, reason } = self;
        if payment.debt_of(*debt).is_none() {
            let known = payment.debts.iter().map(|one| one.id);
            let known = Known::new(debt, known, "GET /v1/payments/{dossier}");
            return Err(Refusal::UnknownDebt(known));
        }
        if payment.proposal.is_some() {
            return Err(Refusal::AlreadyProposed);
        }
        let what = Entry::DebtWrittenOff { debt: *debt };
        Ok(Decision::event(Payment::propose(what, reason.personal(), facts)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::Standing;
    use crate::payment::approve_entry::ApproveEntry;
    use crate::payment::reversal::tests::{reversal, settled};
    use crate::payment::take_notice::tests::take;
    use crate::testing::law;

    #[test]
    fn a_debt_is_written_off_by_two_persons_only() {
        let law = law();
        let (mut scene, id) = settled(&law);
        take(&mut scene, &reversal(id, "r1", 30_000, Standing::AtItsEnd));
        let debt = scene.state.debts[0].id;
        let off = WriteOffDebt { debt, reason: "the firm is dissolved".into() };
        scene.execute("2026-11-23T10:00", Role::Cashier, off).unwrap();
        let entry = scene.state.proposal.as_ref().unwrap().id;
        assert_eq!(scene.state.debt(), Vnd(30_000), "only proposed");
        let approve = ApproveEntry { entry, standing: Standing::AtItsEnd, order: None };
        assert!(
            scene.execute("2026-11-23T11:00", Role::Cashier, approve.clone()).is_err(),
            "their own"
        );
        scene.subject = "second";
        let events = scene.execute("2026-11-23T11:00", Role::Cashier, approve).unwrap();
        assert!(matches!(events[..], [PaymentEvent::DebtWrittenOff(_)]), "{events:?}");
        assert!(scene.state.debts.is_empty() && scene.state.proposal.is_none());
    }
}
