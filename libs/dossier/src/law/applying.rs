//! When a later version of a procedure changes what open dossiers have to do.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Law;
use crate::contract::ProcedureCode;

impl Law {
    /// The instants from `from` on at which another version of a procedure may apply to open
    /// dossiers: `from`, and the first instants inside and outside each version that applies to
    /// them. Versions that were withdrawn count too, for they may have applied until `from`. Empty
    /// if no version ever applied to dossiers that were received under another one.
    #[must_use]
    pub fn changes_for_open(
        &self,
        procedure: &ProcedureCode,
        from: Timestamp,
    ) -> BTreeSet<Timestamp> {
        let applying = self
            .every_procedure()
            .filter(|version| version.code == *procedure && version.applies_to_open);
        let mut instants = BTreeSet::new();
        for version in applying {
            instants.insert(from);
            let Some(calendar) = self.calendar_of(&version.agency) else { continue };
            let begins = calendar.start_of_day(version.effective.from).ok();
            let ends = version.effective.to.and_then(|last| calendar.end_of_day(last).ok());
            instants.extend(begins.into_iter().chain(ends).filter(|at| *at > from));
        }
        instants
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::{in_version, shipped_rules};
    use crate::testing::at;

    /// The shipped law with a later version of the chemical declaration.
    fn with(effective: &str, transition: &str) -> Law {
        let rules = shipped_rules().unwrap();
        let shipped = rules.iter().rfind(|rules| rules.name == "CHEM.IMPORT").unwrap();
        let text = format!("{}{transition}", in_version(&shipped.text, 9));
        let begin = text.find("effective:").unwrap();
        let end = text[begin..].find('\n').unwrap() + begin;
        let text = format!("{}effective: {effective}{}", &text[..begin], &text[end..]);
        let mut law = Law::shipped().unwrap();
        law.add_procedure("later.yaml", &text).unwrap();
        law
    }

    fn changes(law: &Law, from: &str) -> Vec<Timestamp> {
        law.changes_for_open(&"CHEM.IMPORT".into(), at(from)).into_iter().collect()
    }

    #[test]
    fn a_version_for_new_dossiers_only_changes_nothing_for_open_ones() {
        let law = with("{ from: 2026-12-01 }", "");
        assert_eq!(changes(&law, "2026-11-20T09:00"), []);
    }

    #[test]
    fn a_version_for_open_dossiers_changes_them_when_it_is_recorded_begins_and_ends() {
        let law = with("{ from: 2026-12-01, to: 2026-12-31 }", "applies_to_open: true\n");
        let (recorded, begins, ends) =
            (at("2026-11-20T09:00"), at("2026-12-01T00:00"), at("2027-01-01T00:00"));
        assert_eq!(changes(&law, "2026-11-20T09:00"), [recorded, begins, ends]);
        assert_eq!(changes(&law, "2026-12-05T09:00"), [at("2026-12-05T09:00"), ends]);
        assert_eq!(law.changes_for_open(&"CO.D".into(), recorded), BTreeSet::new());
    }
}
