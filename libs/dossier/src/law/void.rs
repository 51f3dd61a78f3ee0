//! Files of rules that stand in the log and are no law: each was checked by the law as it was when it was issued, and another file
//! that was recorded before it contradicts it. Every reader comes upon the same file in the same place of the log, so all agree.

use jiff::Timestamp;

use super::{InvalidLaw, Law};
use crate::contract::{ProcedureCode, RulesIssued, RulesKind};

/// A recorded file of rules that is no law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    /// What it is about.
    pub kind: RulesKind,
    /// Its name.
    pub name: String,
    /// Its number, which stays used.
    pub version: u32,
    /// What it contradicts.
    pub reason: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Law {
    /// Takes a file of rules in that was recorded at `at`. Never fails: what contradicts the law that stands before it in the log
    /// is passed over whole, and noted.
    pub fn record(&mut self, rules: &RulesIssued, at: Timestamp) -> Option<&Void> {
        let reason = match self.take(rules, Some(at)) {
            Ok(()) => return None,
            Err(InvalidLaw::Content { reason, .. }) => reason,
            Err(error @ InvalidLaw::Shape { .. }) => error.to_string(),
        };
        let RulesIssued { kind, name, version, .. } = rules;
        let (kind, name, version) = (*kind, name.clone(), *version);
        self.voids.push(Void { kind, name, version, reason, recorded_at: at });
        self.voids.last()
    }

    /// Every recorded file of rules that is no law, in the order of the log.
    #[must_use]
    pub fn voids(&self) -> &[Void] {
        &self.voids
    }

    /// Why a recorded file of rules is no law; nothing if it is, or was never recorded.
    #[must_use]
    pub fn void(&self, kind: RulesKind, name: &str, version: u32) -> Option<&Void> {
        let is = |void: &&Void| void.kind == kind && void.name == name && void.version == version;
        self.voids.iter().find(is)
    }

    /// Those in whose place no later version was taken in: somebody has to issue one, or leave it.
    pub fn open_voids(&self) -> impl Iterator<Item = &Void> {
        self.voids.iter().filter(|void| self.newest(void.kind, &void.name) < void.version)
    }

    /// The newest version of a file that is law; 0 if none is.
    pub(super) fn newest(&self, kind: RulesKind, name: &str) -> u32 {
        let newest = match kind {
            RulesKind::Procedure => {
                let versions = self.procedures.get(&ProcedureCode::from(name));
                versions.and_then(|all| all.last()).map(|procedure| procedure.version)
            }
            RulesKind::Calendar => self.newest_calendar(name).map(calendar::Calendar::version),
            RulesKind::Agencies => Some(self.agencies.version(name)),
            RulesKind::Complaints => self.complaints().map(|rules| rules.version),
            RulesKind::Payments => self.payments.last().map(|(_, rules)| rules.version),
            RulesKind::Codes => self.newest_codes(name),
        };
        newest.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::{Draft, rules};
    use crate::testing::{at, law};

    fn part(id: &str, version: u32, code: &str, by: Option<&str>) -> RulesIssued {
        let succeeded =
            by.map_or_else(String::new, |by| format!("succeeded: {{ by: {by}, on: 2026-12-01 }}"));
        let text = format!(
            "id: {id}\nversion: {version}\nlegal_basis: a test\nagencies:\n  - code: {code}\n    \
             name: {{ vi: A, en: A }}\n    calendar: vn\n    system: '10'\n    \
             receipt_symbol: {code}\n    {succeeded}\n"
        );
        rules(RulesKind::Agencies, id, &text).unwrap()
    }

    /// The law with two parts of the registry, each of which then gets a version that is right by itself.
    fn crossed(first: &RulesIssued, second: &RulesIssued) -> Law {
        let mut law = law();
        let moment = at("2026-11-20T09:00");
        for file in [&part("pa", 1, "H71A", None), &part("pb", 1, "H71B", None)] {
            assert_eq!(law.record(file, moment), None);
        }
        for file in [first, second] {
            let version = Some(file.version);
            let draft = Draft { kind: file.kind, text: &file.text, version };
            draft.check(&law, moment).unwrap();
        }
        law.record(first, moment);
        law.record(second, moment);
        law
    }

    #[test]
    fn of_two_files_that_contradict_each_other_the_one_recorded_later_is_no_law_and_the_log_reads_on()
     {
        let a = part("pa", 2, "H71A", Some("H71B"));
        let b = part("pb", 2, "H71B", Some("H71A"));
        let after = at("2026-12-02T09:00");
        let mut law = crossed(&a, &b);
        let [void] = law.voids() else { panic!("{:?}", law.voids()) };
        assert_eq!((void.kind, &*void.name, void.version), (RulesKind::Agencies, "pb", 2));
        assert!(void.reason.contains("back to itself"), "{void:?}");
        assert_eq!(law.present(&"H71A".into(), after).as_str(), "H71B");
        assert_eq!(law.present(&"H71B".into(), after).as_str(), "H71B");
        assert_eq!(law.open_voids().count(), 1);
        let other = crossed(&b, &a);
        assert_eq!(
            other.present(&"H71A".into(), after).as_str(),
            "H71A",
            "by the order of the log"
        );

        assert_eq!(law.record(&part("pb", 3, "H71B", None), after), None);
        assert_eq!((law.open_voids().count(), law.voids().len()), (0, 1), "it was followed");
    }

    #[test]
    fn whatever_a_recorded_file_says_it_is_taken_or_noted_and_changes_nothing_by_half() {
        let moment = at("2026-11-20T09:00");
        for issued in crate::law::shipped_rules().unwrap() {
            // By itself each but calendars, lists and the like refers to something that is not there.
            let mut alone = Law::default();
            let noted = alone.record(&issued, moment).is_some();
            assert_eq!(noted, alone.newest(issued.kind, &issued.name) == 0, "{}", issued.name);
            let mut law = law();
            let again = law.record(&issued, moment).cloned();
            assert!(again.is_some(), "{} twice", issued.name);
            let garbage = RulesIssued { text: "- 1".to_owned(), version: 99, ..issued };
            assert!(law.record(&garbage, moment).is_some());
            assert!(law.void(garbage.kind, &garbage.name, 99).is_some());
        }
    }
}
