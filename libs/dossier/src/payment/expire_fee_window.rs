//! The applicant has not paid in time: the dossier will be returned. Decree 137/2026/NĐ-CP, art. 11.2 (30 working days).

use super::Payment;
use crate::clock::late_by_ms;
use crate::contract::{FeeWindowExpired, PaymentEvent};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "fee-window";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "expire_fee_window",
    service: "payment",
    basis: "137/2026/NĐ-CP Điều 11.2",
    may: &[],
    events: &["payment.FeeWindowExpired.v1"],
    refusals: &[],
};

/// Decides; nothing if it was paid.
#[must_use]
pub fn decide(payment: &Payment, facts: &Facts<'_>) -> Vec<PaymentEvent> {
    let open = payment.settled_at.is_none() && !payment.window_expired;
    let Some(assessed) = payment.assessed.as_ref().filter(|_| open) else { return Vec::new() };
    match assessed.window_ends_at {
        Some(due_at) if due_at <= facts.at => {
            let late_by_ms = late_by_ms(due_at, facts.at);
            vec![FeeWindowExpired { dossier: assessed.brief.dossier, due_at, late_by_ms }.into()]
        }
        Some(_) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::payment::assess_fee::{self, AssessFee, tests::brief};
    use crate::step::{LawError, Reacted};
    use crate::testing::{Scene, law};

    #[test]
    fn thirty_working_days_without_payment_end_the_window() {
        let law = law();
        let mut scene = Scene::new(&law, "MLM.CERTIFICATE", "G02.003");
        let brief = brief(&law, "MLM.CERTIFICATE", "G02.003", "2026-08-03T09:00");
        let command = AssessFee { brief, accepted: true };
        scene
            .step("2026-08-03T09:00", Role::System, |s, f| {
                match assess_fee::decide(s, &command, f)? {
                    Reacted::Done(events) => Ok::<_, LawError>(events),
                    Reacted::NotYet => panic!("nothing has to come first"),
                }
            })
            .unwrap();
        let step = |s: &Payment, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        // Thirty working days from Monday 3 August: 22 August is worked, 31 August to 2 September are off.
        assert!(scene.step("2026-09-15T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2026-09-17T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2026-09-18T00:00", Role::System, step).unwrap().is_empty());
    }
}
