//! A payer pays a debt in cash at the counter: money that was taken back after the fee was closed.
//! Decree 61/2018/NĐ-CP, art. 22.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Payment;
use crate::access::agency;
use crate::contract::{CashReceived, PaymentEvent, PaymentId, Role, Vnd};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};

/// Cash for a debt.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettleDebtRequest)]
pub struct SettleDebt {
    /// Id of the debt (`debts`).
    pub debt: Uuid,
    /// Amount in VND; must equal the debt.
    pub amount_vnd: Vnd,
}

refusals! {
    /// Refusals of `settle_debt`.
    pub enum Refusal {
        UnknownDebt(Known) => 422, "unknown-debt" at "/debt",
            "hồ sơ này không có khoản nợ như vậy", "the dossier has no such open debt";
        AmountDiffers(Vnd) => 422, "amount-differs" at "/amount_vnd",
            "số tiền không đúng với khoản phải nộp", "the amount differs from the amount owed";
    }
}

impl Command for SettleDebt {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "settle_debt",
        basis: "61/2018/NĐ-CP Điều 22",
        may: &[agency(Role::Cashier)],
        events: &["payment.CashReceived.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { debt, amount_vnd: amount } = *self;
        let Some(owed) = payment.debt_of(debt) else {
            let known = payment.debts.iter().map(|one| one.id);
            let known = Known::new(debt, known, "GET /v1/payments/{dossier}");
            return Err(Refusal::UnknownDebt(known));
        };
        if amount != owed.amount {
            return Err(Refusal::AmountDiffers(owed.amount));
        }
        let payment = PaymentId(facts.id("payment"));
        Ok(Decision::event(CashReceived { payment, amount, debt: Some(debt) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::Standing;
    use crate::payment::reversal::tests::{reversal, settled};
    use crate::payment::take_notice::tests::take;
    use crate::testing::law;

    #[test]
    fn a_debt_is_paid_as_a_whole_and_once() {
        let law = law();
        let (mut scene, id) = settled(&law);
        take(&mut scene, &reversal(id, "r1", 10_000, Standing::AtItsEnd));
        let debt = scene.state.debts[0].id;
        let mut pay = |amount| {
            let settle = SettleDebt { debt, amount_vnd: Vnd(amount) };
            scene.execute("2026-11-23T10:00", Role::Cashier, settle)
        };
        assert_eq!(pay(30_000), Err(Refusal::AmountDiffers(Vnd(10_000))));
        assert_eq!(pay(10_000).unwrap().len(), 1);
        assert!(matches!(pay(10_000), Err(Refusal::UnknownDebt(_))));
    }
}
