//! Either party ends a mandate at any time (Civil Code 91/2015/QH13, art. 569), or the agency that
//! recorded it at the counter does so for the principal. The principal then goes on alone: the
//! dossiers are the principal's own. The representative has no access from then on.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Mandate, MandateStatus};
use crate::access::{agency, own};
use crate::contract::{MandateEvent, MandateParty, MandateRevoked, Role};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// Ends a mandate.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeMandateRequest)]
pub struct RevokeMandate {
    /// Why, for the other party; required of an officer, with the principal's request.
    pub reason: Option<Text<1000>>,
}

refusals! {
    /// Why a mandate cannot be revoked.
    pub enum Refusal {
        NotParty => 403, "not-a-party-to-the-mandate",
            "chỉ chính các bên được chấm dứt ủy quyền, không phải qua một ủy quyền hay chương trình",
            "only the parties themselves revoke a mandate, not by a mandate or a program";
        ReasonMissing => 422, "reason-missing" at "/reason",
            "cán bộ phải ghi yêu cầu của người ủy quyền", "an officer must record the principal's request";
        AlreadyEnded => 409, "mandate-ended",
            "ủy quyền này đã kết thúc", "the mandate has already ended";
    }
}

impl Command for RevokeMandate {
    type State = Mandate;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "revoke_mandate",
        basis: "91/2015/QH13 Điều 569",
        may: &[own(Role::Applicant), agency(Role::Clerk)],
        events: &["mandate.MandateRevoked.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was revoked before.
    fn decide(
        &self,
        mandate: &Mandate,
        facts: &Facts<'_>,
    ) -> Result<Decision<MandateEvent>, Refusal> {
        let terms = &mandate.granted().ok_or(LawError::NotLoaded)?.terms;
        let by_officer = facts.actor.role.is_officer();
        let by = if by_officer || Mandate::is_by(&terms.principal, facts.actor) {
            MandateParty::Principal
        } else if Mandate::is_by(&terms.representative, facts.actor) {
            MandateParty::Representative
        } else {
            return Err(Refusal::NotParty);
        };
        if by_officer && self.reason.is_none() {
            return Err(Refusal::ReasonMissing);
        }
        match mandate.status(facts.at) {
            MandateStatus::Offered | MandateStatus::Accepted => {
                Ok(Decision::event(MandateRevoked {
                    mandate: terms.mandate,
                    by,
                    reason: self.reason.as_ref().map(Text::personal),
                }))
            }
            MandateStatus::Revoked => Ok(Decision::Nothing),
            MandateStatus::Declined | MandateStatus::Expired => Err(Refusal::AlreadyEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mandates::accept_mandate::AcceptMandate;
    use crate::mandates::grant_mandate::tests::{NOW, granted};
    use crate::testing::{at, law};

    #[test]
    fn either_party_ends_a_mandate_and_it_is_recorded_which() {
        let law = law();
        for (subject, party) in
            [("client", MandateParty::Principal), ("agent", MandateParty::Representative)]
        {
            let mut scene = granted(&law);
            scene.subject = "agent";
            scene.execute(NOW, Role::Applicant, AcceptMandate {}).unwrap();
            scene.subject = subject;
            let events = scene.execute(NOW, Role::Applicant, RevokeMandate::default()).unwrap();
            assert!(matches!(&*events, [MandateEvent::MandateRevoked(one)] if one.by == party));
            assert!(scene.state.in_force(at(NOW)).is_none());
            assert!(scene.open().is_empty());
            assert!(
                scene.execute(NOW, Role::Applicant, RevokeMandate::default()).unwrap().is_empty()
            );
        }
    }

    #[test]
    fn an_officer_records_whose_request_it_was() {
        let law = law();
        let mut scene = granted(&law);
        scene.subject = "clerk-1";
        let refused = scene.execute(NOW, Role::Clerk, RevokeMandate::default());
        assert_eq!(refused, Err(Refusal::ReasonMissing));
        let asked = RevokeMandate { reason: Some("asked at the counter".into()) };
        scene.execute(NOW, Role::Clerk, asked).unwrap();
        assert_eq!(scene.state.status(at(NOW)), MandateStatus::Revoked);
    }

    #[test]
    fn a_mandate_that_has_ended_by_itself_is_not_revoked() {
        let law = law();
        let mut scene = granted(&law);
        let late = scene.execute("2027-01-01T00:00", Role::Applicant, RevokeMandate::default());
        assert_eq!(late, Err(Refusal::AlreadyEnded));
    }
}
