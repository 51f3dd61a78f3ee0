//! The law as data: procedures, calendars, agencies and other files of rules, in versions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::{Calendar, CalendarError, CalendarFile};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::contract::{
    AgencyCode, OutageDeclared, OutageEnded, ProcedureCode, ProcedureRef, RulesIssued, RulesKind,
};
use crate::step::Rule;

mod agencies;
mod alternatives;
mod applying;
mod changes;
mod charges;
mod clock_rules;
mod code_parts;
mod coded;
mod codes;
mod complaints;
mod directory;
mod ends;
mod figure_rules;
mod file;
mod form_order;
mod form_titles;
mod issuing;
mod outage;
mod paper_rules;
mod payments;
mod procedure;
mod reception;
mod result;
pub(crate) mod schema;
mod tariff;
mod versions;
mod void;
mod warnings;

use agencies::{Agencies, AgencyFile};
pub use agencies::{Agency, Succession};
pub use calendar::{Budget, Text};
pub use charges::{Case, charges, claims, fee_of, further_charge};
pub use clock_rules::{ClockRules, ClockStart, CutOff, Extension, Weekdays};
pub(crate) use code_parts::list_in;
pub use codes::{CodeEntry, CodeFault, CodeFormat, CodeList, Coded, Succeeded};
pub use complaints::{AnswerTemplate, ComplaintRules};
pub(crate) use directory::refusals_of_assignment;
pub use directory::{
    Absence, Away, Chosen, Directory, Entry, Loads, Records, Unable, choose, is_head_over, unable,
    weighed,
};
pub use ends::{Ending, WARNED_DAYS};
pub use figure_rules::{FigureRules, ProcedureGroup, Publication, Target, TargetFigure};
pub(crate) use file::says_the_same_later;
#[cfg(feature = "schema")]
pub use file::schemas;
pub use file::{InvalidLaw, kind_of, rules, says_the_same, shipped_rules, takes_effect};
use file::{content, read};
pub use file::{in_version, next_version};
pub use form_titles::titled_form;
pub use issuing::{Draft, FINDINGS_MAX, Finding, Findings, Place, RULES_BYTES_MAX};
pub use outage::Outage;
use outage::Outages;
pub(crate) use paper_rules::Issuer;
#[cfg(test)]
pub(crate) use paper_rules::assert_fields;
pub use paper_rules::{PaperForm, PaperRules, PaperTranslation};
pub use payments::{AccountRules, PaymentRules, ProviderRules, RefundStart, TILL, is_account};
pub use procedure::*;
pub use reception::Reception;
pub use result::{Duty, OwedBy, Renewal, ResultRules};
pub(crate) use schema::is_date;
pub use tariff::{FeeDue, FeeGroup, FeeKind, FeeLine, Fees, Kept, Reduction};
pub use void::Void;
pub use warnings::Warning;

/// Values with the instant from which they apply, or `None` for always; the newest last.
type Dated<T> = Vec<(Option<Timestamp>, T)>;

/// The whole law: all files of rules in all versions ever issued, and the outages.
#[derive(Debug, Clone, Default)]
pub struct Law {
    procedures: BTreeMap<ProcedureCode, Vec<Procedure>>,
    /// By id, then by version, the newest last, with the instant at which each was recorded.
    calendars: BTreeMap<String, Vec<(Option<Timestamp>, Calendar)>>,
    agencies: Agencies,
    /// The units and officers of the agencies that have recorded them.
    directories: BTreeMap<AgencyCode, Arc<Directory>>,
    outages: Outages,
    /// Versions of procedures that were withdrawn before they were in force. They are not law, but
    /// another process may have received a dossier under one in its first instant.
    withdrawn: BTreeMap<ProcedureRef, Procedure>,
    voids: Vec<Void>,
    complaints: Dated<ComplaintRules>,
    payments: Dated<PaymentRules>,
    /// By id.
    figures: BTreeMap<String, Dated<FigureRules>>,
    papers: paper_rules::AgencyTemplates,
    /// By name; each list includes all of its parts.
    codes: BTreeMap<String, Dated<Arc<CodeList>>>,
    /// The newest version of each file of codes, by file name.
    code_files: BTreeMap<String, Arc<CodeList>>,
}

/// The reason for rejecting a version that is not newer.
const OUTDATED: &str = "the same or a later version is loaded already";

impl Law {
    /// The law that is shipped with the program.
    pub fn shipped() -> Result<Self, InvalidLaw> {
        let mut law = Self::default();
        for rules in shipped_rules()? {
            law.apply(&rules, None)?;
        }
        Ok(law)
    }

    /// Adds a file of rules that was recorded at `at`; an invalid file changes nothing.
    pub fn apply(&mut self, rules: &RulesIssued, at: Option<Timestamp>) -> Result<(), InvalidLaw> {
        let file = format!("{} {}", rules.kind.as_str(), rules.name);
        match rules.kind {
            RulesKind::Calendar => self.add_calendar_at(&file, &rules.text, at),
            RulesKind::Agencies => self.add_agencies(&file, &rules.text),
            RulesKind::Complaints => {
                let read: ComplaintRules = read(&file, &rules.text)?;
                if self.complaints().is_some_and(|known| known.version >= read.version) {
                    return Err(content(&file, OUTDATED));
                }
                self.complaints.push((at, read));
                Ok(())
            }
            RulesKind::Codes => self.add_codes(&file, &rules.text, at),
            RulesKind::Payments => {
                let read: PaymentRules = read(&file, &rules.text)?;
                read.check().map_err(|reason| content(&file, &reason))?;
                if self.payments.last().is_some_and(|(_, known)| known.version >= read.version) {
                    return Err(content(&file, OUTDATED));
                }
                self.payments.push((at, read));
                Ok(())
            }
            RulesKind::Figures => self.add_figures(&file, &rules.text, at),
            RulesKind::Papers => self.add_paper(&file, &rules.text, at),
            RulesKind::Procedure => {
                let mut procedure = self.checked(&file, &rules.text)?;
                procedure.recorded_at = at;
                let versions = self.procedures.entry(procedure.code.clone()).or_default();
                versions.push(procedure);
                versions.sort_by_key(|known| known.version);
                Ok(())
            }
        }
    }

    /// Removes a version of a procedure or template that is not in force yet; it is never law.
    /// Other kinds of files have no later first day and are not removed.
    pub fn withdraw(&mut self, kind: RulesKind, name: &str, version: u32) {
        if kind == RulesKind::Papers {
            self.withdraw_paper(name, version);
        }
        let code = ProcedureCode::from(name);
        let Some(versions) = self.procedures.get_mut(&code) else { return };
        let at = versions.iter().position(|known| known.version == version);
        if let Some(at) = at.filter(|_| kind == RulesKind::Procedure) {
            let procedure = versions.remove(at);
            if versions.is_empty() {
                self.procedures.remove(&code);
            }
            self.withdrawn.insert(procedure.reference(), procedure);
        }
    }

    /// The instant from which an issued file of rules is in force: the beginning of its first day,
    /// in the earliest calendar of the agencies concerned. `None` if it is in force from when it
    /// was recorded.
    pub fn in_force_from(&self, rules: &RulesIssued) -> Result<Option<Timestamp>, CalendarError> {
        let Some((day, agency)) = file::first_day(rules) else { return Ok(None) };
        let under = self.agencies().filter(|known| agency.covers(&known.code));
        let kept: BTreeSet<&str> = under.map(|agency| &*agency.calendar).collect();
        let first = kept.into_iter().filter_map(|id| self.newest_calendar(id));
        let first = first.map(|calendar| calendar.start_of_day(day));
        Ok(first.collect::<Result<Vec<_>, _>>()?.into_iter().min())
    }

    /// Adds a calendar file. Earlier versions stay, because dates were promised by them.
    pub fn add_calendar(&mut self, file: &str, text: &str) -> Result<(), InvalidLaw> {
        self.add_calendar_at(file, text, None)
    }

    fn add_calendar_at(
        &mut self,
        file: &str,
        text: &str,
        at: Option<Timestamp>,
    ) -> Result<(), InvalidLaw> {
        let read: CalendarFile = read(file, text)?;
        let calendar =
            Calendar::try_from(read).map_err(|error| content(file, &error.to_string()))?;
        let newest = self.calendars.get(calendar.id()).and_then(|versions| versions.last());
        if newest.is_some_and(|(_, newest)| newest.version() >= calendar.version()) {
            return Err(content(file, OUTDATED));
        }
        self.calendars.entry(calendar.id().to_owned()).or_default().push((at, calendar));
        Ok(())
    }

    /// Adds a file of agencies, which replaces its earlier version.
    pub fn add_agencies(&mut self, file: &str, text: &str) -> Result<(), InvalidLaw> {
        let read: AgencyFile = read(file, text)?;
        if read.version <= self.agencies.version(&read.id) {
            return Err(content(file, OUTDATED));
        }
        let newest = |id: &str| Some(&self.calendars.get(id)?.last()?.1);
        let replaced = self.agencies.replaced(read, newest);
        self.agencies = replaced.map_err(|reason| content(file, &reason))?;
        Ok(())
    }

    /// Adds a procedure file.
    pub fn add_procedure(&mut self, file: &str, text: &str) -> Result<(), InvalidLaw> {
        self.apply(&rules(RulesKind::Procedure, file, text)?, None)
    }

    fn checked(&self, file: &str, text: &str) -> Result<Procedure, InvalidLaw> {
        let procedure: Procedure = read(file, text)?;
        procedure.check().map_err(|reason| content(file, &reason))?;
        if !self.agencies.all().any(|agency| procedure.agency.covers(&agency.code)) {
            return Err(content(file, &format!("no agency under `{}`", procedure.agency)));
        }
        let mut named = procedure.fees.reductions.iter().flat_map(|reduction| &reduction.agencies);
        if let Some(agency) = named.find(|agency| self.agency(agency).is_none()) {
            return Err(content(
                file,
                &format!("a reduction names `{agency}`, which is no agency"),
            ));
        }
        self.finds_its_codes(&procedure).map_err(|reason| content(file, &reason))?;
        let versions = self.procedures.get(&procedure.code).map_or(&[][..], Vec::as_slice);
        if self.withdrawn.contains_key(&procedure.reference()) {
            return Err(content(file, "this version of the procedure was withdrawn"));
        }
        if versions.iter().any(|known| known.version == procedure.version) {
            return Err(content(file, "this version of the procedure is loaded already"));
        }
        Ok(procedure)
    }

    /// The version number for the next issue of a file of rules; `None` if the text contains no
    /// name.
    #[must_use]
    pub fn next_version(&self, kind: RulesKind, text: &str) -> Option<u32> {
        let name = rules(kind, kind.as_str(), text).ok()?.name;
        self.newest(kind, &name).checked_add(1)
    }

    /// All procedures in all versions, by code and version.
    pub fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.values().flatten()
    }

    /// All procedures, withdrawn versions included: a dossier received under one keeps it.
    pub fn every_procedure(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures().chain(self.withdrawn.values())
    }

    /// The periods for complaints, in the newest version.
    #[must_use]
    pub fn complaints(&self) -> Option<&ComplaintRules> {
        self.complaints.last().map(|(_, rules)| rules)
    }

    /// The rules for payments as recorded at `at`.
    #[must_use]
    pub fn payments(&self, at: Timestamp) -> Option<&PaymentRules> {
        let known = |recorded: &Option<Timestamp>| recorded.is_none_or(|recorded| recorded <= at);
        self.payments.iter().rev().find(|(recorded, _)| known(recorded)).map(|(_, rules)| rules)
    }

    /// The law as recorded at `at`, without anything issued, declared or ended later. Directories
    /// stay as they are, because no date depends on them.
    #[must_use]
    pub fn as_known(&self, at: Timestamp) -> Self {
        let known = |recorded: &Option<Timestamp>| recorded.is_none_or(|recorded| recorded <= at);
        let mut law = self.clone();
        law.calendars.values_mut().for_each(|versions| versions.retain(|(r, _)| known(r)));
        law.complaints.retain(|(recorded, _)| known(recorded));
        law.payments.retain(|(recorded, _)| known(recorded));
        law.figures.values_mut().for_each(|versions| versions.retain(|(r, _)| known(r)));
        law.papers.values_mut().for_each(|versions| versions.retain(|(r, _)| known(r)));
        law.codes.values_mut().for_each(|versions| versions.retain(|(r, _)| known(r)));
        law.procedures.values_mut().for_each(|all| all.retain(|p| known(&p.recorded_at)));
        law.outages.retain(|outage| outage.recorded_at <= at);
        law.voids.retain(|void| void.recorded_at <= at);
        law
    }

    /// All agencies, ended ones included.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.all()
    }

    /// The agency with this code.
    #[must_use]
    pub fn agency(&self, code: &AgencyCode) -> Option<&Agency> {
        self.agencies.get(code)
    }

    /// The agency that handles `agency`'s dossiers at an instant: itself or its successor.
    #[must_use]
    pub fn present<'a>(&'a self, agency: &'a AgencyCode, at: Timestamp) -> &'a AgencyCode {
        self.agencies.present(agency, at)
    }

    /// The agencies whose dossiers `own`, or an agency below it, has taken over by an instant.
    #[must_use]
    pub fn predecessors(&self, own: &AgencyCode, at: Timestamp) -> Vec<AgencyCode> {
        self.agencies.predecessors(own, at)
    }

    /// Whether officers of `own` handle `agency`'s dossiers at an instant.
    #[must_use]
    pub fn reaches(&self, own: &AgencyCode, agency: &AgencyCode, at: Timestamp) -> bool {
        own.covers(agency) || own.covers(self.present(agency, at))
    }

    /// The calendar in its newest version.
    fn newest_calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.get(id)?.last().map(|(_, newest)| newest)
    }

    /// The agency's calendar, in its newest version.
    #[must_use]
    pub fn calendar_of(&self, agency: &AgencyCode) -> Option<&Calendar> {
        self.calendars.get(&self.agencies.get(agency)?.calendar)?.last().map(|(_, newest)| newest)
    }

    /// The local day in an agency on which a period ends, `end` being the first instant outside it.
    #[must_use]
    pub fn last_day(&self, agency: &AgencyCode, end: Timestamp) -> Option<Date> {
        Some(self.calendar_of(agency)?.last_day(end))
    }

    /// The agency's calendar in the version by which a date was promised.
    #[must_use]
    pub fn calendar_in(&self, agency: &AgencyCode, version: u32) -> Option<&Calendar> {
        let versions = self.calendars.get(&self.agencies.get(agency)?.calendar)?;
        versions.iter().map(|(_, calendar)| calendar).find(|c| c.version() == version)
    }

    /// The law at an instant for a dossier received under `received`: that version, unless a later
    /// one that is in force by then applies to open dossiers too.
    #[must_use]
    pub fn rule(
        &self,
        received: &ProcedureRef,
        agency: &AgencyCode,
        at: Timestamp,
    ) -> Option<Rule<'_>> {
        let agency = self.present(agency, at);
        let outages = self.outages_of(agency);
        let calendar = self.calendar_of(agency)?;
        let today = calendar.date_of(at);
        let versions = self.procedures.get(&received.code).map_or(&[][..], Vec::as_slice);
        let mut later = versions.iter().rev().take_while(|known| known.version > received.version);
        let in_force = |later: &&Procedure| {
            later.applies_to_open
                && later.effective.contains(today)
                && later.recorded_at.is_none_or(|recorded| recorded <= at)
        };
        let procedure = later.find(in_force).or_else(|| self.procedure(received))?;
        Some(Rule { procedure, calendar, outages })
    }

    /// The outages that affect an agency, in the order of their declaration.
    #[must_use]
    pub fn outages_of(&self, agency: &AgencyCode) -> &[Outage] {
        self.outages.of(agency)
    }

    /// All outages, in the order of their declaration.
    #[must_use]
    pub fn outages(&self) -> &[Outage] {
        self.outages.all()
    }

    /// Adds an outage that was declared at `at`.
    pub fn declare(&mut self, declared: &OutageDeclared, at: Timestamp) {
        self.outages.declare(declared, at);
    }

    /// Adds the end of an outage, recorded at `at`.
    pub fn end(&mut self, ended: &OutageEnded, at: Timestamp) {
        self.outages.end(ended, at);
    }
}

#[cfg(test)]
mod tests;
