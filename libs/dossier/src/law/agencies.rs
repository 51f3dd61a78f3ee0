//! The agencies: who receives dossiers, and who has taken over from whom.

use std::collections::BTreeMap;

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
    #[serde(rename = "id")]
    _id: String,
    pub(super) version: u32,
    #[serde(rename = "legal_basis")]
    _legal_basis: String,
    pub(super) agencies: Vec<Agency>,
}

/// All agencies that were ever named.
#[derive(Debug, Clone, Default)]
pub(super) struct Agencies {
    by_code: BTreeMap<AgencyCode, Agency>,
    pub(super) version: u32,
}

impl Agencies {
    /// The agencies of a file, if it does not contradict itself, the calendars that there are, or forget one that was known.
    pub(super) fn replaced<'a>(
        &self,
        file: AgencyFile,
        calendar: impl Fn(&str) -> Option<&'a Calendar>,
    ) -> Result<Self, String> {
        let mut by_code = BTreeMap::new();
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
            by_code.insert(agency.code.clone(), agency);
        }
        if let Some(gone) = self.by_code.keys().find(|code| !by_code.contains_key(*code)) {
            return Err(format!("`{gone}` is missing, and dossiers may have been received there"));
        }
        let replaced = Self { by_code, version: file.version };
        for Agency { code, succeeded, .. } in replaced.all() {
            if let Some(Succession { by, .. }) = succeeded.as_ref()
                && replaced.get(by).is_none()
            {
                return Err(format!("`{code}` is succeeded by `{by}`, which is not an agency"));
            }
            // Nobody may take over from itself, however many are between.
            if replaced
                .get(replaced.present(code, Timestamp::MAX))
                .is_none_or(|last| last.succeeded.is_some())
            {
                return Err(format!("the succession of `{code}` leads back to itself"));
            }
        }
        Ok(replaced)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Agency> {
        self.by_code.values()
    }

    pub(super) fn get(&self, code: &AgencyCode) -> Option<&Agency> {
        self.by_code.get(code)
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
        let ended = self.all().filter(|agency| agency.succeeded.is_some());
        let taken_over = ended.filter(|agency| own.covers(self.present(&agency.code, at)));
        taken_over.map(|a| a.code.clone()).filter(|code| !own.covers(code)).collect()
    }
}
