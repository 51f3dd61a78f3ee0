//! A provider that has to be called to begin a payment has answered with the address at which the
//! payer continues.

use super::Payment;
use crate::contract::{PaymentEvent, PaymentId, PaymentOpened};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records where the payer continues.
#[derive(Debug, Clone)]
pub struct OpenPayment {
    /// The attempt.
    pub payment: PaymentId,
    pub next_url: String,
}

impl Command for OpenPayment {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "open_payment",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &["payment.PaymentOpened.v1"],
        refusals: &[],
    };

    /// Returns no event if there is no such attempt, or it was opened before: the first address
    /// stays.
    fn decide(
        &self,
        payment: &Payment,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let Self { payment: id, next_url } = self;
        let attempt = payment.attempts.get(id).filter(|attempt| attempt.next_url.is_none());
        let Some(attempt) = attempt else { return Ok(Decision::Nothing) };
        let (provider, next_url) = (attempt.started.provider.clone(), next_url.clone());
        Ok(Decision::event(PaymentOpened { payment: *id, provider, next_url }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::payment::start_payment::tests::started;
    use crate::testing::law;

    #[test]
    fn the_first_address_at_which_the_payer_continues_stays() {
        let law = law();
        let (mut scene, payment) = started(&law);
        for (address, events) in [("https://a.example", 1), ("https://b.example", 0)] {
            let open = OpenPayment { payment, next_url: address.to_owned() };
            let opened = scene.execute("2026-11-20T09:11", Role::System, open).unwrap();
            assert_eq!(opened.len(), events);
        }
        let attempt = &scene.state.attempts[&payment];
        assert_eq!(attempt.next_url.as_deref(), Some("https://a.example"));
        assert!(attempt.is_open());
    }
}
