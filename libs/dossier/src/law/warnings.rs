//! Warnings about valid law that somebody should examine: void files, and automatic decisions that
//! no dossier can get.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::{CodeList, Condition, Finding, Law, Procedure, Void};
use crate::contract::RulesIssued;

/// A warning about a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The file, for example `procedure/CHEM.IMPORT/2`.
    pub what: String,
    /// The place in it, as a JSON Pointer; empty for the whole file.
    pub pointer: String,
    /// The message in Vietnamese.
    pub vi: String,
    /// The message in English.
    pub en: String,
}

impl Law {
    /// The warnings on the day of `now`; for procedures, in the versions that are or will be in
    /// force.
    #[must_use]
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        let known = |version: &Procedure| version.recorded_at.is_none_or(|at| at <= now);
        let to_come = self.procedures().filter_map(|procedure| {
            let today = self.day_of(&procedure.agency, now)?;
            let mut versions = self.procedures().filter(|p| p.code == procedure.code);
            let replaced = versions.any(|later| {
                let replaces = later.version > procedure.version && known(later);
                replaces && later.effective.contains(today)
            });
            let lasts = procedure.effective.to.is_none_or(|to| to >= today);
            (lasts && !replaced).then_some((procedure, today))
        });
        let mut warnings: Vec<_> = self.open_voids().map(no_law).collect();
        warnings.extend(
            to_come.flat_map(|(procedure, today)| self.never_answers(procedure, now, today)),
        );
        warnings.sort();
        warnings
    }

    /// The warnings before `issued` becomes law: its notable changes, and the warnings that it
    /// would add.
    #[must_use]
    pub fn warnings_of(&self, issued: &RulesIssued, now: Timestamp) -> Vec<Finding> {
        let (before, mut law) = (self.warnings(now), self.clone());
        if law.apply(issued, Some(now)).is_err() {
            return Vec::new();
        }
        let own = format!("{}/{}/{}", issued.kind.as_str(), issued.name, issued.version);
        let mut found = law.warnings(now);
        found.retain(|warning| !before.contains(warning));
        let shown = found.into_iter().map(|Warning { what, pointer, vi, en }| {
            if what == own {
                return Finding::new(pointer, vi, en);
            }
            let (vi, en) = (format!("{what}{pointer}: {vi}"), format!("{what}{pointer}: {en}"));
            Finding::new("", vi, en)
        });
        self.changes(issued, &law, now).into_iter().chain(shown).collect()
    }

    /// The conditions of an automatic decision that no dossier can satisfy, because no list
    /// contains any of the classes that they admit.
    fn never_answers(
        &self,
        procedure: &Procedure,
        now: Timestamp,
        today: Date,
    ) -> impl Iterator<Item = Warning> {
        let day = today.max(procedure.effective.from);
        let conditions = procedure.review.automatic.iter().flat_map(|rule| rule.when.iter());
        conditions.enumerate().filter_map(move |(place, condition)| {
            let list = &condition.confirmed_by.as_ref()?.list;
            let confirmed = self.code_list(list, now).is_some_and(|l| confirms(l, condition, day));
            let reference = procedure.reference();
            let what = format!("procedure/{}/{}", reference.code, reference.version);
            (!confirmed).then(|| Warning {
                what,
                pointer: format!("/review/automatic/when/{place}"),
                vi: format!(
                    "không bao giờ đúng: danh mục `{list}` không xác nhận giá trị nào ở đây, mọi hồ sơ sẽ do cán bộ giải quyết"
                ),
                en: format!(
                    "can never hold: the list `{list}` confirms none of its values, so that every dossier goes to an officer"
                ),
            })
        })
    }
}

/// Whether a list has one of the classes that a condition admits, for any code, on `day` or later.
fn confirms(list: &CodeList, condition: &Condition, day: Date) -> bool {
    let admitted = |class: &str| {
        condition.one_of.as_ref().is_none_or(|values| values.contains(&Value::from(class)))
    };
    let lasts = list.entries.iter().filter(|entry| entry.effective.to.is_none_or(|to| to >= day));
    let mut classes = lasts.filter_map(|entry| entry.class.as_deref());
    (list.complete && admitted("none")) || classes.any(admitted)
}

fn no_law(Void { kind, name, version, reason, .. }: &Void) -> Warning {
    Warning {
        what: format!("{}/{name}/{version}", kind.as_str()),
        pointer: String::new(),
        vi: format!("đã được ghi nhận nhưng không có hiệu lực: {reason}"),
        en: format!("was recorded and is no law: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::RulesKind;
    use crate::law::{in_version, next_version, rules};
    use crate::testing::{at, law};

    const CHEMICALS: &str = include_str!("../../procedures/chemicals_2.yaml");

    fn whats(law: &Law, moment: &str) -> Vec<String> {
        law.warnings(at(moment)).into_iter().map(|w| format!("{}{}", w.what, w.pointer)).collect()
    }

    #[test]
    fn an_automatic_answer_that_no_list_ever_confirms_is_said_before_it_is_in_force_until_a_list_does()
     {
        let mut law = law();
        let never = ["procedure/CHEM.IMPORT/2/review/automatic/when/1"];
        assert_eq!(whats(&law, "2026-11-20T09:00"), never);
        assert_eq!(whats(&law, "2027-03-01T09:00"), never);
        let entry = "\n  - { code: \"7664-41-7\", name: { vi: Amoniac, en: Ammonia }, effective: { from: 2026-01-17 }, class: conditional }\n";
        let text = in_version(CHEMICALS.trim_end(), 3) + entry;
        let next = rules(RulesKind::Codes, "chemicals", &text).unwrap();
        assert_eq!(law.warnings_of(&next, at("2026-11-20T09:00")), []);
        law.record(&next, at("2026-11-20T09:00"));
        assert_eq!(whats(&law, "2026-11-20T09:00"), [""; 0]);
        // The next list removes the only class again.
        let text = in_version(CHEMICALS, 4);
        let last = rules(RulesKind::Codes, "chemicals", &text).unwrap();
        let found = law.warnings_of(&last, at("2026-11-20T09:00"));
        assert_eq!(found[0].pointer, "/entries", "ammonia is not on it any more");
        let finding = &found[1];
        assert!(finding.en.starts_with("procedure/CHEM.IMPORT/2/review"), "{finding:?}");
        assert!(finding.en.contains("`chemicals` confirms none"), "{finding:?}");
    }

    #[test]
    fn what_has_ended_is_looked_at_no_longer_from_the_first_minute_of_the_agencys_next_day() {
        let mut law = law();
        let text = in_version(include_str!("../../procedures/chemical_import_2.yaml"), 3);
        let from = text.lines().find(|line| line.starts_with("effective: ")).unwrap();
        let ended = text.replace(from, "effective: { from: 2026-11-21, to: 2026-11-30 }");
        law.record(&rules(RulesKind::Procedure, "c", &ended).unwrap(), at("2026-11-20T09:00"));
        let third =
            |moment: &str| whats(&law, moment).iter().any(|what| what.contains("CHEM.IMPORT/3"));
        assert!(third("2026-11-30T23:59") && !third("2026-12-01T00:00"), "still the 30th in UTC");
    }

    #[test]
    fn a_list_that_names_everything_confirms_that_the_rest_has_no_class() {
        let mut law = law();
        let text = in_version(CHEMICALS, 3).replace("\nclosed:", "\ncomplete: true\nclosed:");
        law.record(&rules(RulesKind::Codes, "chemicals", &text).unwrap(), at("2026-11-20T09:00"));
        assert_eq!(whats(&law, "2026-11-20T09:00"), [""; 0]);
    }

    #[test]
    fn the_version_that_would_never_answer_is_found_when_it_is_issued() {
        let law = law();
        let text = next_version(include_str!("../../procedures/chemical_import_2.yaml"));
        let issued = rules(RulesKind::Procedure, "chemical", &text).unwrap();
        let [finding] = &law.warnings_of(&issued, at("2026-11-20T09:00"))[..] else { panic!() };
        assert_eq!(finding.pointer, "/review/automatic/when/1");
    }
}
