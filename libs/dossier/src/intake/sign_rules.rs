//! A second person signs a file of rules that somebody proposed. From then on it is law. Everything that follows from it is
//! computed once more, by the law as it stands then.

use crate::access::any;
use crate::contract::{LawEvent, Role, RulesIssued};
use crate::intake::{Rules, RulesStage};
use crate::law::{Draft, Findings};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "sign_rules",
    service: "intake",
    basis: "64/2025/QH15 Điều 53",
    may: &[any(Role::Operator)],
    events: &["law.RulesIssued.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why rules cannot be signed.
    pub enum Refusal {
        UnknownVersion => 404, "rules-version-unknown",
            "không có phiên bản này", "there is no such version";
        NotAwaiting => 409, "rules-not-awaiting-signature",
            "phiên bản này không chờ ký", "this version does not wait for a signature";
        SameSigner => 409, "rules-same-signer",
            "người ký phải là người khác với người đề xuất",
            "who signs must be somebody else than who proposed it";
        Invalid(Findings) => 422, "rules-invalid",
            "tệp quy định không hợp lệ", "the file of rules is wrong";
    }
}

/// Decides.
pub fn decide(state: &Rules, version: u32, facts: &Facts<'_>) -> Result<Vec<LawEvent>, Refusal> {
    let known = state.version(version).ok_or(Refusal::UnknownVersion)?;
    if known.stage != RulesStage::AwaitingSignature {
        return Err(Refusal::NotAwaiting);
    }
    if known.by == facts.actor.subject {
        return Err(Refusal::SameSigner);
    }
    let RulesIssued { kind, text, .. } = &known.rules;
    let draft = Draft { kind: *kind, text, version: None };
    draft.check(facts.law, facts.at).map_err(Refusal::Invalid)?;
    let proposed_by = Some(known.by.clone());
    Ok(vec![RulesIssued { proposed_by, ..known.rules.clone() }.into()])
}
