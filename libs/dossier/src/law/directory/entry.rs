//! The entry of an officer in the directories of the agency that the officer's token names.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Absence, Directory};
use crate::contract::{AgencyCode, OfficerRecorded, Subject, UnitCode, UnitRecorded};
use crate::law::Law;

/// An officer in a directory, on a day.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub agency: &'a AgencyCode,
    /// The local day in that agency.
    pub day: Date,
    pub officer: &'a OfficerRecorded,
    directory: &'a Directory,
}

impl<'a> Entry<'a> {
    fn of(directory: &'a Directory, day: Date, subject: &Subject) -> Option<Self> {
        let officer = directory.officer(subject, day)?;
        Some(Self { agency: directory.agency()?, day, officer, directory })
    }

    /// The officer's unit on this day.
    #[must_use]
    pub fn unit(&self) -> Option<&'a UnitRecorded> {
        self.directory.unit(&self.officer.unit, self.day)
    }

    /// The units that the officer heads on this day, by code.
    #[must_use]
    pub fn heads(&self) -> Vec<&'a UnitCode> {
        let units = self.directory.units_on(self.day);
        let headed = units.filter(|unit| unit.head.as_ref() == Some(&self.officer.officer));
        headed.map(|unit| &unit.unit).collect()
    }

    /// The officer's present and future absences, by their first day.
    #[must_use]
    pub fn absences(&self) -> Vec<&'a Absence> {
        let own = self.directory.absences_of(&self.officer.officer);
        let mut found: Vec<_> = own.filter(|absence| absence.to >= self.day).collect();
        found.sort_by_key(|absence| (absence.from, absence.id));
        found
    }

    /// The absences on this day in which the officer acts in the place of the absent one, by their
    /// last day. None if the officer is absent as well.
    #[must_use]
    pub fn deputises(&self) -> Vec<&'a Absence> {
        let own = &self.officer.officer;
        if self.directory.absence(own, self.day).is_some() {
            return Vec::new();
        }
        let absences = self.directory.absences().values();
        let mut found: Vec<_> = absences
            .filter(|absence| absence.contains(self.day) && absence.deputy.as_ref() == Some(own))
            .collect();
        found.sort_by_key(|absence| (absence.to, absence.id));
        found
    }
}

impl Law {
    /// The officers of a unit at an instant, in the directories of an agency, of those below it and
    /// of those above it; of all agencies if none is given. Empty if there is no such unit.
    #[must_use]
    pub fn officers_of_unit(
        &self,
        agency: Option<&AgencyCode>,
        unit: &UnitCode,
        at: Timestamp,
    ) -> BTreeSet<&Subject> {
        let is_near = |code: &AgencyCode| {
            agency.is_none_or(|agency| agency.covers(code) || code.covers(agency))
        };
        let near = self.directories().filter(|(code, _)| is_near(code));
        let days = near
            .filter_map(|(code, directory)| Some((directory, self.calendar_of(code)?.date_of(at))));
        let officers = days.flat_map(|(directory, day)| directory.officers_on(day));
        officers.filter(|one| one.unit == *unit).map(|one| &one.officer).collect()
    }

    /// The entry at an instant of an officer whose token names `agency`: in its directory, in those
    /// of its successor and of the agencies above it, or in one of an agency below it.
    #[must_use]
    pub fn entry(
        &self,
        agency: &AgencyCode,
        subject: &Subject,
        at: Timestamp,
    ) -> Option<Entry<'_>> {
        let handling = self.directories_for(agency, at);
        let found =
            handling.into_iter().find_map(|(directory, day)| Entry::of(directory, day, subject));
        found.or_else(|| {
            let below = self.directories().filter(|(code, _)| agency.covers(code));
            below.into_iter().find_map(|(code, directory)| {
                Entry::of(directory, self.calendar_of(code)?.date_of(at), subject)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::{AbsenceId, AbsenceRecorded, AssignmentRule, DirectoryEvent, Role};
    use crate::testing::{at, law};

    fn officer(subject: &str) -> DirectoryEvent {
        OfficerRecorded {
            agency: "G02.001".into(),
            officer: subject.into(),
            name: "Trần B".to_owned().into(),
            unit: "origin".into(),
            roles: vec![Role::Reviewer],
            from: date(2026, 11, 1),
            to: None,
        }
        .into()
    }

    fn absent(id: u128, officer: &str, deputy: &str, from: Date) -> DirectoryEvent {
        AbsenceRecorded {
            agency: "G02.001".into(),
            absence: AbsenceId(uuid::Uuid::from_u128(id)),
            officer: officer.into(),
            from,
            to: date(2026, 11, 25),
            deputy: Some(deputy.into()),
        }
        .into()
    }

    #[test]
    fn an_entry_has_the_unit_the_absences_and_for_whom_the_officer_acts() {
        let mut law = law();
        let now = at("2026-11-20T09:00");
        let unit = UnitRecorded {
            agency: "G02.001".into(),
            unit: "origin".into(),
            name: "Phòng Xuất xứ".into(),
            head: Some("r1".into()),
            procedures: Vec::new(),
            assignment: AssignmentRule::None,
            from: date(2026, 11, 1),
            to: None,
        };
        let events = [unit.into(), officer("r1"), officer("r2")];
        let absences =
            [absent(1, "r2", "r1", date(2026, 11, 19)), absent(2, "r1", "r2", date(2026, 11, 23))];
        for event in events.iter().chain(&absences) {
            law.record_in_directory(event, now);
        }
        // The token names the agency itself, one below it that has no directory, or one above it.
        for agency in ["G02.001", "G02.001.05", "G02"] {
            let entry = law.entry(&agency.into(), &"r1".into(), now).unwrap();
            assert_eq!(entry.agency.as_str(), "G02.001", "{agency}");
            assert_eq!(entry.unit().unwrap().name, "Phòng Xuất xứ");
            assert_eq!(entry.heads(), [&UnitCode::from("origin")]);
            assert_eq!(entry.absences().len(), 1, "one that has not begun");
            let absent: Vec<_> = entry.deputises().iter().map(|a| a.officer.as_str()).collect();
            assert_eq!(absent, ["r2"]);
            let of = |unit: &str| law.officers_of_unit(Some(&agency.into()), &unit.into(), now);
            assert_eq!(of("origin"), [&Subject::from("r1"), &"r2".into()].into());
            assert!(of("energy").is_empty());
        }
        let elsewhere = law.officers_of_unit(Some(&"G02.002".into()), &"origin".into(), now);
        assert!(elsewhere.is_empty());
        assert_eq!(law.officers_of_unit(None, &"origin".into(), now).len(), 2);
        assert!(law.entry(&"G02.002".into(), &"r1".into(), now).is_none());
        assert!(law.entry(&"G02".into(), &"r9".into(), now).is_none());
        let both_absent = at("2026-11-24T09:00");
        let entry = law.entry(&"G02.001".into(), &"r1".into(), both_absent).unwrap();
        assert!(entry.deputises().is_empty());
    }
}
