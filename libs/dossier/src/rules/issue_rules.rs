//! Issues a file of rules in a new version, for example a procedure, a calendar or the list of
//! agencies. Like every step it records the actor and the instant; from then on the file is part of
//! the law by which everything is computed.
//!
//! What was received or promised under an earlier version stays under it; the version in force on
//! the day of receipt applies (Law on the Promulgation of Legal Documents 64/2025/QH15, art. 53).

use super::{Rules, RulesStage, RulesVersion};
use crate::access::any;
use crate::contract::{LawEvent, Role, RulesIssued, RulesKind, RulesProposed};
use crate::law::{Draft, Finding, Findings, rules, says_the_same};
use crate::step::{Command, Decision, Facts, Step, refusals};

refusals! {
    /// Why rules cannot be issued.
    pub enum Refusal {
        Invalid(Findings) => 422, "rules-invalid",
            "tệp quy định không hợp lệ", "the file of rules is not valid";
        VersionTaken => 409, "rules-version-taken",
            "phiên bản này đã được ban hành với nội dung khác",
            "this version was issued with other content; use the next number";
        VersionOutdated => 409, "rules-version-outdated",
            "đã có phiên bản mới hơn", "a later version has been issued";
        VersionEnded => 409, "rules-version-ended",
            "phiên bản này đã bị rút hoặc từ chối, hãy dùng số tiếp theo",
            "this version was withdrawn or rejected; use the next number";
        VersionVoid(String) => 409, "rules-void",
            "phiên bản này đã được ghi nhận nhưng không có hiệu lực vì trái với một tệp được ban hành ngay trước đó, hãy sửa và dùng số tiếp theo",
            "this version was recorded but is not in force, because it contradicts a file that was issued just before; correct it and use the next number";
        AwaitingSignature(u32) => 409, "rules-awaiting-signature",
            "một phiên bản trước đó đang chờ ký", "an earlier version is waiting for a second signature";
    }
}

/// Issues a file of rules, or proposes it if a second signature is needed.
#[derive(Debug, Clone)]
pub struct IssueRules {
    pub kind: RulesKind,
    /// The file, as YAML.
    pub text: String,
    /// Findings of the check of its form as a JSON Schema.
    pub form: Vec<Finding>,
    /// Persons needed to issue it, 1 or 2. With two, the file is a proposal until a second person
    /// signs it.
    pub signers: u8,
}

impl Command for IssueRules {
    type State = Rules;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "issue_rules",
        basis: "64/2025/QH15 Điều 53; 61/2018/NĐ-CP Điều 26",
        may: &[any(Role::Operator)],
        events: &["law.RulesIssued.v1", "law.RulesProposed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, state: &Rules, facts: &Facts<'_>) -> Result<Decision<LawEvent>, Refusal> {
        let Self { kind, text, form, signers } = self;
        let kind = *kind;
        let newest = state.newest();
        if let Ok(issued) = rules(kind, kind.as_str(), text) {
            if let Some(known) = state.version(issued.version) {
                return self.again(known, &issued, facts);
            }
            if issued.version < newest {
                return Err(Refusal::VersionOutdated);
            }
        }
        if let Some(waits) = state.awaiting() {
            return Err(Refusal::AwaitingSignature(waits.rules.version));
        }
        let draft = Draft { kind, text, version: newest.checked_add(1) };
        let checked = draft.check(facts.law, facts.at);
        if !form.is_empty() {
            let mut found = checked.err().unwrap_or_default();
            found.0.extend_from_slice(form);
            return Err(Refusal::Invalid(found.placed(text)));
        }
        let issued = checked.map_err(Refusal::Invalid)?;
        Ok(if *signers > 1 {
            Decision::event(RulesProposed::from(issued))
        } else {
            Decision::event(issued)
        })
    }
}

impl IssueRules {
    /// The outcome for a version number that is in use: nothing, if the content is the same.
    fn again(
        &self,
        known: &RulesVersion,
        issued: &RulesIssued,
        facts: &Facts<'_>,
    ) -> Result<Decision<LawEvent>, Refusal> {
        match known.stage {
            RulesStage::Rejected | RulesStage::Withdrawn => Err(Refusal::VersionEnded),
            _ if let Some(void) = facts.law.void(self.kind, &issued.name, issued.version) => {
                Err(Refusal::VersionVoid(void.reason.clone()))
            }
            _ if says_the_same(&known.rules.text, &self.text) => Ok(Decision::Nothing),
            RulesStage::Issued | RulesStage::AwaitingSignature | RulesStage::Void => {
                Err(Refusal::VersionTaken)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::ProcedureCode;
    use crate::law::{in_version, next_version};
    use crate::testing::{Scene, actor, at, law};

    const SHIPPED: &str = include_str!("../../procedures/energy_label.yaml");

    fn second() -> String {
        next_version(SHIPPED)
    }

    fn shipped() -> LawEvent {
        rules(RulesKind::Procedure, "energy", SHIPPED).unwrap().into()
    }

    fn issue(scene: &mut Scene<'_, Rules>, text: &str) -> Result<Vec<LawEvent>, Refusal> {
        let (kind, form) = (RulesKind::Procedure, Vec::new());
        let command = IssueRules { kind, text: text.to_owned(), form, signers: 1 };
        scene.execute("2026-11-20T09:00", Role::Operator, command)
    }

    #[test]
    fn a_new_version_is_issued_once_and_never_with_other_content() {
        let law = law();
        let mut scene = Scene::<Rules>::new(&law, "ENERGY.LABEL", "G02");
        // The versions before these must be issued first.
        for ahead in [second(), in_version(SHIPPED, 3)] {
            let Err(Refusal::Invalid(found)) = issue(&mut scene, &ahead) else {
                panic!("it was issued: {ahead}");
            };
            let [finding] = &found.0[..] else { panic!("{found}") };
            assert_eq!(finding.pointer, "/version");
            assert!(finding.en.starts_with("the next version is 1:"), "{}", finding.en);
        }
        scene.record(at("2026-11-01T09:00"), &actor(Role::System), shipped());
        let second = second();
        assert_eq!(issue(&mut scene, &second).unwrap().len(), 1);
        assert!(issue(&mut scene, &format!("# once more\n{second}")).unwrap().is_empty());
        let other = second.replace("amount: 5", "amount: 4");
        assert_eq!(issue(&mut scene, &other), Err(Refusal::VersionTaken));
        assert!(issue(&mut scene, SHIPPED).unwrap().is_empty());
    }

    #[test]
    fn wrong_rules_are_refused_with_the_line_and_the_reason() {
        let law = law();
        let mut scene = Scene::<Rules>::new(&law, "ENERGY.LABEL", "G02");
        scene.record(at("2026-11-01T09:00"), &actor(Role::System), shipped());
        let wrong = second().replace("pause", "stop");
        let Err(Refusal::Invalid(found)) = issue(&mut scene, &wrong) else {
            panic!("it was issued");
        };
        let [finding] = &found.0[..] else { panic!("{found}") };
        assert_eq!(finding.pointer, "/clock/supplement");
        assert!(finding.place.unwrap().line > 1, "{finding}");
        assert_eq!(finding.en, "must be one of: pause, restart");
        let idle = next_version(SHIPPED).replace("[online]", "[]");
        assert!(matches!(issue(&mut scene, &idle), Err(Refusal::Invalid(_))));
    }

    #[test]
    fn a_version_that_takes_effect_before_it_was_issued_was_not_known_then() {
        let mut law = law();
        let text = next_version(SHIPPED);
        let issued = rules(RulesKind::Procedure, "second", &text).unwrap();
        law.apply(&issued, Some(at("2026-11-20T09:00"))).unwrap();
        let code = ProcedureCode::from("ENERGY.LABEL");
        let version = |known_at| {
            law.in_force_as_known(&code, date(2026, 6, 1), at(known_at)).unwrap().version
        };
        assert_eq!(version("2026-11-20T08:59"), 2);
        assert_eq!(version("2026-11-20T09:00"), 3);
    }
}
