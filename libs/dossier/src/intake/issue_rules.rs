//! A file of rules is issued: a procedure, a calendar, the agencies, or the periods for complaints, in a new version. It is
//! recorded like every other step, by whom and when, and from then on belongs to the law by which everything is computed.
//!
//! What was received or promised under an earlier version stays under it; the version in force on the day of receipt
//! counts (Law on the Promulgation of Legal Documents 64/2025/QH15, art. 53).

use crate::access::{Resource, any};
use crate::contract::{AgencyCode, LawEvent, Meta, ProcedureRef, Role, RulesIssued, RulesKind};
use crate::law::{InvalidLaw, rules, says_the_same};
use crate::step::{Facts, State, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "issue_rules",
    service: "intake",
    basis: "64/2025/QH15 Điều 53; 61/2018/NĐ-CP Điều 26",
    may: &[any(Role::Operator)],
    events: &["law.RulesIssued.v1"],
    refusals: Refusal::ALL,
};

/// The versions of one file of rules.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// All that were issued, the newest last.
    pub issued: Vec<RulesIssued>,
}

impl State for Rules {
    type Event = LawEvent;
    const CATEGORY: &'static str = "law";

    fn evolve(&mut self, event: &LawEvent, _: &Meta) {
        if let LawEvent::RulesIssued(rules) = event {
            self.issued.push(rules.clone());
        }
    }

    fn resource(&self) -> Option<Resource> {
        (!self.issued.is_empty()).then(Resource::default)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

/// The id of the stream in which the versions of a file stand.
#[must_use]
pub fn stream_id(kind: RulesKind, name: &str) -> String {
    format!("{}.{name}", kind.as_str())
}

refusals! {
    /// Why rules cannot be issued.
    pub enum Refusal {
        Invalid(InvalidLaw) => 422, "rules-invalid",
            "tệp quy định không hợp lệ", "the file of rules is wrong";
        VersionTaken => 409, "rules-version-taken",
            "phiên bản này đã được ban hành với nội dung khác",
            "this version was issued with other content: give it the next number";
        VersionOutdated => 409, "rules-version-outdated",
            "đã có phiên bản mới hơn", "a later version was issued already";
    }
}

/// Decides; nothing if the same content was issued in this version before.
pub fn decide(
    state: &Rules,
    kind: RulesKind,
    text: &str,
    facts: &Facts<'_>,
) -> Result<Vec<LawEvent>, Refusal> {
    let issued = rules(kind, kind.as_str(), text).map_err(Refusal::Invalid)?;
    if let Some(known) = state.issued.iter().find(|known| known.version == issued.version) {
        let same = says_the_same(&known.text, text);
        return if same { Ok(Vec::new()) } else { Err(Refusal::VersionTaken) };
    }
    if state.issued.last().is_some_and(|newest| newest.version > issued.version) {
        return Err(Refusal::VersionOutdated);
    }
    facts.law.clone().take(&issued, Some(facts.at)).map_err(Refusal::Invalid)?;
    Ok(vec![issued.into()])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::ProcedureCode;
    use crate::testing::{Scene, at, law};

    const SHIPPED: &str = include_str!("../../procedures/energy_label.yaml");

    fn issue(scene: &mut Scene<'_, Rules>, text: &str) -> Result<Vec<LawEvent>, Refusal> {
        scene.step("2026-11-20T09:00", Role::Operator, |s, f| {
            decide(s, RulesKind::Procedure, text, f)
        })
    }

    #[test]
    fn a_new_version_is_issued_once_and_never_with_other_content() {
        let law = law();
        let mut scene = Scene::<Rules>::new(&law, "ENERGY.LABEL", "G02");
        let second = SHIPPED.replace("version: 2", "version: 3");
        assert_eq!(issue(&mut scene, &second).unwrap().len(), 1);
        assert!(issue(&mut scene, &format!("# once more\n{second}")).unwrap().is_empty());
        let other = second.replace("amount: 5", "amount: 4");
        assert_eq!(issue(&mut scene, &other), Err(Refusal::VersionTaken));
        assert_eq!(issue(&mut scene, SHIPPED), Err(Refusal::VersionOutdated));
    }

    #[test]
    fn wrong_rules_are_refused_with_the_line_and_the_reason() {
        let law = law();
        let mut scene = Scene::<Rules>::new(&law, "ENERGY.LABEL", "G02");
        let wrong = SHIPPED.replace("version: 2", "version: 3").replace("pause", "stop");
        let Err(Refusal::Invalid(InvalidLaw::Shape { line, reason, .. })) =
            issue(&mut scene, &wrong)
        else {
            panic!("it was issued");
        };
        assert!(line > 1 && reason.contains("stop"), "{line}: {reason}");
        let idle = SHIPPED.replace("version: 2", "version: 3").replace("[online]", "[]");
        assert!(matches!(issue(&mut scene, &idle), Err(Refusal::Invalid(_))));
    }

    #[test]
    fn a_version_that_takes_effect_before_it_was_issued_was_not_known_then() {
        let mut law = law();
        let text = SHIPPED.replace("version: 2", "version: 3");
        let issued = rules(RulesKind::Procedure, "second", &text).unwrap();
        law.take(&issued, Some(at("2026-11-20T09:00"))).unwrap();
        let code = ProcedureCode::from("ENERGY.LABEL");
        let version = |known_at| {
            law.in_force_as_known(&code, date(2026, 6, 1), at(known_at)).unwrap().version
        };
        assert_eq!(version("2026-11-20T08:59"), 2);
        assert_eq!(version("2026-11-20T09:00"), 3);
    }
}
