//! A dossier gets its attempt in a payment order. The order was computed from what all its dossiers
//! owed; whoever owes something else by now is not a part of it, and the order ends.

use super::Payment;
use super::start_payment::{self, StartPayment};
use crate::contract::{OrderShare, PaymentEvent, PaymentId, PaymentStarted, Vnd, order_reference};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Partner;

/// Begins the attempt of a dossier in a payment order.
#[derive(Debug, Clone)]
pub struct JoinPaymentOrder {
    pub share: OrderShare,
    /// The attempt.
    pub payment: PaymentId,
    pub provider: Partner,
    /// What the dossier owed when the order was computed.
    pub amount: Vnd,
    pub expires_at: jiff::Timestamp,
    pub return_url: Option<String>,
    /// The network address of the payer; of the leading attempt only.
    pub payer_address: Option<String>,
}

refusals! {
    /// Refusals of `join_payment_order`.
    pub enum Refusal {
        Changed => 409, "order-member-changed",
            "khoản phải nộp của hồ sơ đã thay đổi", "the amount that the dossier owes has changed";
    }
}

impl Command for JoinPaymentOrder {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "join_payment_order",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.PaymentStarted.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if the dossier has the attempt.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        if payment.attempts.contains_key(&self.payment) {
            return Ok(Decision::Nothing);
        }
        let start = StartPayment {
            provider: self.provider.clone(),
            return_url: self.return_url.clone(),
            payer_address: self.payer_address.clone(),
        };
        let started = match start.begin(payment, facts) {
            Ok(started) => started,
            Err(start_payment::Refusal::Law(error)) => return Err(error.into()),
            Err(_) => return Err(Refusal::Changed),
        };
        if started.amount != self.amount || facts.at >= self.expires_at {
            return Err(Refusal::Changed);
        }
        // The provider is asked about the order once, not about each of its attempts.
        let query_at = if self.share.leads { started.query_at } else { self.expires_at };
        Ok(Decision::event(PaymentStarted {
            payment: self.payment,
            reference: order_reference(self.share.order),
            query_at: query_at.min(self.expires_at),
            expires_at: self.expires_at,
            order: Some(self.share.clone()),
            ..started
        }))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::{PaymentOrderId, Role};
    use crate::payment::PaymentDeadline;
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::query_payment::QueryPayment;
    use crate::payment::start_payment::tests::sandbox;
    use crate::testing::{Scene, at, law};

    fn join(scene: &Scene<'_, Payment>, leads: bool) -> JoinPaymentOrder {
        let ordered_at = at("2026-11-20T09:10");
        let amount = scene.state.outstanding();
        JoinPaymentOrder {
            share: OrderShare {
                order: PaymentOrderId(Uuid::from_u128(7)),
                total: Vnd(amount.0 * 3),
                ordered_at,
                leads,
                represented_by: Some("lan".into()),
            },
            payment: PaymentId(Uuid::from_u128(8)),
            provider: sandbox().provider,
            amount,
            expires_at: at("2026-11-23T09:10"),
            return_url: None,
            payer_address: None,
        }
    }

    #[test]
    fn a_dossier_joins_once_and_is_paid_by_nothing_else_until_the_order_expires() {
        let law = law();
        let mut scene = assessed(&law);
        let command = join(&scene, true);
        for events in [1, 0] {
            let joined = scene.execute("2026-11-20T09:11", Role::System, command.clone()).unwrap();
            assert_eq!(joined.len(), events);
        }
        let again = scene.execute("2026-11-20T09:12", Role::Applicant, sandbox());
        assert_eq!(again, Err(start_payment::Refusal::InProgress));
        assert_eq!(scene.state.mandated, ["lan".into()], "is no officer in this matter");
        scene.execute("2026-11-20T09:41", Role::System, QueryPayment).unwrap();
        let again = scene.execute("2026-11-20T09:42", Role::Applicant, sandbox());
        assert_eq!(again, Err(start_payment::Refusal::InProgress), "asked, and still an order");
        let started = &scene.state.attempts[&command.payment].started;
        assert_eq!(
            (started.asked(), started.at_provider()),
            (command.share.total, Uuid::from_u128(7))
        );
        scene.execute("2026-11-23T09:11", Role::System, QueryPayment).unwrap();
        scene.execute("2026-11-23T09:12", Role::Applicant, sandbox()).unwrap();
    }

    #[test]
    fn only_the_leading_dossier_has_the_provider_asked() {
        let law = law();
        for (leads, asked_at) in [(true, "2026-11-20T09:41"), (false, "2026-11-23T09:10")] {
            let mut scene = assessed(&law);
            let command = join(&scene, leads);
            scene.execute("2026-11-20T09:11", Role::System, command).unwrap();
            let open = scene.open().into_iter();
            let query = open.filter(|open| open.kind == PaymentDeadline::Query);
            assert_eq!(query.map(|open| open.due_at).next(), Some(at(asked_at)));
        }
    }

    #[test]
    fn a_dossier_that_owes_something_else_by_now_does_not_join() {
        let law = law();
        let mut scene = assessed(&law);
        let command = join(&scene, false);
        let other = JoinPaymentOrder { amount: Vnd(command.amount.0 + 1), ..command.clone() };
        let late = JoinPaymentOrder { expires_at: at("2026-11-20T09:11"), ..command.clone() };
        for wrong in [other, late] {
            let refused = scene.execute("2026-11-20T09:11", Role::System, wrong);
            assert_eq!(refused, Err(Refusal::Changed));
        }
        scene.execute("2026-11-20T09:10", Role::Applicant, sandbox()).unwrap();
        let refused = scene.execute("2026-11-20T09:11", Role::System, command.clone());
        assert_eq!(refused, Err(Refusal::Changed), "paid otherwise");
    }
}
