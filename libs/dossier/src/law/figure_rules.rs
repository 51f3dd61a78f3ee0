//! Targets of figures, and the rules by which figures are published, as defined in files.

use calendar::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::file::{content, read};
use super::{InForce, InvalidLaw, Law, OUTDATED};
use crate::contract::{AgencyCode, ProcedureCode};

/// A file of targets and of rules of publication.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FigureRules {
    pub id: String,
    /// Increases with every change.
    pub version: u32,
    /// Laws and decisions on which the file is based.
    pub legal_basis: String,
    /// How figures are published; one file at most has it.
    pub publication: Option<Publication>,
    /// What units are to reach.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// The figures that can have a target.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TargetFigure {
    /// Online services with an online dossier, of the online services.
    ServicesUsed,
    /// Settled online dossiers of online services, of all settled dossiers.
    SettledOnline,
    /// Settled early or on time, of those with a promised day.
    InTime,
    /// Ratings of 4 or 5, of all ratings.
    Satisfied,
}

/// A figure that a unit is to reach.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The unit; its figures include those of the agencies below it.
    pub agency: AgencyCode,
    pub figure: TargetFigure,
    /// The least share, in per cent.
    pub percent: u8,
    /// The days for which it holds.
    pub effective: InForce,
    /// The decision that sets it.
    pub basis: String,
}

/// How figures are published.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The smallest number of dossiers that a published count may be about (k-anonymity).
    pub at_least: u32,
    /// The groups of procedures; a procedure in none is a group of its own.
    #[serde(default)]
    pub groups: Vec<ProcedureGroup>,
}

/// Procedures whose figures are published together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcedureGroup {
    pub code: String,
    pub name: Text,
    pub procedures: Vec<ProcedureCode>,
}

/// The smallest number of dossiers of a published count where no file defines it.
const PUBLISHED_DEFAULT: u32 = 10;

impl Default for Publication {
    fn default() -> Self {
        Self { at_least: PUBLISHED_DEFAULT, groups: Vec::new() }
    }
}

impl Publication {
    /// The group of a procedure.
    #[must_use]
    pub fn group_of(&self, procedure: &ProcedureCode) -> Option<&ProcedureGroup> {
        self.groups.iter().find(|group| group.procedures.contains(procedure))
    }
}

impl Law {
    /// The targets in force on a date by what was recorded up to `known_at`, in the order of the
    /// files.
    pub fn targets(&self, on: Date, known_at: Timestamp) -> impl Iterator<Item = &Target> {
        let files = self.figure_files(known_at);
        files.flat_map(|file| &file.targets).filter(move |target| target.effective.contains(on))
    }

    /// How figures are published, by what was recorded up to `known_at`.
    #[must_use]
    pub fn publication(&self, known_at: Timestamp) -> Publication {
        let mut files = self.figure_files(known_at);
        files.find_map(|file| file.publication.clone()).unwrap_or_default()
    }

    /// Adds a file that was recorded at `at`.
    pub(super) fn add_figures(
        &mut self,
        file: &str,
        text: &str,
        at: Option<Timestamp>,
    ) -> Result<(), InvalidLaw> {
        let rules: FigureRules = read(file, text)?;
        if self.newest_figures(&rules.id).is_some_and(|newest| newest >= rules.version) {
            return Err(content(file, OUTDATED));
        }
        self.figures.entry(rules.id.clone()).or_default().push((at, rules));
        Ok(())
    }

    /// The newest version of each file.
    fn figure_files(&self, known_at: Timestamp) -> impl Iterator<Item = &FigureRules> {
        self.figures.values().filter_map(move |versions| {
            let known =
                |recorded: &Option<Timestamp>| recorded.is_none_or(|recorded| recorded <= known_at);
            versions.iter().rev().find(|(recorded, _)| known(recorded)).map(|(_, file)| file)
        })
    }

    /// The newest version of a file; 0 if there is none.
    pub(super) fn newest_figures(&self, id: &str) -> Option<u32> {
        self.figures.get(id)?.last().map(|(_, file)| file.version)
    }

    /// The number of targets in the newest versions of all files but `id`.
    pub(super) fn targets_besides(&self, id: &str) -> usize {
        let others = self.figures.iter().filter(|(name, _)| *name != id);
        others.filter_map(|(_, versions)| versions.last()).map(|(_, file)| file.targets.len()).sum()
    }

    /// The file, other than `id`, that defines how figures are published.
    pub(super) fn publishes_besides(&self, id: &str) -> Option<&str> {
        let mut others = self.figures.iter().filter(|(name, _)| *name != id);
        let other = others.find(|(_, versions)| {
            versions.last().is_some_and(|(_, file)| file.publication.is_some())
        });
        other.map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::RulesKind;
    use crate::law::rules;
    use crate::testing::at;

    fn file(id: &str, version: u32, rest: &str) -> crate::contract::RulesIssued {
        let text = format!("id: {id}\nversion: {version}\nlegal_basis: QĐ 279/QĐ-UBND\n{rest}");
        rules(RulesKind::Figures, id, &text).unwrap()
    }

    fn target(percent: u8, from: &str) -> String {
        format!(
            "targets:\n  - {{ agency: G02.001, figure: settled_online, percent: {percent}, \
             effective: {{ from: {from} }}, basis: QĐ 279 }}\n"
        )
    }

    #[test]
    fn a_later_version_of_a_file_replaces_its_targets_and_the_past_can_still_be_asked() {
        let mut law = Law::shipped().unwrap();
        let (monday, tuesday) = (at("2026-11-23T09:00"), at("2026-11-24T09:00"));
        law.apply(&file("hb", 1, &target(55, "2026-01-01")), Some(monday)).unwrap();
        law.apply(&file("hb", 2, &target(60, "2026-07-01")), Some(tuesday)).unwrap();
        let percents = |on, known_at| {
            law.targets(on, known_at).map(|target| target.percent).collect::<Vec<_>>()
        };
        assert_eq!(percents(date(2026, 11, 25), tuesday), [60]);
        assert_eq!(percents(date(2026, 3, 1), tuesday), [0_u8; 0], "not in force yet");
        assert_eq!(percents(date(2026, 3, 1), monday), [55], "as it was known on Monday");
        assert!(law.apply(&file("hb", 2, &target(70, "2026-07-01")), None).is_err(), "issued");
    }

    #[test]
    fn figures_are_published_of_ten_dossiers_or_more_unless_a_file_sets_another_number() {
        let mut law = Law::default();
        assert_eq!(law.publication(at("2026-11-23T09:00")).at_least, PUBLISHED_DEFAULT);
        let publication = "publication:\n  at_least: 5\n  groups:\n    - { code: trade, \
             name: { vi: Xuất nhập khẩu, en: Trade }, procedures: [CO.D] }\n";
        law.apply(&file("figures", 1, publication), None).unwrap();
        let found = law.publication(at("2026-11-23T09:00"));
        assert_eq!(found.at_least, 5);
        assert_eq!(found.group_of(&"CO.D".into()).unwrap().code, "trade");
        assert!(found.group_of(&"CHEM.IMPORT".into()).is_none());
    }

    #[test]
    fn the_example_names_shipped_agencies_and_procedures_only() {
        let text = include_str!("../../../../examples/figures.yaml");
        let example = rules(RulesKind::Figures, "figures", text).unwrap();
        let mut law = Law::shipped().unwrap();
        let now = at("2026-11-23T09:00");
        law.apply(&example, Some(now)).unwrap();
        let targets: Vec<&Target> = law.targets(date(2026, 11, 23), now).collect();
        assert_eq!(targets.len(), 6);
        for target in targets {
            assert!(law.agency(&target.agency).is_some(), "{}", target.agency);
        }
        let groups = law.publication(now).groups;
        for procedure in groups.iter().flat_map(|group| &group.procedures) {
            let is_shipped = law.procedures().any(|known| known.code == *procedure);
            assert!(is_shipped, "{procedure}");
        }
    }
}
