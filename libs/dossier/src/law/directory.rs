//! The directories of agencies: units, officers and absences, each with its first and last day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{InForce, Law};
use crate::contract::{
    AbsenceEnded, AbsenceId, AbsenceRecorded, AgencyCode, DirectoryEvent, EventSet as _,
    OfficerRecorded, Subject, UnitCode, UnitRecorded,
};

mod assignment;
mod entry;
mod unable;

pub use assignment::{Chosen, Loads, choose, is_head_over, weighed};
pub use entry::Entry;
pub(crate) use unable::refusals_of_assignment;
pub use unable::{Away, Unable, unable};

/// Days after its end for which an absence stays in the directory. It stays in the log.
const ABSENCES_KEPT_DAYS: i32 = 400;

/// An absence of an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    pub id: AbsenceId,
    pub officer: Subject,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    pub deputy: Option<Subject>,
}

/// The records of one unit or officer, by their first day. A record replaces the earlier ones from
/// its first day on.
pub type Records<T> = BTreeMap<Date, T>;

/// The directory of one agency.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    /// Absent while nothing is recorded.
    agency: Option<AgencyCode>,
    units: BTreeMap<UnitCode, Records<UnitRecorded>>,
    officers: BTreeMap<Subject, Records<OfficerRecorded>>,
    absences: BTreeMap<AbsenceId, Absence>,
    /// Bytes of all records of units and officers.
    bytes: usize,
}

fn on<T>(records: &Records<T>, day: Date, days: impl Fn(&T) -> InForce) -> Option<&T> {
    let (_, last) = records.range(..=day).next_back()?;
    days(last).contains(day).then_some(last)
}

const fn days_of_unit(unit: &UnitRecorded) -> InForce {
    InForce { from: unit.from, to: unit.to }
}

const fn days_of_officer(officer: &OfficerRecorded) -> InForce {
    InForce { from: officer.from, to: officer.to }
}

impl Absence {
    /// Whether it includes `day`.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        InForce { from: self.from, to: Some(self.to) }.contains(day)
    }

    /// Whether it has a day in common with the days from `from` to `to`.
    #[must_use]
    pub fn overlaps(&self, from: Date, to: Date) -> bool {
        self.from <= to && from <= self.to
    }
}

impl Directory {
    /// The agency; `None` while nothing is recorded.
    #[must_use]
    pub const fn agency(&self) -> Option<&AgencyCode> {
        self.agency.as_ref()
    }

    /// Bytes of all records of units and officers, as JSON.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bytes of all records after this event, which may replace one with the same first day.
    #[must_use]
    pub fn bytes_with(&self, event: &DirectoryEvent) -> usize {
        let replaced: Option<DirectoryEvent> = match event {
            DirectoryEvent::UnitRecorded(unit) => {
                let records = self.units.get(&unit.unit);
                records.and_then(|records| records.get(&unit.from)).cloned().map(Into::into)
            }
            DirectoryEvent::OfficerRecorded(officer) => {
                let records = self.officers.get(&officer.officer);
                records.and_then(|records| records.get(&officer.from)).cloned().map(Into::into)
            }
            DirectoryEvent::AbsenceRecorded(_) | DirectoryEvent::AbsenceEnded(_) => {
                return self.bytes;
            }
        };
        let replaced = replaced.map_or(0, |replaced| replaced.encode().len());
        self.bytes.saturating_add(event.encode().len()).saturating_sub(replaced)
    }

    /// All records of all units.
    #[must_use]
    pub const fn units(&self) -> &BTreeMap<UnitCode, Records<UnitRecorded>> {
        &self.units
    }

    /// All records of all officers.
    #[must_use]
    pub const fn officers(&self) -> &BTreeMap<Subject, Records<OfficerRecorded>> {
        &self.officers
    }

    /// The absences that have not ended, and those that ended in the last 400 days.
    #[must_use]
    pub const fn absences(&self) -> &BTreeMap<AbsenceId, Absence> {
        &self.absences
    }

    /// The unit with this code on a day.
    #[must_use]
    pub fn unit(&self, code: &UnitCode, day: Date) -> Option<&UnitRecorded> {
        on(self.units.get(code)?, day, days_of_unit)
    }

    /// The newest name of a unit, whether it still exists or not.
    #[must_use]
    pub fn unit_name(&self, code: &UnitCode) -> Option<&str> {
        let newest = self.units.get(code)?.values().next_back()?;
        Some(&newest.name)
    }

    /// The units on a day, by code.
    pub fn units_on(&self, day: Date) -> impl Iterator<Item = &UnitRecorded> {
        self.units.values().filter_map(move |records| on(records, day, days_of_unit))
    }

    /// The officer with this subject on a day.
    #[must_use]
    pub fn officer(&self, subject: &Subject, day: Date) -> Option<&OfficerRecorded> {
        on(self.officers.get(subject)?, day, days_of_officer)
    }

    /// The officers on a day, by subject.
    pub fn officers_on(&self, day: Date) -> impl Iterator<Item = &OfficerRecorded> {
        self.officers.values().filter_map(move |records| on(records, day, days_of_officer))
    }

    /// The absence of an officer on a day.
    #[must_use]
    pub fn absence(&self, officer: &Subject, day: Date) -> Option<&Absence> {
        self.absences_of(officer).find(|absence| absence.contains(day))
    }

    /// The absences of an officer.
    pub fn absences_of(&self, officer: &Subject) -> impl Iterator<Item = &Absence> {
        self.absences.values().filter(move |absence| absence.officer == *officer)
    }

    /// Applies an event of this directory, recorded at `at`.
    pub fn record(&mut self, event: &DirectoryEvent, at: Timestamp) {
        self.agency.get_or_insert_with(|| event.agency().clone());
        self.bytes = self.bytes_with(event);
        match event {
            DirectoryEvent::UnitRecorded(unit) => {
                self.units.entry(unit.unit.clone()).or_default().insert(unit.from, unit.clone());
            }
            DirectoryEvent::OfficerRecorded(officer) => {
                let records = self.officers.entry(officer.officer.clone()).or_default();
                records.insert(officer.from, officer.clone());
            }
            DirectoryEvent::AbsenceRecorded(AbsenceRecorded {
                absence,
                officer,
                from,
                to,
                deputy,
                ..
            }) => {
                let (id, from, to) = (*absence, *from, *to);
                let (officer, deputy) = (officer.clone(), deputy.clone());
                self.forget_old(at);
                self.absences.insert(id, Absence { id, officer, from, to, deputy });
            }
            DirectoryEvent::AbsenceEnded(AbsenceEnded { absence, to, .. }) => match to {
                Some(to) => {
                    if let Some(absence) = self.absences.get_mut(absence) {
                        absence.to = *to;
                    }
                }
                None => {
                    self.absences.remove(absence);
                }
            },
        }
    }

    fn forget_old(&mut self, at: Timestamp) {
        let now = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        if let Ok(oldest) = now.checked_sub(ABSENCES_KEPT_DAYS.days()) {
            self.absences.retain(|_, absence| absence.to >= oldest);
        }
    }
}

/// The code and the codes of the agencies above it, the nearest first.
fn upwards(code: &AgencyCode) -> impl Iterator<Item = AgencyCode> {
    let mut next = Some(code.as_str());
    std::iter::from_fn(move || {
        let code = next?;
        next = code.rsplit_once('.').map(|(above, _)| above);
        Some(AgencyCode::from(code))
    })
}

impl Law {
    /// Applies an event of a directory, recorded at `at`.
    pub fn record_in_directory(&mut self, event: &DirectoryEvent, at: Timestamp) {
        let directory = self.directories.entry(event.agency().clone()).or_default();
        Arc::make_mut(directory).record(event, at);
    }

    /// The directory of an agency.
    #[must_use]
    pub fn directory(&self, agency: &AgencyCode) -> Option<&Directory> {
        self.directories.get(agency).map(|directory| &**directory)
    }

    /// All directories, by agency.
    pub fn directories(&self) -> impl Iterator<Item = (&AgencyCode, &Directory)> {
        self.directories.iter().map(|(agency, directory)| (agency, &**directory))
    }

    /// The directories with the officers who handle an agency's dossiers at an instant, with the
    /// local day in each agency: that of the agency, or of its successor, and of those above it;
    /// the nearest first.
    #[must_use]
    pub fn directories_for(&self, agency: &AgencyCode, at: Timestamp) -> Vec<(&Directory, Date)> {
        let mut seen = BTreeSet::new();
        let present = self.present(agency, at);
        let codes =
            upwards(present).chain(upwards(agency)).filter(|code| seen.insert(code.clone()));
        let found = codes.filter_map(|code| {
            Some((self.directory(&code)?, self.calendar_of(&code)?.date_of(at)))
        });
        found.collect()
    }

    /// An officer who handles an agency's dossiers at an instant.
    #[must_use]
    pub fn officer(
        &self,
        agency: &AgencyCode,
        subject: &Subject,
        at: Timestamp,
    ) -> Option<&OfficerRecorded> {
        let directories = self.directories_for(agency, at);
        directories.into_iter().find_map(|(directory, day)| directory.officer(subject, day))
    }

    /// The absence at an instant of an officer who handles an agency's dossiers.
    #[must_use]
    pub fn absence(
        &self,
        agency: &AgencyCode,
        subject: &Subject,
        at: Timestamp,
    ) -> Option<&Absence> {
        let directories = self.directories_for(agency, at);
        directories.into_iter().find_map(|(directory, day)| directory.absence(subject, day))
    }

    /// Whether `deputy` acts in the place of an officer at an instant: the officer is absent, named
    /// this deputy, and the deputy is not absent as well.
    #[must_use]
    pub fn is_deputy(
        &self,
        agency: &AgencyCode,
        (deputy, officer): (&Subject, &Subject),
        at: Timestamp,
    ) -> bool {
        let absence = self.absence(agency, officer, at);
        absence.is_some_and(|absence| absence.deputy.as_ref() == Some(deputy))
            && self.officer(agency, deputy, at).is_some()
            && self.absence(agency, deputy, at).is_none()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::Role;
    use crate::testing::{at, law};

    fn officer(agency: &str, unit: &str, from: Date, to: Option<Date>) -> DirectoryEvent {
        OfficerRecorded {
            agency: agency.into(),
            officer: "r1".into(),
            name: "Trần B".to_owned().into(),
            unit: unit.into(),
            roles: vec![Role::Reviewer],
            from,
            to,
        }
        .into()
    }

    #[test]
    fn a_record_holds_from_its_first_day_until_the_next_one_or_its_last_day() {
        let mut law = law();
        let now = at("2026-11-20T09:00");
        law.record_in_directory(&officer("G02", "a", date(2026, 11, 1), None), now);
        let until = Some(date(2026, 12, 31));
        law.record_in_directory(&officer("G02", "b", date(2026, 12, 1), until), now);
        let unit = |moment: &str| {
            let officer = law.officer(&"G02.001".into(), &"r1".into(), at(moment));
            officer.map(|officer| officer.unit.to_string())
        };
        assert_eq!(unit("2026-10-31T23:59"), None);
        assert_eq!(unit("2026-11-30T23:59").as_deref(), Some("a"));
        assert_eq!(unit("2026-12-01T00:00").as_deref(), Some("b"));
        assert_eq!(unit("2026-12-31T23:59").as_deref(), Some("b"));
        assert_eq!(unit("2027-01-01T00:00"), None, "the earlier record does not revive");
    }

    #[test]
    fn a_record_that_replaces_another_takes_its_place_also_in_the_size_of_the_directory() {
        let now = at("2026-11-20T09:00");
        let mut directory = Directory::default();
        let longer = officer("G02", "exports", date(2026, 11, 1), None);
        directory.record(&officer("G02", "a", date(2026, 11, 1), None), now);
        for _ in 0..3 {
            directory.record(&longer, now);
            assert_eq!(directory.bytes(), longer.encode().len());
        }
        let next = officer("G02", "a", date(2026, 12, 1), None);
        assert_eq!(directory.bytes_with(&next), longer.encode().len() + next.encode().len());
    }

    #[test]
    fn officers_of_an_agency_and_of_those_above_it_handle_its_dossiers() {
        let mut law = law();
        let now = at("2026-11-20T09:00");
        law.record_in_directory(&officer("G02.001", "a", date(2026, 11, 1), None), now);
        let known = |agency: &str| law.officer(&agency.into(), &"r1".into(), now).is_some();
        assert!(known("G02.001"));
        assert!(!known("G02"), "the agency above is handled by its own officers");
        assert!(!known("G02.002"));
    }

    #[test]
    fn the_officers_of_the_successor_handle_the_dossiers_of_an_agency_that_ended() {
        let mut law = law();
        let first = date(2025, 1, 1);
        let now = at("2026-11-20T09:00");
        law.record_in_directory(&officer("G02.005", "a", first, None), now);
        let known = |moment| law.officer(&"G02.004".into(), &"r1".into(), at(moment)).is_some();
        assert!(!known("2025-02-28T23:59"));
        assert!(known("2025-03-01T00:00"));
    }

    #[test]
    fn a_deputy_acts_within_the_absence_unless_absent_as_well() {
        let mut law = law();
        let now = at("2026-11-20T09:00");
        for subject in ["r1", "r2"] {
            let DirectoryEvent::OfficerRecorded(one) =
                officer("G02.001", "a", date(2026, 11, 1), None)
            else {
                unreachable!()
            };
            let one = OfficerRecorded { officer: subject.into(), ..one };
            law.record_in_directory(&one.into(), now);
        }
        let absent = |id, officer: &str, deputy: Option<&str>, day| {
            DirectoryEvent::from(AbsenceRecorded {
                agency: "G02.001".into(),
                absence: AbsenceId(uuid::Uuid::from_u128(id)),
                officer: officer.into(),
                from: day,
                to: date(2026, 11, 25),
                deputy: deputy.map(Into::into),
            })
        };
        law.record_in_directory(&absent(1, "r1", Some("r2"), date(2026, 11, 23)), now);
        law.record_in_directory(&absent(2, "r2", None, date(2026, 11, 25)), now);
        let acts =
            |moment| law.is_deputy(&"G02.001".into(), (&"r2".into(), &"r1".into()), at(moment));
        assert!(!acts("2026-11-22T23:59"));
        assert!(acts("2026-11-23T00:00"));
        assert!(!acts("2026-11-25T08:00"), "the deputy is absent as well");
    }
}
