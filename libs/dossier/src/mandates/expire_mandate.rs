//! A mandate was not accepted in time, or its term ended (Civil Code 91/2015/QH13, arts 140.3.b and
//! 563). It cannot be invoked from that instant on, also before this is recorded.

use super::Mandate;
use crate::contract::{MandateEvent, MandateExpired};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records the end of a mandate.
#[derive(Debug, Clone, Copy)]
pub struct ExpireMandate;

impl Command for ExpireMandate {
    type State = Mandate;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "expire_mandate",
        basis: "91/2015/QH13 Điều 563",
        may: &[],
        events: &["mandate.MandateExpired.v1"],
        refusals: &[],
    };

    /// Nothing, if the mandate is not due to end.
    fn decide(
        &self,
        mandate: &Mandate,
        facts: &Facts<'_>,
    ) -> Result<Decision<MandateEvent>, LawError> {
        let due = mandate.open_until().filter(|until| *until <= facts.at);
        let expired = due.and_then(|_| mandate.id()).map(|id| {
            MandateExpired { mandate: id, accepted: mandate.accepted().is_some() }.into()
        });
        Ok(Decision::from(expired))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::mandates::accept_mandate::AcceptMandate;
    use crate::mandates::grant_mandate::tests::{NOW, granted};
    use crate::mandates::{MandateDeadline, MandateStatus};
    use crate::testing::{at, law};

    #[test]
    fn a_mandate_that_nobody_accepts_lapses_after_thirty_days() {
        let law = law();
        let mut scene = granted(&law);
        assert_eq!(scene.open().len(), 1);
        assert!(scene.enforce("2026-12-20T08:59", &MandateDeadline::End).is_empty());
        assert_eq!(scene.enforce("2026-12-20T09:00", &MandateDeadline::End).len(), 1);
        assert_eq!(scene.state.status(at("2026-12-20T09:00")), MandateStatus::Expired);
        assert!(scene.open().is_empty());
    }

    #[test]
    fn an_accepted_mandate_ends_with_its_term_whether_that_is_recorded_or_not() {
        let law = law();
        let mut scene = granted(&law);
        scene.subject = "agent";
        scene.execute(NOW, Role::Applicant, AcceptMandate {}).unwrap();
        let (before, end) = ("2027-11-20T08:59", "2027-11-20T09:00");
        assert!(scene.state.in_force(at(before)).is_some());
        assert!(scene.state.in_force(at(end)).is_none());
        assert!(scene.enforce(before, &MandateDeadline::End).is_empty());
        let [MandateEvent::MandateExpired(expired)] = &*scene.enforce(end, &MandateDeadline::End)
        else {
            panic!("one event")
        };
        assert!(expired.accepted);
        assert!(scene.enforce(end, &MandateDeadline::End).is_empty());
    }
}
