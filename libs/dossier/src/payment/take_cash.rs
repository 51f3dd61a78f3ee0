//! A cashier receives the whole outstanding amount in cash at the counter. Decree 61/2018/NĐ-CP,
//! art. 22.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Payment;
use crate::access::{agency, received};
use crate::contract::{CashReceived, PaymentEvent, PaymentId, ReceiverTask, Role, Vnd};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Cash received at the counter.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TakeCashRequest)]
pub struct TakeCash {
    /// Amount in VND; must equal the outstanding amount.
    pub amount_vnd: Vnd,
}

refusals! {
    /// Refusals of `take_cash`.
    pub enum Refusal {
        NothingOwed => 409, "nothing-owed",
            "không còn khoản phải nộp", "nothing is owed";
        WindowClosed => 409, "fee-window-closed",
            "đã hết thời hạn nộp phí, lệ phí", "the period for payment has ended";
        AmountDiffers(Vnd) => 422, "amount-differs" at "/amount_vnd",
            "số tiền không đúng với khoản phải nộp", "the amount differs from the amount owed";
        InDoubt => 409, "received-in-doubt",
            "đang xác minh số tiền đã nhận: cơ quan sẽ cho biết còn phải nộp bao nhiêu",
            "the received amount is being verified; the agency will state the amount still owed";
    }
}

impl Command for TakeCash {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "take_cash",
        basis: "61/2018/NĐ-CP Điều 22",
        may: &[agency(Role::Cashier), received(Role::Cashier, ReceiverTask::TakePayment)],
        events: &["payment.CashReceived.v1", "payment.FeeSettled.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let amount = self.amount_vnd;
        if payment.assessed().is_none() || payment.settled_at().is_some() {
            return Err(Refusal::NothingOwed);
        }
        if payment.is_closed() {
            return Err(Refusal::WindowClosed);
        }
        let outstanding = payment.outstanding();
        if outstanding == Vnd::ZERO {
            let in_doubt = payment.waits_for_certainty();
            return Err(if in_doubt { Refusal::InDoubt } else { Refusal::NothingOwed });
        }
        if amount != outstanding {
            return Err(Refusal::AmountDiffers(outstanding));
        }
        let payment_id = PaymentId(facts.id("payment"));
        let mut events = vec![CashReceived { payment: payment_id, amount, debt: None }.into()];
        let mut after = payment.clone();
        after.apply_cash(amount);
        events.extend(Payment::consequences(after, payment, facts)?);
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::assess_fee::tests::assessed;
    use crate::testing::law;

    #[test]
    fn cash_settles_when_it_is_exactly_what_is_owed() {
        let law = law();
        let mut scene = assessed(&law);
        let mut pay = |amount| {
            let cash = TakeCash { amount_vnd: Vnd(amount) };
            scene.execute("2026-11-20T10:00", Role::Cashier, cash)
        };
        assert_eq!(pay(20_000), Err(Refusal::AmountDiffers(Vnd(30_000))));
        assert_eq!(pay(30_000).unwrap().len(), 2);
        assert_eq!(pay(30_000), Err(Refusal::NothingOwed));
    }
}
