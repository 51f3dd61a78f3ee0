//! Void files of rules: files that are recorded in the log but are not law. Each was valid by the
//! law at its check, but contradicts a file that was recorded between check and record. All
//! processes read the log in the same order, so that all find the same files void.

use jiff::Timestamp;

use super::{InvalidLaw, Law};
use crate::contract::{ProcedureCode, RulesIssued, RulesKind};

/// A recorded file of rules that is not law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    pub kind: RulesKind,
    pub name: String,
    /// The version number, which stays in use.
    pub version: u32,
    /// What it contradicts.
    pub reason: String,
    pub recorded_at: Timestamp,
}

impl Law {
    /// Adds a file of rules that was recorded at `at`. Cannot fail: a file that contradicts the law
    /// before it in the log is ignored completely, and returned as void.
    pub fn record(&mut self, rules: &RulesIssued, at: Timestamp) -> Option<&Void> {
        let reason = match self.apply(rules, Some(at)) {
            Ok(()) => return None,
            Err(InvalidLaw::Content { reason, .. }) => reason,
            Err(error @ InvalidLaw::Shape { .. }) => error.to_string(),
        };
        let RulesIssued { kind, name, version, .. } = rules;
        let (kind, name, version) = (*kind, name.clone(), *version);
        self.voids.push(Void { kind, name, version, reason, recorded_at: at });
        self.voids.last()
    }

    /// All void files, in the order of the log.
    #[must_use]
    pub fn voids(&self) -> &[Void] {
        &self.voids
    }

    /// The void file with the reason; `None` if the version is law or was never recorded.
    #[must_use]
    pub fn void(&self, kind: RulesKind, name: &str, version: u32) -> Option<&Void> {
        let is = |void: &&Void| void.kind == kind && void.name == name && void.version == version;
        self.voids.iter().find(is)
    }

    /// Void files without a later valid version: an operator has to issue one, or leave it.
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
            RulesKind::Figures => self.newest_figures(name),
            RulesKind::Papers => self.newest_paper(name),
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

    /// The law after both of two files of agencies, each valid without the other, were issued.
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
            // Most files refer to others that are missing here, and are void.
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
