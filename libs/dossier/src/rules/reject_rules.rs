//! A second person rejects a proposed file of rules. Its version number stays in use.

use super::sign_rules::Refusal;
use crate::access::any;
use crate::contract::{LawEvent, Role, RulesRejected};
use crate::rules::{Rules, RulesStage};
use crate::step::{Command, Decision, Facts, Step};

/// Rejects a version that another person proposed. The proposer withdraws it instead, see
/// [`super::withdraw_rules`].
#[derive(Debug, Clone)]
pub struct RejectRules {
    pub version: u32,
    pub reason: String,
}

impl Command for RejectRules {
    type State = Rules;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_rules",
        basis: "64/2025/QH15 Điều 53",
        may: &[any(Role::Operator)],
        events: &["law.RulesRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, state: &Rules, facts: &Facts<'_>) -> Result<Decision<LawEvent>, Refusal> {
        let known = state.version(self.version).ok_or(Refusal::UnknownVersion)?;
        if known.stage != RulesStage::AwaitingSignature {
            return Err(Refusal::NotAwaiting);
        }
        if known.by == facts.actor.subject {
            return Err(Refusal::SameSigner);
        }
        let (kind, name) = (known.rules.kind, known.rules.name.clone());
        let (version, reason) = (self.version, self.reason.clone());
        Ok(Decision::event(RulesRejected { kind, name, version, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sign_rules::SignRules;
    use crate::rules::withdraw_rules::tests::{issue, scene, second};
    use crate::testing::law;

    #[test]
    fn what_a_second_person_rejects_is_never_signed_and_who_proposed_it_does_not_reject() {
        let law = law();
        let mut scene = scene(&law);
        issue(&mut scene, &second("2026-12-01"), 2).unwrap();
        let reject = RejectRules { version: 3, reason: "sai sót".to_owned() };
        let own = scene.execute("2026-11-20T10:00", Role::Operator, reject.clone());
        assert_eq!(own, Err(Refusal::SameSigner));
        scene.subject = "second";
        scene.execute("2026-11-20T10:00", Role::Operator, reject).unwrap();
        let rejected = scene.state.version(3).unwrap();
        assert_eq!(rejected.stage, RulesStage::Rejected);
        assert_eq!(rejected.reason.as_deref(), Some("sai sót"));
        let late = scene.execute("2026-11-20T10:00", Role::Operator, SignRules { version: 3 });
        assert_eq!(late, Err(Refusal::NotAwaiting));
    }
}
