//! The agencies that receive dossiers, and their successions.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendar::{Calendar, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::contract::AgencyCode;

/// An agency, as in the registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    pub code: AgencyCode,
    pub name: Text,
    /// The id of its calendar.
    pub calendar: String,
    /// Two digits of the owner of the system in dossier codes (Circular 03/2025/TT-VPCP, art. 13).
    pub system: String,
    /// The symbol of its series of receipts (Decree 254/2026/NĐ-CP, art. 23.2).
    pub receipt_symbol: String,
    /// Its tax code, printed on receipts (Decree 254/2026/NĐ-CP, art. 23.2).
    pub tax_code: Option<String>,
    /// Its successor, if it was merged or dissolved.
    pub succeeded: Option<Succession>,
    /// The file that contains it: a registry may consist of several files, for example one for each
    /// province.
    #[serde(skip)]
    pub part: Arc<str>,
}

/// The succession of an agency: the officers of the successor handle its dossiers, by the
/// successor's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// The successor.
    pub by: AgencyCode,
    /// The first day of the succession.
    pub on: Date,
    /// The beginning of that day, by the calendar of the agency that ends.
    #[serde(skip)]
    pub at: Timestamp,
}

/// A file of agencies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgencyFile {
    pub(super) id: String,
    pub(super) version: u32,
    #[serde(rename = "legal_basis")]
    _legal_basis: String,
    pub(super) agencies: Vec<Agency>,
}

/// All agencies of all files, ended ones included.
#[derive(Debug, Clone, Default)]
pub(super) struct Agencies {
    by_code: BTreeMap<AgencyCode, Arc<Agency>>,
    /// The agencies that end. There are few, and every request searches them.
    ended: Vec<Arc<Agency>>,
    /// The newest version of each file.
    versions: BTreeMap<Arc<str>, u32>,
}

impl Agencies {
    /// The newest version of a file; 0 if there is none.
    pub(super) fn version(&self, id: &str) -> u32 {
        self.versions.get(id).copied().unwrap_or(0)
    }

    /// The registry with the agencies of `file` in place of those in its earlier version. An error
    /// if the file is inconsistent, refers to a missing calendar, or omits an agency that it
    /// contained before. An agency that was in another file belongs to this one from now on.
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
            if let Some(code) = &mut agency.tax_code {
                let normal = crate::contract::tax_code(code);
                *code = normal.map_err(|fault| format!("`{code}` is no tax code: {fault}"))?;
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

    /// Checks that every succession leads to an existing agency that does not end.
    fn followed(&self) -> Result<(), String> {
        for Agency { code, succeeded, .. } in self.ended.iter().map(|ended| &**ended) {
            if let Some(Succession { by, .. }) = succeeded.as_ref()
                && self.get(by).is_none()
            {
                return Err(format!("`{code}` is succeeded by `{by}`, which is not an agency"));
            }
            // No agency may succeed itself, directly or through others.
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

    /// The agency that handles an agency's dossiers at an instant.
    pub(super) fn present<'a>(&'a self, code: &'a AgencyCode, at: Timestamp) -> &'a AgencyCode {
        let mut present = code;
        // Bounded by the number of agencies, so that a cycle ends.
        for _ in 0..self.by_code.len() {
            let succession = self.get(present).and_then(|agency| agency.succeeded.as_ref());
            match succession.filter(|succession| succession.at <= at) {
                Some(succession) => present = &succession.by,
                None => break,
            }
        }
        present
    }

    /// The agencies whose dossiers `own`, or an agency below it, has taken over by an instant.
    pub(super) fn predecessors(&self, own: &AgencyCode, at: Timestamp) -> Vec<AgencyCode> {
        let taken_over =
            self.ended.iter().filter(|agency| own.covers(self.present(&agency.code, at)));
        taken_over.map(|a| a.code.clone()).filter(|code| !own.covers(code)).collect()
    }
}
