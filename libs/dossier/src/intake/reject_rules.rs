//! A second person does not sign a file of rules that somebody proposed. Its number stays used.

use super::sign_rules::Refusal;
use crate::access::any;
use crate::contract::{LawEvent, Role, RulesRejected};
use crate::intake::{Rules, RulesStage};
use crate::step::{Facts, Step};

/// This step.
pub const STEP: Step = Step {
    name: "reject_rules",
    service: "intake",
    basis: "64/2025/QH15 Điều 53",
    may: &[any(Role::Operator)],
    events: &["law.RulesRejected.v1"],
    refusals: Refusal::ALL,
};

/// Decides. Who proposed it takes it back instead: [`super::withdraw_rules`].
pub fn decide(
    state: &Rules,
    version: u32,
    reason: &str,
    facts: &Facts<'_>,
) -> Result<Vec<LawEvent>, Refusal> {
    let known = state.version(version).ok_or(Refusal::UnknownVersion)?;
    if known.stage != RulesStage::AwaitingSignature {
        return Err(Refusal::NotAwaiting);
    }
    if known.by == facts.actor.subject {
        return Err(Refusal::SameSigner);
    }
    let (kind, name) = (known.rules.kind, known.rules.name.clone());
    Ok(vec![RulesRejected { kind, name, version, reason: reason.to_owned() }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::sign_rules;
    use crate::intake::withdraw_rules::tests::{issue, scene, second};
    use crate::testing::law;

    #[test]
    fn what_a_second_person_rejects_is_never_signed_and_who_proposed_it_does_not_reject() {
        let law = law();
        let mut scene = scene(&law);
        issue(&mut scene, &second("2026-12-01"), 2).unwrap();
        let mut reject =
            || scene.step("2026-11-20T10:00", Role::Operator, |s, f| decide(s, 3, "sai sót", f));
        assert_eq!(reject(), Err(Refusal::SameSigner));
        scene.subject = "second";
        scene.step("2026-11-20T10:00", Role::Operator, |s, f| decide(s, 3, "sai sót", f)).unwrap();
        let rejected = scene.state.version(3).unwrap();
        assert_eq!(rejected.stage, RulesStage::Rejected);
        assert_eq!(rejected.reason.as_deref(), Some("sai sót"));
        let late =
            scene.step("2026-11-20T10:00", Role::Operator, |s, f| sign_rules::decide(s, 3, f));
        assert_eq!(late, Err(Refusal::NotAwaiting));
    }
}
