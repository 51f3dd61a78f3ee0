//! The dossier ended before its fee was paid (withdrawn, refused, returned): nothing is owed any more, and nothing more is
//! taken. What a provider captures all the same is recorded and goes back.

use uuid::Uuid;

use super::Payment;
use crate::contract::{FeeLapsed, PaymentEvent};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "lapse_fee",
    service: "payment",
    basis: "118/2025/NĐ-CP Điều 21",
    may: &[],
    events: &["payment.FeeLapsed.v1"],
    refusals: &[],
};

/// Decides; nothing if nothing is owed, or it was settled, or its window is over.
#[must_use]
pub fn decide(payment: &Payment, cause: Uuid) -> Reacted<PaymentEvent> {
    let open = payment.settled_at.is_none() && !payment.window_expired;
    match payment.assessed.as_ref().filter(|_| open) {
        Some(_) => Reacted::Done(vec![FeeLapsed { cause }.into()]),
        None => Reacted::Done(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Role, Vnd};
    use crate::law::Law;
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::{start_payment, take_cash};
    use crate::step::{LawError, State};
    use crate::testing::{Scene, law};

    fn lapse(law: &Law) -> Scene<'_, Payment> {
        let mut scene = assessed(law);
        scene
            .step("2026-11-20T10:00", Role::System, |s, _| match decide(s, Uuid::nil()) {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            })
            .unwrap();
        scene
    }

    #[test]
    fn nothing_more_is_taken_for_a_dossier_that_has_ended() {
        let law = law();
        let mut scene = lapse(&law);
        assert!(scene.state.obligations().is_empty());
        let started = scene.step("2026-11-20T11:00", Role::Applicant, |s, f| {
            start_payment::decide(s, "sandbox", f)
        });
        assert_eq!(started, Err(start_payment::Refusal::WindowClosed));
        let cash = scene
            .step("2026-11-20T11:00", Role::Cashier, |s, f| take_cash::decide(s, Vnd(30_000), f));
        assert_eq!(cash, Err(take_cash::Refusal::WindowClosed));
    }
}
