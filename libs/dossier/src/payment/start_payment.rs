//! The applicant begins to pay through a provider. The reference that the provider sends back
//! contains the dossier's id, so that every notice can be assigned, however early it arrives.

use jiff::SignedDuration;

use super::{Attempt, Payment, PaymentDeadline};
use crate::access::{agency, own};
use crate::clock::Deadlines;
use crate::contract::{PaymentEvent, PaymentId, PaymentStarted, Personal, Role, Vnd, reference};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Partner;

/// Begins to pay what is outstanding.
#[derive(Debug, Clone)]
pub struct StartPayment {
    /// The provider through which to pay.
    pub provider: Partner,
    /// Where the payer's browser goes afterwards.
    pub return_url: Option<String>,
    /// The network address of the payer, if the provider is called and may ask for it.
    pub payer_address: Option<String>,
}

/// Time after which a silent provider is queried (practice of the national platform: 30 minutes to
/// 3 days).
const QUERY_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Time after which an attempt is given up.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(72);

refusals! {
    /// Refusals of `start_payment`.
    pub enum Refusal {
        NothingOwed => 409, "nothing-owed",
            "không còn khoản phải nộp", "nothing is owed";
        WindowClosed => 409, "fee-window-closed",
            "đã hết thời hạn nộp phí, lệ phí", "the period for payment has ended";
        InProgress => 409, "payment-in-progress",
            "đang có giao dịch chờ kết quả", "another payment is in progress";
        InDoubt => 409, "received-in-doubt",
            "đang xác minh số tiền đã nhận: cơ quan sẽ cho biết còn phải nộp bao nhiêu",
            "the received amount is being verified; the agency will state the amount still owed";
    }
}

impl Command for StartPayment {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "start_payment",
        basis: "61/2018/NĐ-CP Điều 22; 118/2025/NĐ-CP Điều 24",
        may: &[own(Role::Applicant), agency(Role::Cashier)],
        events: &["payment.PaymentStarted.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        Ok(Decision::event(self.begin(payment, facts)?))
    }
}

impl StartPayment {
    /// The new attempt.
    ///
    /// # Errors
    ///
    /// Nothing can be paid through a provider at present.
    pub(super) fn begin(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<PaymentStarted, Refusal> {
        let provider = &self.provider.0;
        let Some(assessed) = payment.assessed().filter(|_| payment.settled_at().is_none()) else {
            return Err(Refusal::NothingOwed);
        };
        let window = payment.basis(&PaymentDeadline::Window, facts.law)?.period();
        if payment.is_closed() || window.is_some_and(|window| window.is_over(facts.at)) {
            return Err(Refusal::WindowClosed);
        }
        // An attempt about which the provider was queried does not block another: its outcome may
        // take days. One that is a part of a payment order does until the order ends or expires.
        let blocks = |attempt: &Attempt| {
            let query = attempt.open_query();
            query.is_some_and(|query| query.made == 0 || attempt.started.order.is_some())
        };
        if payment.attempts.values().any(blocks) {
            return Err(Refusal::InProgress);
        }
        let id = PaymentId(facts.id("payment"));
        let amount = payment.outstanding();
        if amount == Vnd::ZERO {
            let in_doubt = payment.waits_for_certainty();
            return Err(if in_doubt { Refusal::InDoubt } else { Refusal::NothingOwed });
        }
        let after = |wait| facts.at.checked_add(wait).unwrap_or(jiff::Timestamp::MAX);
        Ok(PaymentStarted {
            payment: id,
            provider: provider.clone(),
            amount,
            reference: reference(assessed.brief.dossier, id.0),
            query_at: after(QUERY_AFTER),
            expires_at: after(EXPIRES_AFTER),
            return_url: self.return_url.clone(),
            payer_address: self.payer_address.clone().map(Personal::Known),
            captures_once: facts.law.payments(facts.at).is_some_and(|r| r.captures_once(provider)),
            order: None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::parse_reference;
    use crate::law::Law;
    use crate::payment::assess_fee::tests::assessed;
    use crate::testing::{Scene, law};

    pub(crate) fn through(provider: &str) -> StartPayment {
        let provider = Partner(provider.to_owned());
        StartPayment { provider, return_url: None, payer_address: None }
    }

    /// A provider that captures once per attempt.
    pub(crate) fn sandbox() -> StartPayment {
        through("sandbox")
    }

    pub(crate) fn started(law: &Law) -> (Scene<'_, Payment>, PaymentId) {
        let mut scene = assessed(law);
        scene.execute("2026-11-20T09:10", Role::Applicant, sandbox()).unwrap();
        let payment = *scene.state.attempts.keys().next().unwrap();
        (scene, payment)
    }

    #[test]
    fn a_reference_names_dossier_and_payment() {
        let law = law();
        let (scene, payment) = started(&law);
        let attempt = &scene.state.attempts[&payment];
        let dossier = scene.state.assessed().unwrap().brief.dossier;
        assert_eq!(parse_reference(&attempt.started.reference), Some((dossier, payment.0)));
        for wrong in ["", "DSR-", "DSR-1-2", "other"] {
            assert_eq!(parse_reference(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_second_payment_waits_for_the_first() {
        let law = law();
        let (mut scene, _) = started(&law);
        let again = scene.execute("2026-11-20T09:11", Role::Applicant, sandbox());
        assert_eq!(again, Err(Refusal::InProgress));
    }
}
