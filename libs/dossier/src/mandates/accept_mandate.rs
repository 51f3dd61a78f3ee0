//! The representative accepts a mandate, which is a contract (Civil Code 91/2015/QH13, art. 562).
//! It is in force from then on.

use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::Refusal;
use super::{Mandate, MandateStatus};
use crate::access::own;
use crate::contract::{MandateAccepted, MandateEvent, Role};
use crate::step::{Command, Decision, Facts, Step};

/// The representative's agreement, by which a mandate comes into force.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptMandateRequest)]
pub struct AcceptMandate {}

impl Command for AcceptMandate {
    type State = Mandate;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "accept_mandate",
        basis: "91/2015/QH13 Điều 562",
        may: &[own(Role::Applicant)],
        events: &["mandate.MandateAccepted.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was accepted and is still in force.
    fn decide(
        &self,
        mandate: &Mandate,
        facts: &Facts<'_>,
    ) -> Result<Decision<MandateEvent>, Refusal> {
        let terms = &Refusal::unless_representative(mandate, facts.actor)?.terms;
        match mandate.status(facts.at) {
            MandateStatus::Offered => {
                Ok(Decision::event(MandateAccepted { mandate: terms.mandate }))
            }
            MandateStatus::Accepted => Ok(Decision::Nothing),
            MandateStatus::Declined | MandateStatus::Revoked | MandateStatus::Expired => {
                Err(Refusal::NotOffered)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mandates::grant_mandate::tests::{NOW, granted};
    use crate::testing::{at, law};

    #[test]
    fn a_mandate_is_in_force_from_its_acceptance_by_the_representative() {
        let law = law();
        let mut scene = granted(&law);
        assert!(scene.state.in_force(at(NOW)).is_none());
        let by_principal = scene.execute(NOW, Role::Applicant, AcceptMandate {});
        assert_eq!(by_principal, Err(Refusal::NotRepresentative));
        scene.subject = "agent";
        scene.execute(NOW, Role::Applicant, AcceptMandate {}).unwrap();
        let (under, terms) = scene.state.in_force(at(NOW)).unwrap();
        assert_eq!(under.procedures, ["CO.D".into()]);
        assert_eq!(terms.principal.as_str(), "client");
        assert!(scene.execute(NOW, Role::Applicant, AcceptMandate {}).unwrap().is_empty());
    }

    #[test]
    fn an_offer_that_has_lapsed_cannot_be_accepted_also_before_that_is_recorded() {
        let law = law();
        let mut scene = granted(&law);
        scene.subject = "agent";
        let late = scene.execute("2026-12-20T09:00", Role::Applicant, AcceptMandate {});
        assert_eq!(late, Err(Refusal::NotOffered));
    }
}
