//! Checks targets of figures, and the rules by which figures are published.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Check;
use crate::law::{FigureRules, Publication, Target};

/// Maximum number of targets of an installation, in all files together: each is computed when
/// targets are read.
pub(super) const TARGETS_MAX: usize = 1_000;
/// The smallest numbers of dossiers of a published count that a file may set.
const PUBLISHED: std::ops::RangeInclusive<u32> = 3..=1_000;

impl Check<'_, '_> {
    pub(super) fn figures(&mut self, value: &Value) {
        let Some(shaped) = self.shape::<FigureRules>(value) else { return };
        self.content(&shaped, |check, file| {
            for (place, target) in file.targets.iter().enumerate() {
                check.target(&format!("/targets/{place}"), target);
                let same = |other: &&Target| {
                    let ends = other.effective.to.is_some_and(|to| to < target.effective.from);
                    let begins = target.effective.to.is_some_and(|to| to < other.effective.from);
                    other.agency == target.agency
                        && other.figure == target.figure
                        && !ends
                        && !begins
                };
                if file.targets.iter().take(place).any(|other| same(&other)) {
                    let (vi, en) = (
                        "đơn vị đã có chỉ tiêu khác cho cùng số liệu trong thời gian này",
                        "the unit has another target of this figure for some of these days",
                    );
                    check.add(&format!("/targets/{place}/effective"), vi, en);
                }
            }
            let total = check.law.targets_besides(&file.id).saturating_add(file.targets.len());
            if total > TARGETS_MAX {
                let (vi, en) = (
                    format!("tất cả các tệp có {total} chỉ tiêu, nhiều nhất là {TARGETS_MAX}"),
                    format!("all files together have {total} targets, at most {TARGETS_MAX}"),
                );
                check.add("/targets", vi, en);
            }
            if let Some(publication) = &file.publication {
                check.publication(&file.id, publication);
            }
        });
    }

    fn target(&mut self, at: &str, target: &Target) {
        let Target { agency, percent, effective, basis, .. } = target;
        if !self.law.agencies().any(|known| agency.covers(&known.code)) {
            let (vi, en) = (
                format!("không có cơ quan nào thuộc `{agency}`"),
                format!("there is no agency under `{agency}`"),
            );
            self.add(&format!("{at}/agency"), vi, en);
        }
        if !(1..=100).contains(percent) {
            self.add(&format!("{at}/percent"), "phải từ 1 đến 100", "must be from 1 to 100");
        }
        self.days(&format!("{at}/effective"), *effective);
        self.text(&format!("{at}/basis"), basis);
    }

    fn publication(&mut self, id: &str, publication: &Publication) {
        if let Some(other) = self.law.publishes_besides(id) {
            let (vi, en) = (
                format!("tệp `{other}` đã quy định việc công bố"),
                format!("the file `{other}` has the rules of publication already"),
            );
            self.add("/publication", vi, en);
        }
        if !PUBLISHED.contains(&publication.at_least) {
            let (least, most) = PUBLISHED.into_inner();
            let (vi, en) = (
                format!("phải từ {least} đến {most} hồ sơ"),
                format!("must be from {least} to {most} dossiers"),
            );
            self.add("/publication/at_least", vi, en);
        }
        let codes = publication.groups.iter().map(|group| group.code.as_str());
        self.codes("/publication/groups", "/code", codes);
        let mut grouped = BTreeSet::new();
        for (place, group) in publication.groups.iter().enumerate() {
            let at = format!("/publication/groups/{place}");
            self.texts(&format!("{at}/name"), &group.name);
            for (number, code) in group.procedures.iter().enumerate() {
                let at = format!("{at}/procedures/{number}");
                if !self.law.knows(code) {
                    let (vi, en) = (
                        format!("không có thủ tục `{code}`"),
                        format!("there is no procedure `{code}`"),
                    );
                    self.add(&at, vi, en);
                } else if !grouped.insert(code) {
                    self.twice(&at, code.as_str());
                }
            }
            // A procedure without a group is a group with its own code.
            if self.law.knows(&group.code.as_str().into()) {
                let (vi, en) = ("là mã của một thủ tục", "is the code of a procedure");
                self.add(&format!("{at}/code"), vi, en);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::contract::RulesKind;
    use crate::law::{Draft, Law};
    use crate::testing::at;

    fn found(rest: &str) -> Vec<String> {
        let text = format!("id: figures\nversion: 1\nlegal_basis: QĐ 279\n{rest}");
        let draft = Draft { kind: RulesKind::Figures, text: &text, version: Some(1) };
        let law = Law::shipped().unwrap();
        let checked = draft.check(&law, at("2026-11-20T09:00"));
        let found = checked.err().unwrap_or_default().0;
        found.into_iter().map(|one| one.pointer).collect()
    }

    fn target(changes: &str) -> String {
        format!("targets:\n  - {{ figure: settled_online, basis: QĐ 279, {changes} }}\n")
    }

    #[test]
    fn a_file_of_targets_is_issued_and_one_with_mistakes_is_told_all_of_them() {
        let right = target("agency: G02.001, percent: 55, effective: { from: 2026-01-01 }");
        assert_eq!(found(&right), [""; 0]);
        let wrong =
            target("agency: X01, percent: 101, effective: { from: 2026-02-01, to: 2026-01-01 }");
        let places = ["/targets/0/agency", "/targets/0/percent", "/targets/0/effective/to"];
        assert_eq!(found(&wrong), places);
        assert_eq!(found(&target("agency: G02, percent: 5")), ["/targets/0/effective"]);
    }

    #[test]
    fn a_unit_has_one_target_of_a_figure_on_each_day() {
        let both = |second: &str| {
            let first = target(
                "agency: G02.001, percent: 55, effective: { from: 2026-01-01, to: 2026-06-30 }",
            );
            let second = target(&format!("agency: G02.001, percent: 60, effective: {second}"));
            found(&format!("{first}{}", second.trim_start_matches("targets:\n")))
        };
        assert_eq!(both("{ from: 2026-07-01 }"), [""; 0]);
        assert_eq!(both("{ from: 2026-06-30 }"), ["/targets/1/effective"]);
    }

    #[test]
    fn rules_of_publication_name_known_procedures_in_one_group_each() {
        let publication = |at_least: u32, second: &str| {
            found(&format!(
                "publication:\n  at_least: {at_least}\n  groups:\n    \
                 - {{ code: trade, name: {{ vi: a, en: a }}, procedures: [CO.D] }}\n    \
                 - {{ code: other, name: {{ vi: b, en: b }}, procedures: [{second}] }}\n"
            ))
        };
        assert_eq!(publication(5, "CHEM.IMPORT"), [""; 0]);
        assert_eq!(
            publication(2, "CO.D"),
            ["/publication/at_least", "/publication/groups/1/procedures/0"]
        );
        assert_eq!(publication(5, "NONE"), ["/publication/groups/1/procedures/0"]);
    }
}
