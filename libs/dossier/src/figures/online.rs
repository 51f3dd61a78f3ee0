//! The online public services of a period: the denominator of the national monitoring.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::contract::{AgencyCode, Channel, ProcedureCode};
use crate::law::{Law, Level, Procedure};

/// The online services in force in a period, with their level on the last day of it on which they
/// were in force. A service is online if its level is full or partial (Decree 42/2022/NĐ-CP, art.
/// 11) and it may be filed online.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnlineServices {
    levels: BTreeMap<ProcedureCode, Level>,
    /// All services in force, online or not.
    codes: BTreeSet<ProcedureCode>,
}

impl OnlineServices {
    /// The services of `agency`, of those below it and of those above it whose dossiers it
    /// receives, in force on any day from `from` to `to`; of all agencies if `None`.
    #[must_use]
    pub fn of(law: &Law, agency: Option<&AgencyCode>, (from, to): (Date, Date)) -> Self {
        let mut found = Self::default();
        for (code, versions) in law.versions() {
            let days = days_of_change(versions, (from, to));
            let versions = days.into_iter().filter_map(|day| law.in_force(code, day));
            let of_agency = |known: &&Procedure| {
                agency.is_none_or(|own| own.covers(&known.agency) || known.agency.covers(own))
            };
            for version in versions.filter(of_agency) {
                found.codes.insert(code.clone());
                if is_online(version) {
                    found.levels.insert(code.clone(), version.level);
                }
            }
        }
        found
    }

    /// This service alone, if it is among them.
    #[must_use]
    pub fn only(mut self, code: &ProcedureCode) -> Self {
        self.levels.retain(|known, _| known == code);
        self.codes.retain(|known| known == code);
        self
    }

    /// The online services of this level alone.
    #[must_use]
    pub fn at_level(mut self, level: Level) -> Self {
        self.levels.retain(|_, known| *known == level);
        self.codes.retain(|code| self.levels.contains_key(code));
        self
    }

    /// Number of services in force in the period, online or not.
    #[must_use]
    pub fn in_force(&self) -> usize {
        self.codes.len()
    }

    /// All services in force in the period, online or not.
    pub fn all(&self) -> impl Iterator<Item = &ProcedureCode> {
        self.codes.iter()
    }

    /// Number of online services.
    #[must_use]
    pub fn count(&self) -> usize {
        self.levels.len()
    }

    /// Number of online services of a level.
    #[must_use]
    pub fn of_level(&self, level: Level) -> usize {
        self.levels.values().filter(|known| **known == level).count()
    }

    /// Whether a procedure is among the online services.
    #[must_use]
    pub fn has(&self, code: &ProcedureCode) -> bool {
        self.levels.contains_key(code)
    }

    /// The online services, by code.
    pub fn online(&self) -> impl Iterator<Item = &ProcedureCode> {
        self.levels.keys()
    }
}

/// Whether a version of a procedure is an online service.
pub(super) fn is_online(procedure: &Procedure) -> bool {
    let Procedure { level: Level::Full | Level::Partial, channels, .. } = procedure;
    channels.contains(&Channel::Online)
}

/// The days of a period on which another version of a procedure may come into force: its first, and
/// the beginnings and ends of all versions in it.
fn days_of_change(versions: &[Procedure], (from, to): (Date, Date)) -> Vec<Date> {
    let changes = versions.iter().flat_map(|known| {
        let after = known.effective.to.and_then(|last| last.tomorrow().ok());
        [Some(known.effective.from), after].into_iter().flatten()
    });
    let mut days: Vec<Date> = changes.filter(|day| from < *day && *day <= to).collect();
    days.push(from);
    days.sort_unstable();
    days
}

impl Law {
    /// Whether the version of a procedure under which a dossier was received is an online service;
    /// false if it is unknown.
    #[must_use]
    pub fn is_online_service(&self, code: &ProcedureCode, version: u32) -> bool {
        self.service_level(code, version).is_some()
    }

    /// The level of the online service that the version of a procedure is; `None` if it is none.
    #[must_use]
    pub fn service_level(&self, code: &ProcedureCode, version: u32) -> Option<Level> {
        let reference = crate::contract::ProcedureRef { code: code.clone(), version };
        self.procedure(&reference).filter(|known| is_online(known)).map(|known| known.level)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::RulesKind;
    use crate::law::{rules, shipped_rules};

    fn year(year: i16) -> (Date, Date) {
        (date(year, 1, 1), date(year, 12, 31))
    }

    /// The shipped law with other versions of the energy label in place of the shipped one.
    fn with(versions: &[(&str, &str)]) -> Law {
        let mut law = Law::default();
        for shipped in shipped_rules().unwrap() {
            if shipped.name != "ENERGY.LABEL" {
                law.apply(&shipped, None).unwrap();
                continue;
            }
            for ((number, (effective, channels)), text) in
                (1..).zip(versions).zip(std::iter::repeat(&shipped.text))
            {
                let line = |line: &str| match line.split_once(": ") {
                    Some(("version", _)) => format!("version: {number}\n"),
                    Some(("effective", _)) => format!("effective: {effective}\n"),
                    Some(("channels", _)) => format!("channels: {channels}\n"),
                    // The period is that of a channel.
                    Some(("    online", budget)) if !channels.contains("online") => {
                        format!("    counter: {budget}\n")
                    }
                    _ => format!("{line}\n"),
                };
                let text: String = text.lines().map(line).collect();
                law.apply(&rules(RulesKind::Procedure, "label", &text).unwrap(), None).unwrap();
            }
        }
        law
    }

    #[test]
    fn services_without_a_dossier_are_counted_and_those_of_other_agencies_are_not() {
        let law = Law::shipped().unwrap();
        let ministry = OnlineServices::of(&law, Some(&"G02".into()), year(2026));
        let online = law.procedures().filter(|known| known.channels.contains(&Channel::Online));
        let of_ministry = online.filter(|known| known.agency.as_str().starts_with("G02"));
        let mut codes: Vec<_> = of_ministry
            .filter(|known| known.effective.from <= date(2026, 12, 31))
            .filter(|known| known.effective.to.is_none_or(|to| to >= date(2026, 1, 1)))
            .map(|known| known.code.clone())
            .collect();
        codes.dedup();
        assert!(codes.len() >= 5, "{codes:?}");
        assert_eq!(ministry.online().cloned().collect::<Vec<_>>(), codes);
        assert_eq!(
            ministry.count(),
            ministry.of_level(Level::Full) + ministry.of_level(Level::Partial)
        );
        let nobody = OnlineServices::of(&law, Some(&"H26.14".into()), year(1950));
        assert_eq!((nobody.count(), nobody.in_force()), (0, 0));
    }

    #[test]
    fn a_service_counts_in_each_period_in_which_one_of_its_versions_is_in_force_and_online() {
        let law = with(&[
            ("{ from: 2024-01-01 }", "[online]"),
            ("{ from: 2025-03-01 }", "[counter]"),
            ("{ from: 2025-07-01, to: 2025-09-30 }", "[online, counter]"),
        ]);
        let label: ProcedureCode = "ENERGY.LABEL".into();
        let online = |from, to| OnlineServices::of(&law, None, (from, to)).has(&label);
        assert!(online(date(2024, 5, 1), date(2024, 5, 1)));
        assert!(!online(date(2025, 3, 1), date(2025, 6, 30)), "the second version is not online");
        assert!(online(date(2025, 3, 1), date(2025, 7, 1)), "the third is from the last day on");
        assert!(online(date(2025, 2, 28), date(2025, 3, 31)), "the first was on the first day");
        assert!(!online(date(2025, 10, 1), date(2025, 12, 31)), "the second again");
        assert!(!online(date(2023, 1, 1), date(2023, 12, 31)));
    }

    #[test]
    fn a_dossier_is_of_an_online_service_by_the_version_under_which_it_was_received() {
        let law =
            with(&[("{ from: 2024-01-01 }", "[counter]"), ("{ from: 2025-03-01 }", "[online]")]);
        let label: ProcedureCode = "ENERGY.LABEL".into();
        assert!(!law.is_online_service(&label, 1));
        assert!(law.is_online_service(&label, 2));
        assert!(!law.is_online_service(&label, 3), "no such version");
    }
}
