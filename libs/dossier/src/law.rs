//! The law as data: procedures and calendars, each in versions, and the agencies that apply them.

use std::collections::BTreeMap;

use calendar::{Calendar, CalendarFile};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::contract::{AgencyCode, ProcedureCode, ProcedureRef};
use crate::step::Rule;

mod complaints;
mod procedure;

pub use calendar::Text;
pub use complaints::ComplaintRules;
pub use procedure::*;

/// An agency, as the registry names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its code.
    pub code: AgencyCode,
    /// Its name.
    pub name: Text,
    /// The calendar it keeps.
    pub calendar: String,
    /// Two digits that the owner of the system has in dossier codes (Circular 03/2025/TT-VPCP, art. 13).
    pub system: String,
    /// The symbol of its receipts (Decree 254/2026/NĐ-CP, art. 23.2).
    pub receipt_symbol: String,
}

/// All of it, read once at start.
#[derive(Debug, Clone, Default)]
pub struct Law {
    procedures: BTreeMap<ProcedureCode, Vec<Procedure>>,
    calendars: BTreeMap<String, Calendar>,
    agencies: BTreeMap<AgencyCode, Agency>,
    complaints: Option<ComplaintRules>,
}

/// What is wrong with a file of the law.
#[derive(Debug, thiserror::Error)]
pub enum InvalidLaw {
    /// The text does not have the shape.
    #[error("{file}:{line}: {reason}")]
    Shape {
        /// The file.
        file: String,
        /// The line, from 1; 0 if the reader could not tell.
        line: usize,
        /// What the reader says.
        reason: String,
    },
    /// The content contradicts itself or another file.
    #[error("{file}: {reason}")]
    Content {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

impl Law {
    /// The law that ships with the program.
    pub fn shipped() -> Result<Self, InvalidLaw> {
        let mut law = Self::default();
        for (file, text) in calendar::shipped() {
            law.add_calendar(file, text)?;
        }
        law.add_agencies("agencies.yaml", include_str!("../procedures/agencies.yaml"))?;
        let complaints = include_str!("../procedures/complaints.yaml");
        law.complaints = Some(read("complaints.yaml", complaints)?);
        for (file, text) in SHIPPED {
            law.add_procedure(file, text)?;
        }
        Ok(law)
    }

    /// Adds a calendar file; a later version replaces an earlier one.
    pub fn add_calendar(&mut self, file: &str, text: &str) -> Result<(), InvalidLaw> {
        let read: CalendarFile = read(file, text)?;
        let calendar =
            Calendar::try_from(read).map_err(|error| content(file, &error.to_string()))?;
        match self.calendars.get(calendar.id()) {
            Some(known) if known.version() >= calendar.version() => {
                Err(content(file, "the same or a later version is loaded already"))
            }
            Some(_) | None => {
                self.calendars.insert(calendar.id().to_owned(), calendar);
                Ok(())
            }
        }
    }

    /// Adds a file of agencies.
    pub fn add_agencies(&mut self, file: &str, text: &str) -> Result<(), InvalidLaw> {
        for agency in read::<Vec<Agency>>(file, text)? {
            if !agency.code.is_well_formed() {
                return Err(content(file, &format!("`{}` is not an agency code", agency.code)));
            }
            if !self.calendars.contains_key(&agency.calendar) {
                return Err(content(file, &format!("no calendar `{}`", agency.calendar)));
            }
            self.agencies.insert(agency.code.clone(), agency);
        }
        Ok(())
    }

    /// Adds a procedure file.
    pub fn add_procedure(&mut self, file: &str, text: &str) -> Result<(), InvalidLaw> {
        let procedure: Procedure = read(file, text)?;
        procedure.check().map_err(|reason| content(file, &reason))?;
        if !self.agencies.keys().any(|agency| procedure.agency.covers(agency)) {
            return Err(content(file, &format!("no agency under `{}`", procedure.agency)));
        }
        let versions = self.procedures.entry(procedure.code.clone()).or_default();
        if versions.iter().any(|known| known.version == procedure.version) {
            return Err(content(file, "this version of the procedure is loaded already"));
        }
        versions.push(procedure);
        versions.sort_by_key(|known| known.version);
        Ok(())
    }

    /// Every procedure in every version, by code and version.
    pub fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.values().flatten()
    }

    /// The periods for complaints.
    #[must_use]
    pub const fn complaints(&self) -> Option<&ComplaintRules> {
        self.complaints.as_ref()
    }

    /// Every agency.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// An agency.
    #[must_use]
    pub fn agency(&self, code: &AgencyCode) -> Option<&Agency> {
        self.agencies.get(code)
    }

    /// The version of a procedure that is in force on a date.
    #[must_use]
    pub fn in_force(&self, code: &ProcedureCode, on: Date) -> Option<&Procedure> {
        let versions = self.procedures.get(code)?;
        versions.iter().rev().find(|procedure| procedure.effective.contains(on))
    }

    /// Whether any version of the procedure is known at all.
    #[must_use]
    pub fn knows(&self, code: &ProcedureCode) -> bool {
        self.procedures.contains_key(code)
    }

    /// A procedure in a version.
    #[must_use]
    pub fn procedure(&self, reference: &ProcedureRef) -> Option<&Procedure> {
        let versions = self.procedures.get(&reference.code)?;
        versions.iter().find(|procedure| procedure.version == reference.version)
    }

    /// The calendar that an agency keeps.
    #[must_use]
    pub fn calendar_of(&self, agency: &AgencyCode) -> Option<&Calendar> {
        self.calendars.get(&self.agencies.get(agency)?.calendar)
    }

    /// The law of a dossier.
    #[must_use]
    pub fn rule(&self, procedure: &ProcedureRef, agency: &AgencyCode) -> Option<Rule<'_>> {
        Some(Rule { procedure: self.procedure(procedure)?, calendar: self.calendar_of(agency)? })
    }
}

fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, InvalidLaw> {
    serde_yaml_ng::from_str(text).map_err(|error| InvalidLaw::Shape {
        file: file.to_owned(),
        line: error.location().map_or(0, |location| location.line()),
        reason: error.to_string(),
    })
}

fn content(file: &str, reason: &str) -> InvalidLaw {
    InvalidLaw::Content { file: file.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_shipped_law_is_valid() {
        let law = Law::shipped().unwrap();
        assert_eq!(law.procedures().count(), SHIPPED.len());
        assert!(law.agencies().count() > 1);
    }

    #[test]
    fn a_wrong_file_is_refused_with_file_line_and_reason() {
        let mut law = Law::shipped().unwrap();
        let wrong = SHIPPED[0].1.replace("version: 1", "version: one");
        let error = law.add_procedure("wrong.yaml", &wrong).unwrap_err().to_string();
        assert!(error.starts_with("wrong.yaml:") && error.contains("version"), "{error}");
        let unknown = format!("{}\nsurprise: 1\n", SHIPPED[0].1);
        let error = law.add_procedure("unknown.yaml", &unknown).unwrap_err().to_string();
        assert!(error.contains("surprise"), "{error}");
    }

    #[test]
    fn the_same_version_twice_is_refused() {
        let mut law = Law::shipped().unwrap();
        let error = law.add_procedure("again.yaml", SHIPPED[0].1).unwrap_err().to_string();
        assert!(error.contains("loaded already"), "{error}");
    }

    #[test]
    fn a_procedure_is_in_force_from_its_first_to_its_last_day() {
        let law = Law::shipped().unwrap();
        let declaration = ProcedureCode::from("CHEM.IMPORT");
        assert!(law.in_force(&declaration, date(2026, 1, 16)).is_none());
        assert!(law.in_force(&declaration, date(2026, 1, 17)).is_some());
        assert!(law.in_force(&"9.999999".into(), date(2026, 1, 17)).is_none());
    }
}
