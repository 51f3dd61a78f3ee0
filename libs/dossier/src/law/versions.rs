//! Selects the version of a procedure: by day, by the law known at an instant, and by number.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Law, Procedure};
use crate::contract::{AgencyCode, ProcedureCode, ProcedureRef};

impl Law {
    /// The version of a procedure that is in force on a date.
    #[must_use]
    pub fn in_force(&self, code: &ProcedureCode, on: Date) -> Option<&Procedure> {
        self.in_force_as_known(code, on, Timestamp::MAX)
    }

    /// The version of a procedure in force on a date by what was recorded up to `known_at`: a
    /// version may take effect before it is issued.
    #[must_use]
    pub fn in_force_as_known(
        &self,
        code: &ProcedureCode,
        on: Date,
        known_at: Timestamp,
    ) -> Option<&Procedure> {
        let known = |procedure: &&Procedure| procedure.recorded_at.is_none_or(|at| at <= known_at);
        let versions = self.procedures.get(code)?;
        versions.iter().rev().filter(known).find(|procedure| procedure.effective.contains(on))
    }

    /// The version to show for a date, by what was recorded up to `known_at`: the one in force,
    /// otherwise the next one, otherwise the last one.
    #[must_use]
    pub fn nearest(
        &self,
        code: &ProcedureCode,
        on: Date,
        known_at: Timestamp,
    ) -> Option<&Procedure> {
        let versions = self.procedures.get(code)?;
        let known = || {
            versions.iter().filter(|p| p.recorded_at.is_none_or(|recorded| recorded <= known_at))
        };
        let in_force = self.in_force_as_known(code, on, known_at);
        let next = || known().filter(|p| p.effective.from > on).min_by_key(|p| p.effective.from);
        in_force.or_else(next).or_else(|| known().next_back())
    }

    /// The versions of a procedure that take effect after a date, by what was recorded up to
    /// `known_at`.
    pub fn upcoming(
        &self,
        code: &ProcedureCode,
        on: Date,
        known_at: Timestamp,
    ) -> impl Iterator<Item = &Procedure> {
        let versions = self.procedures.get(code).into_iter().flatten();
        versions.filter(move |procedure| {
            let known = procedure.recorded_at.is_none_or(|recorded| recorded <= known_at);
            known && procedure.effective.from > on
        })
    }

    /// Each procedure with its versions, by code and version; at least one each.
    pub fn versions(&self) -> impl Iterator<Item = (&ProcedureCode, &[Procedure])> {
        self.procedures.iter().map(|(code, versions)| (code, versions.as_slice()))
    }

    /// The first day on which any version of a procedure was in force.
    #[must_use]
    pub fn first_day(&self, code: &ProcedureCode) -> Option<Date> {
        self.procedures.get(code)?.iter().map(|procedure| procedure.effective.from).min()
    }

    /// The local day of an instant at `agency`, or at an agency below it; `None` if there is none.
    #[must_use]
    pub(super) fn day_of(&self, agency: &AgencyCode, at: Timestamp) -> Option<Date> {
        let own = self.agencies().find(|own| agency.covers(&own.code))?;
        Some(self.calendar_of(&own.code)?.date_of(at))
    }

    /// The earliest local day of an instant among all agencies; the day in UTC if there are none.
    #[must_use]
    pub(super) fn earliest_day(&self, at: Timestamp) -> Date {
        let kept: BTreeSet<&str> = self.agencies().map(|agency| &*agency.calendar).collect();
        let calendars = kept.into_iter().filter_map(|id| self.newest_calendar(id));
        let earliest = calendars.map(|calendar| calendar.date_of(at)).min();
        earliest.unwrap_or_else(|| jiff::tz::TimeZone::UTC.to_datetime(at).date())
    }

    /// Whether any version of the procedure is loaded.
    #[must_use]
    pub fn knows(&self, code: &ProcedureCode) -> bool {
        self.procedures.contains_key(code)
    }

    /// A version of a procedure; withdrawn versions are included.
    #[must_use]
    pub fn procedure(&self, reference: &ProcedureRef) -> Option<&Procedure> {
        let mut versions = self.procedures.get(&reference.code).into_iter().flatten();
        let known = versions.find(|procedure| procedure.version == reference.version);
        known.or_else(|| self.withdrawn.get(reference))
    }
}
