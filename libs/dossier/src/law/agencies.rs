//! The agencies: who receives dossiers, and who has taken over from whom.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendar::{Calendar, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::contract::AgencyCode;

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
    /// Who has taken over its dossiers, if it was merged or dissolved.
    pub succeeded: Option<Succession>,
    /// The file that names it: a registry may come in parts, for example one for each province.
    #[serde(skip)]
    pub part: Arc<str>,
}

/// An agency that takes over the dossiers of another one: its officers work on them, by its calendar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// Who takes over.
    pub by: AgencyCode,
    /// From the beginning of this day on.
    pub on: Date,
    /// That instant, by the calendar of the agency that ends.
    #[serde(skip)]
    pub at: Timestamp,
}

/// The registry of agencies, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgencyFile {
    pub(super) id: String,
    pub(super) version: u32,
    #[serde(rename = "legal_basis")]
    _legal_basis: String,
    pub(super) agencies: Vec<Agency>,
}

/// All agencies that were ever named.
#[derive(Debug, Clone, Default)]
pub(super) struct Agencies {
    by_code: BTreeMap<AgencyCode, Arc<Agency>>,
    /// Those that end: few are looked at whenever somebody calls.
    ended: Vec<Arc<Agency>>,
    /// The newest version of each file.
    versions: BTreeMap<Arc<str>, u32>,
}

impl Agencies {
    /// The newest version of a file.
    pub(super) fn version(&self, id: &str) -> u32 {
        self.versions.get(id).copied().unwrap_or(0)
    }

    /// With the agencies of a file instead of those that it named before, if it does not contradict itself, the calendars that
    /// there are, or forget one that it named. An agency that another file named belongs to this one from now on.
    pub(super) fn replaced<'a>(
        &self,
        file: AgencyFile,
        calendar: impl Fn(&str) -> Option<&'a Calendar>,
    ) -> Result<Self, String> {
        let part: Arc<str> = file.id.into();
        let mut named = BTreeMap::new();
        for mut agency in file.agencies {
            if !agency.code.is_well_formed() {
                return Err(format!("`{}` is not an agency code", agency.code));
            }
            let calendar = calendar(&agency.calendar)
                .ok_or_else(|| format!("no calendar `{}`", agency.calendar))?;
            if let Some(succession) = &mut agency.succeeded {
                let begins = calendar.start_of_day(succession.on);
                succession.at = begins.map_err(|error| error.to_string())?;
            }
            agency.part = Arc::clone(&part);
            named.insert(agency.code.clone(), Arc::new(agency));
        }
        let mut before = self.all().filter(|agency| agency.part == part);
        if let Some(Agency { code, .. }) = before.find(|agency| !named.contains_key(&agency.code)) {
            return Err(format!("`{code}` is missing, and dossiers may have been received there"));
        }
        let (mut by_code, mut versions) = (self.by_code.clone(), self.versions.clone());
        by_code.extend(named);
        versions.insert(part, file.version);
        let ended = by_code.values().filter(|agency| agency.succeeded.is_some()).cloned();
        let replaced = Self { ended: ended.collect(), by_code, versions };
        replaced.followed()?;
        Ok(replaced)
    }

    /// Whether every agency that ends is followed by one that does not.
    fn followed(&self) -> Result<(), String> {
        for Agency { code, succeeded, .. } in self.ended.iter().map(|ended| &**ended) {
            if let Some(Succession { by, .. }) = succeeded.as_ref()
                && self.get(by).is_none()
            {
                return Err(format!("`{code}` is succeeded by `{by}`, which is not an agency"));
            }
            // Nobody may take over from itself, however many are between.
            let last = self.get(self.present(code, Timestamp::MAX));
            if last.is_none_or(|last| last.succeeded.is_some()) {
                return Err(format!("the succession of `{code}` leads back to itself"));
            }
        }
        Ok(())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Agency> {
        self.by_code.values().map(|agency| &**agency)
    }

    pub(super) fn len(&self) -> usize {
        self.by_code.len()
    }

    pub(super) fn get(&self, code: &AgencyCode) -> Option<&Agency> {
        self.by_code.get(code).map(|agency| &**agency)
    }

    /// Who deals with the dossiers of an agency at an instant.
    pub(super) fn present<'a>(&'a self, code: &'a AgencyCode, at: Timestamp) -> &'a AgencyCode {
        let mut present = code;
        // At most once through all of them, whatever the file says.
        for _ in 0..self.by_code.len() {
            let succession = self.get(present).and_then(|agency| agency.succeeded.as_ref());
            match succession.filter(|succession| succession.at <= at) {
                Some(succession) => present = &succession.by,
                None => break,
            }
        }
        present
    }

    /// Those whose dossiers an agency, or one below it, has taken over by an instant.
    pub(super) fn predecessors(&self, own: &AgencyCode, at: Timestamp) -> Vec<AgencyCode> {
        let taken_over =
            self.ended.iter().filter(|agency| own.covers(self.present(&agency.code, at)));
        taken_over.map(|a| a.code.clone()).filter(|code| !own.covers(code)).collect()
    }
}
