//! A second person signs a proposed file of rules, which is law from then on. The file is checked
//! again by the law at the time of the signature.

use crate::access::any;
use crate::contract::{LawEvent, Role, RulesIssued};
use crate::law::{Draft, Findings};
use crate::rules::{Rules, RulesStage};
use crate::step::{Command, Decision, Facts, Step, refusals};

refusals! {
    /// Why rules cannot be signed.
    pub enum Refusal {
        UnknownVersion => 404, "rules-version-unknown",
            "không có phiên bản này, xem danh sách tại `GET /v1/rules`", "there is no such version; the list is at `GET /v1/rules`";
        NotAwaiting => 409, "rules-not-awaiting-signature",
            "phiên bản này không chờ ký", "this version does not wait for a signature";
        SameSigner => 409, "rules-same-signer",
            "người ký phải là người khác với người đề xuất",
            "the signer must not be the proposer";
        VersionVoid(String) => 409, "rules-void",
            "phiên bản này đã được ghi nhận nhưng không có hiệu lực vì trái với một tệp được ban hành ngay trước đó, hãy sửa và dùng số tiếp theo",
            "this version was recorded but is not in force, because it contradicts a file that was issued just before; correct it and use the next number";
        Invalid(Findings) => 422, "rules-invalid",
            "tệp quy định không hợp lệ", "the file of rules is not valid";
    }
}

/// Signs a version that another person proposed.
#[derive(Debug, Clone, Copy)]
pub struct SignRules {
    pub version: u32,
}

impl Command for SignRules {
    type State = Rules;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "sign_rules",
        basis: "64/2025/QH15 Điều 53",
        may: &[any(Role::Operator)],
        events: &["law.RulesIssued.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, state: &Rules, facts: &Facts<'_>) -> Result<Decision<LawEvent>, Refusal> {
        let known = state.version(self.version).ok_or(Refusal::UnknownVersion)?;
        let RulesIssued { kind, name, text, .. } = &known.rules;
        if let Some(void) = facts.law.void(*kind, name, self.version) {
            return Err(Refusal::VersionVoid(void.reason.clone()));
        }
        if known.stage != RulesStage::AwaitingSignature {
            return Err(Refusal::NotAwaiting);
        }
        if known.by == facts.actor.subject {
            return Err(Refusal::SameSigner);
        }
        let draft = Draft { kind: *kind, text, version: None };
        draft.check(facts.law, facts.at).map_err(Refusal::Invalid)?;
        let proposed_by = Some(known.by.clone());
        Ok(Decision::event(RulesIssued { proposed_by, ..known.rules.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::next_version;
    use crate::rules::issue_rules;
    use crate::rules::withdraw_rules::tests::{issue, scene, second};
    use crate::testing::{Scene, law};

    fn sign(scene: &mut Scene<'_, Rules>, version: u32) -> Result<Vec<LawEvent>, Refusal> {
        scene.execute("2026-11-20T10:00", Role::Operator, SignRules { version })
    }

    #[test]
    fn with_two_signers_a_file_is_a_proposal_until_somebody_else_signs_it() {
        let law = law();
        let mut scene = scene(&law);
        issue(&mut scene, &second("2026-12-01"), 2).unwrap();
        assert_eq!(scene.kinds().last(), Some(&"RulesProposed"));
        let third = next_version(&second("2026-12-01"));
        let waits = issue(&mut scene, &third, 2);
        assert_eq!(waits, Err(issue_rules::Refusal::AwaitingSignature(3)));
        assert_eq!(sign(&mut scene, 3), Err(Refusal::SameSigner));
        assert_eq!(sign(&mut scene, 9), Err(Refusal::UnknownVersion));
        scene.subject = "second";
        sign(&mut scene, 3).unwrap();
        let Some(LawEvent::RulesIssued(issued)) = scene.events.last() else { panic!("not issued") };
        assert_eq!(issued.proposed_by, Some("tester".into()));
        assert_eq!(scene.state.version(3).unwrap().stage, RulesStage::Issued);
        assert_eq!(sign(&mut scene, 3), Err(Refusal::NotAwaiting));
    }
}
