//! The versions of one file of rules, from the proposal to the law or to their end before that. A number that was used once stays
//! used.

use jiff::Timestamp;

use crate::access::Resource;
use crate::contract::{AgencyCode, LawEvent, Meta, ProcedureRef, RulesIssued, RulesKind, Subject};
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
        if let Some(known) = self.versions.iter_mut().find(|known| known.rules.version == number) {
            known.stage = RulesStage::Void;
            known.reason = Some(reason.to_owned());
        }
    }

    fn settle(&mut self, number: u32, stage: RulesStage, reason: &str, meta: &Meta) {
        let found = self.versions.iter_mut().find(|known| known.rules.version == number);
        if let Some(known) = found {
            known.stage = stage;
            known.since = meta.at();
            known.settled_by = Some(meta.envelope.actor.subject.clone());
            known.reason = (!reason.is_empty()).then(|| reason.to_owned());
        }
    }

    fn add(&mut self, rules: RulesIssued, stage: RulesStage, meta: &Meta) {
        let by = meta.envelope.actor.subject.clone();
        let (settled_by, reason) = (None, None);
        let since = meta.at();
        self.versions.push(RulesVersion { rules, stage, by, since, settled_by, reason });
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
            LawEvent::RulesIssued(rules) if self.version(rules.version).is_some() => {
                self.settle(rules.version, RulesStage::Issued, "", meta);
            }
            LawEvent::RulesIssued(rules) => self.add(rules.clone(), RulesStage::Issued, meta),
            LawEvent::RulesRejected(end) => {
                self.settle(end.version, RulesStage::Rejected, &end.reason, meta);
            }
            LawEvent::RulesWithdrawn(end) => {
                self.settle(end.version, RulesStage::Withdrawn, &end.reason, meta);
            }
            LawEvent::OutageDeclared(_) | LawEvent::OutageEnded(_) => {}
        }
        self.own |= !meta.envelope.actor.is_system();
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
