//! The versions of one file of rules, from proposal to issue, rejection or withdrawal. A version
//! number that was used once stays in use.

use jiff::Timestamp;

use crate::access::Resource;
use crate::contract::{AgencyCode, LawEvent, Meta, ProcedureRef, RulesIssued, RulesKind, Subject};
use crate::law::{says_the_same, says_the_same_later};
use crate::services::Category;
use crate::step::State;

/// The status of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulesStage {
    /// Proposed; a second person has to sign it before it is law.
    AwaitingSignature,
    /// Law; in force from the day that the file names, or from when it was recorded.
    Issued,
    /// Rejected by a second person.
    Rejected,
    /// Withdrawn before it was in force.
    Withdrawn,
    /// Issued but not law, because it contradicts a file recorded shortly before it. Only the
    /// register sets this, see [`crate::law::Law::record`].
    Void,
}

/// A version of a file of rules.
#[derive(Debug, Clone)]
pub struct RulesVersion {
    pub rules: RulesIssued,
    pub stage: RulesStage,
    /// Who issued or proposed it.
    pub by: Subject,
    /// When it reached its present stage.
    pub since: Timestamp,
    /// Who signed it as the second person.
    pub signed_by: Option<Subject>,
    /// Who proposed its withdrawal, where that needs a second person.
    pub withdrawal_by: Option<Subject>,
    /// Who signed, rejected or withdrew it.
    pub settled_by: Option<Subject>,
    /// Why it was rejected, withdrawn or void.
    pub reason: Option<String>,
}

/// The versions of one file of rules.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// All versions that were ever proposed or issued, in that order.
    pub versions: Vec<RulesVersion>,
    /// Whether a person has issued one, rather than the program at its start.
    pub own: bool,
}

/// What the program does at its start with a version that is shipped with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shipped {
    /// Nothing: it was issued before, or its content was issued under a later number.
    Known,
    /// Issue it.
    New,
    /// Do not issue it, for this reason.
    PassedOver(&'static str),
    /// Do not issue it: the program has issued this number with other content before.
    Changed,
}

impl Rules {
    /// The version with this number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&RulesVersion> {
        self.versions.iter().find(|known| known.rules.version == number)
    }

    /// The highest number in use; 0 if none is.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.versions.iter().map(|known| known.rules.version).max().unwrap_or(0)
    }

    /// The version that waits for a second signature.
    #[must_use]
    pub fn awaiting(&self) -> Option<&RulesVersion> {
        self.versions.iter().find(|known| known.stage == RulesStage::AwaitingSignature)
    }

    /// Marks a version as void, with the reason for which the law did not take it.
    pub fn mark_void(&mut self, number: u32, reason: &str) {
        self.change(number, |known| {
            known.stage = RulesStage::Void;
            known.reason = Some(reason.to_owned());
        });
    }

    /// Whether a person has issued, proposed, rejected or withdrawn a version.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.own || self.versions.iter().any(|known| known.stage != RulesStage::Issued)
    }

    /// What to do at the start with a version that is shipped with the program.
    #[must_use]
    pub fn shipped(&self, rules: &RulesIssued) -> Shipped {
        let known = self.version(rules.version);
        let same = known.filter(|known| says_the_same(&known.rules.text, &rules.text));
        let later = self.versions.iter().any(|later| {
            later.stage == RulesStage::Issued
                && later.rules.version > rules.version
                && says_the_same_later(&later.rules.text, &rules.text)
        });
        match same.map(|known| known.stage) {
            _ if later => Shipped::Known,
            Some(RulesStage::Issued | RulesStage::Withdrawn) => Shipped::Known,
            Some(RulesStage::AwaitingSignature) => Shipped::PassedOver(
                "it was proposed and waits for the signature of a second person",
            ),
            Some(RulesStage::Rejected) => Shipped::PassedOver(
                "it was proposed and a second person rejected it; issue it under the next number if it is wanted",
            ),
            Some(RulesStage::Void) => Shipped::PassedOver(
                "it contradicts a file that was issued just before it; correct it and issue it under the next number",
            ),
            None if self.own => Shipped::PassedOver(
                "the agency has issued versions of its own, which stay; issue this one under the next number if it is wanted",
            ),
            None => match known.map(|known| known.stage) {
                Some(RulesStage::Issued | RulesStage::Void) => Shipped::Changed,
                Some(_) => Shipped::PassedOver(
                    "its number was used for another text that was proposed; issue it under the next number if it is wanted",
                ),
                None if self.awaiting().is_some() => Shipped::PassedOver(
                    "a version that was proposed waits for the signature of a second person; it is issued at the next start after that was rejected or withdrawn",
                ),
                None if self.newest() > rules.version => {
                    Shipped::PassedOver("a later version was issued before it")
                }
                None => Shipped::New,
            },
        }
    }

    fn settle(&mut self, number: u32, stage: RulesStage, reason: &str, meta: &Meta) {
        self.change(number, |known| {
            known.stage = stage;
            known.since = meta.at();
            known.settled_by = Some(meta.envelope.actor.subject.clone());
            known.reason = (!reason.is_empty()).then(|| reason.to_owned());
        });
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut RulesVersion)) {
        let found = self.versions.iter_mut().find(|known| known.rules.version == number);
        if let Some(known) = found {
            change(known);
        }
    }

    fn add(&mut self, rules: RulesIssued, stage: RulesStage, meta: &Meta) {
        let by = meta.envelope.actor.subject.clone();
        let since = meta.at();
        self.versions.push(RulesVersion {
            rules,
            stage,
            by,
            since,
            signed_by: None,
            withdrawal_by: None,
            settled_by: None,
            reason: None,
        });
    }
}

impl State for Rules {
    type Event = LawEvent;
    const CATEGORY: &'static str = Category::Law.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &LawEvent, meta: &Meta) {
        match event {
            LawEvent::RulesProposed(proposed) => {
                self.add(proposed.rules(), RulesStage::AwaitingSignature, meta);
            }
            LawEvent::RulesIssued(rules) => {
                self.own |= !meta.envelope.actor.is_system();
                if self.version(rules.version).is_some() {
                    self.settle(rules.version, RulesStage::Issued, "", meta);
                    self.change(rules.version, |known| known.signed_by = known.settled_by.clone());
                } else {
                    self.add(rules.clone(), RulesStage::Issued, meta);
                }
            }
            LawEvent::RulesRejected(end) => {
                self.settle(end.version, RulesStage::Rejected, &end.reason, meta);
            }
            LawEvent::RulesWithdrawalProposed(end) => {
                let by = &meta.envelope.actor.subject;
                self.change(end.version, |known| known.withdrawal_by = Some(by.clone()));
            }
            LawEvent::RulesWithdrawn(end) => {
                self.settle(end.version, RulesStage::Withdrawn, &end.reason, meta);
            }
            LawEvent::OutageDeclared(_) | LawEvent::OutageEnded(_) => {}
        }
    }

    fn resource(&self) -> Option<Resource> {
        (!self.versions.is_empty()).then(Resource::default)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

/// The stream id for the versions of a file of rules.
#[must_use]
pub fn stream_id(kind: RulesKind, name: &str) -> String {
    format!("{}.{name}", kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::law::{in_version, next_version, rules};
    use crate::rules::reject_rules::RejectRules;
    use crate::rules::sign_rules::SignRules;
    use crate::rules::withdraw_rules::tests::{issue, scene, second, withdrawal};
    use crate::testing::law;

    fn file(text: &str) -> RulesIssued {
        rules(RulesKind::Procedure, "energy", text).unwrap()
    }

    fn passed_over(of: Shipped) -> &'static str {
        let Shipped::PassedOver(why) = of else { panic!("{of:?}") };
        why
    }

    #[test]
    fn a_proposal_that_never_became_law_keeps_no_shipped_version_out_for_ever() {
        let law = law();
        let (text, other) = (second("2026-12-01"), second("2027-01-01"));
        let next = next_version(&text);
        let mut scene = scene(&law);
        assert_eq!(scene.state.shipped(&file(&text)), Shipped::New);
        issue(&mut scene, &text, 2).unwrap();
        assert!(passed_over(scene.state.shipped(&file(&text))).contains("waits"));
        assert!(passed_over(scene.state.shipped(&file(&other))).contains("number was used"));
        assert!(passed_over(scene.state.shipped(&file(&next))).contains("waits"));
        scene.subject = "second";
        scene
            .execute(
                "2026-11-20T10:00",
                Role::Operator,
                RejectRules { version: 3, reason: "sai".into() },
            )
            .unwrap();
        assert!(passed_over(scene.state.shipped(&file(&text))).contains("rejected"));
        assert!(passed_over(scene.state.shipped(&file(&other))).contains("number was used"));
        assert_eq!(scene.state.shipped(&file(&next)), Shipped::New, "no agency has issued its own");
    }

    #[test]
    fn what_an_agency_issued_stays_and_a_shipped_version_is_known_once_a_later_one_says_the_same() {
        let law = law();
        let text = second("2026-12-01");
        let shipped = text.replace("2026-12-01", "2026-12-15");
        let mut scene = scene(&law);
        issue(&mut scene, &text, 2).unwrap();
        scene.subject = "second";
        scene.execute("2026-11-20T10:00", Role::Operator, SignRules { version: 3 }).unwrap();
        assert_eq!(scene.state.shipped(&file(&text)), Shipped::Known);
        let changed = shipped.replace("amount: 5", "amount: 4");
        assert!(passed_over(scene.state.shipped(&file(&changed))).contains("its own"));
        // The agency issues the shipped content, with another first day.
        let again = next_version(&changed).replace("12-15", "12-20");
        issue(&mut scene, &again, 1).unwrap();
        assert_eq!(scene.state.shipped(&file(&changed)), Shipped::Known);
        scene.execute("2026-11-20T10:00", Role::Operator, withdrawal(4, "sai")).unwrap();
        assert!(passed_over(scene.state.shipped(&file(&changed))).contains("its own"));
    }

    #[test]
    fn the_program_never_changes_what_it_issued() {
        let law = law();
        let scene = scene(&law);
        let shipped = in_version(&second("2026-12-01"), 2);
        assert_eq!(scene.state.shipped(&file(&shipped)), Shipped::Changed);
        let earlier = in_version(&shipped, 1).replace("amount: 5", "amount: 4");
        assert!(passed_over(scene.state.shipped(&file(&earlier))).contains("later"));
    }
}
