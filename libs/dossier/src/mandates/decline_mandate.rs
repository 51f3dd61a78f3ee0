//! The representative declines a mandate (Civil Code 91/2015/QH13, art. 562: it needs the agreement
//! of both).

use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::Refusal;
use super::{Mandate, MandateStatus};
use crate::access::own;
use crate::contract::{MandateDeclined, MandateEvent, Role};
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

/// The representative's refusal to act, with the reason for the principal.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclineMandateRequest)]
pub struct DeclineMandate {
    /// Why, for the principal.
    pub reason: Option<Text<1000>>,
}

impl Command for DeclineMandate {
    type State = Mandate;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "decline_mandate",
        basis: "91/2015/QH13 Điều 562",
        may: &[own(Role::Applicant)],
        events: &["mandate.MandateDeclined.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was declined before.
    fn decide(
        &self,
        mandate: &Mandate,
        facts: &Facts<'_>,
    ) -> Result<Decision<MandateEvent>, Refusal> {
        let terms = &Refusal::unless_representative(mandate, facts.actor)?.terms;
        match mandate.status(facts.at) {
            MandateStatus::Offered => Ok(Decision::event(MandateDeclined {
                mandate: terms.mandate,
                reason: self.reason.as_ref().map(Text::personal),
            })),
            MandateStatus::Declined => Ok(Decision::Nothing),
            MandateStatus::Accepted | MandateStatus::Revoked | MandateStatus::Expired => {
                Err(Refusal::NotOffered)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mandates::accept_mandate::AcceptMandate;
    use crate::mandates::grant_mandate::tests::{NOW, granted};
    use crate::testing::law;

    #[test]
    fn an_offer_is_declined_once_and_cannot_be_accepted_afterwards() {
        let law = law();
        let mut scene = granted(&law);
        scene.subject = "agent";
        let decline = DeclineMandate { reason: Some("no capacity".into()) };
        scene.execute(NOW, Role::Applicant, decline.clone()).unwrap();
        assert!(scene.execute(NOW, Role::Applicant, decline).unwrap().is_empty());
        assert!(scene.execute(NOW, Role::Applicant, AcceptMandate {}).is_err());
        assert!(scene.open().is_empty());
    }

    #[test]
    fn a_mandate_in_force_is_revoked_and_not_declined() {
        let law = law();
        let mut scene = granted(&law);
        scene.subject = "agent";
        scene.execute(NOW, Role::Applicant, AcceptMandate {}).unwrap();
        let refused = scene.execute(NOW, Role::Applicant, DeclineMandate::default());
        assert_eq!(refused, Err(Refusal::NotOffered));
    }
}
