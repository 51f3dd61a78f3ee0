//! The versions of one file of rules, from the proposal to the law or to their end before that. A number that was used once stays
//! used.

use jiff::Timestamp;

use crate::access::Resource;
use crate::contract::{AgencyCode, LawEvent, Meta, ProcedureRef, RulesIssued, RulesKind, Subject};
use crate::law::{says_the_same, says_the_same_later};
use crate::step::State;

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulesStage {
    /// Somebody proposed it; a second person has to sign it before it is law.
    AwaitingSignature,
    /// It is law, in force from the day that it says.
    Issued,
    /// A second person did not sign it.
    Rejected,
    /// It was taken back before it was in force.
    Withdrawn,
    /// It was issued, and is no law: it contradicts what was recorded shortly before it. Only the register knows, see
    /// [`crate::law::Law::record`].
    Void,
}

/// A version.
#[derive(Debug, Clone)]
pub struct RulesVersion {
    /// What it says.
    pub rules: RulesIssued,
    /// Where it stands.
    pub stage: RulesStage,
    /// Who issued or proposed it.
    pub by: Subject,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Who signed it as the second person.
    pub signed_by: Option<Subject>,
    /// Who wants it taken back, where that takes a second person.
    pub withdrawal_by: Option<Subject>,
    /// Who signed, rejected or withdrew it.
    pub settled_by: Option<Subject>,
    /// Why it was rejected or withdrawn.
    pub reason: Option<String>,
}

/// The versions of one file of rules.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// All that were ever proposed or issued, in that order.
    pub versions: Vec<RulesVersion>,
    /// Whether somebody other than the program itself has issued one.
    pub own: bool,
}

/// What becomes of a version that comes with the program, at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shipped {
    /// Nothing: it was issued before, or what it says was, under a later number.
    Known,
    /// It is issued.
    New,
    /// It is not issued; why.
    PassedOver(&'static str),
    /// The program has issued this number with other content before.
    Changed,
}

impl Rules {
    /// A version by its number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&RulesVersion> {
        self.versions.iter().find(|known| known.rules.version == number)
    }

    /// The highest number that was used; 0 if none was.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.versions.iter().map(|known| known.rules.version).max().unwrap_or(0)
    }

    /// The version that waits for a second signature.
    #[must_use]
    pub fn awaiting(&self) -> Option<&RulesVersion> {
        self.versions.iter().find(|known| known.stage == RulesStage::AwaitingSignature)
    }

    /// Notes that the law did not take a version.
    pub fn mark_void(&mut self, number: u32, reason: &str) {
        self.change(number, |known| {
            known.stage = RulesStage::Void;
            known.reason = Some(reason.to_owned());
        });
    }

    /// Whether somebody other than the program itself has had a hand in it.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.own || self.versions.iter().any(|known| known.stage != RulesStage::Issued)
    }

    /// What becomes of a version that comes with the program.
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
    const CATEGORY: &'static str = "law";
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

/// The id of the stream in which the versions of a file stand.
#[must_use]
pub fn stream_id(kind: RulesKind, name: &str) -> String {
    format!("{}.{name}", kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::reject_rules::RejectRules;
    use crate::intake::sign_rules::SignRules;
    use crate::intake::withdraw_rules::tests::{issue, scene, second, withdrawal};
    use crate::law::{in_version, next_version, rules};
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
            .take(
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
        scene.take("2026-11-20T10:00", Role::Operator, SignRules { version: 3 }).unwrap();
        assert_eq!(scene.state.shipped(&file(&text)), Shipped::Known);
        let changed = shipped.replace("amount: 5", "amount: 4");
        assert!(passed_over(scene.state.shipped(&file(&changed))).contains("its own"));
        // The agency issues what came with the program, from a day of its own.
        let again = next_version(&changed).replace("12-15", "12-20");
        issue(&mut scene, &again, 1).unwrap();
        assert_eq!(scene.state.shipped(&file(&changed)), Shipped::Known);
        scene.take("2026-11-20T10:00", Role::Operator, withdrawal(4, "sai")).unwrap();
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
