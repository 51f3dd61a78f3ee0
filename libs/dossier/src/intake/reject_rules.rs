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
