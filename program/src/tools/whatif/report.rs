//! Statistics of a simulated change of the law.

use std::collections::BTreeMap;
use std::fmt;

use calendar::Calendar;
use dossier::clock::Course;
use dossier::contract::DossierCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// One dossier under its law and under the changed one.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    code: DossierCode,
    procedure: String,
    /// The promised date.
    was_due_at: Timestamp,
    /// The last day of the period, in the agency's time zone.
    was_due_on: Date,
    /// The date by the changed law.
    due_at: Timestamp,
    due_on: Date,
    decided_at: Option<Timestamp>,
    /// Seconds between the promised date and the decision, or now; negative if earlier.
    was_late_by_s: i64,
    /// The same by the changed law.
    late_by_s: i64,
}

impl Compared {
    /// `None` for a dossier without a promised date, withdrawn, or whose clock would not run or
    /// have no period.
    pub(super) fn of(
        course: &Course,
        calendar: &Calendar,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let (was_due_at, due_at) = (course.promised?, due_at?);
        if course.ended && course.decided_at.is_none() {
            return None;
        }
        let until = course.decided_at.unwrap_or(now);
        Some(Self {
            code: course.code.clone(),
            procedure: course.procedure.code.to_string(),
            was_due_at,
            was_due_on: calendar.last_day(was_due_at),
            due_at,
            due_on: calendar.last_day(due_at),
            decided_at: course.decided_at,
            was_late_by_s: until.duration_since(was_due_at).as_secs(),
            late_by_s: until.duration_since(due_at).as_secs(),
        })
    }

    pub(super) fn changes(&self) -> bool {
        self.due_at != self.was_due_at
    }

    fn moved_by_s(&self) -> i64 {
        self.due_at.duration_since(self.was_due_at).as_secs()
    }
}

/// Distribution over several dossiers, in hours.
#[derive(Debug, Default, Serialize)]
pub(super) struct Spread {
    /// How many dossiers.
    dossiers: usize,
    median_h: f64,
    p90_h: f64,
    most_h: f64,
    #[serde(skip)]
    seconds: Vec<i64>,
}

impl Spread {
    fn add(&mut self, seconds: i64) {
        self.seconds.push(seconds);
    }

    fn done(&mut self) {
        self.seconds.sort_unstable_by_key(|seconds| seconds.abs());
        let last = self.seconds.len().saturating_sub(1);
        let at = |percent: usize| {
            #[expect(clippy::cast_precision_loss, reason = "seconds far below 2^52")]
            let seconds = self.seconds.get(last * percent / 100).copied().unwrap_or(0) as f64;
            (seconds / 360.0).round() / 10.0
        };
        (self.median_h, self.p90_h, self.most_h) = (at(50), at(90), at(100));
        self.dossiers = self.seconds.len();
    }
}

/// The dossiers of one procedure.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// Dossiers with a date under both laws.
    compared: u64,
    /// Of these, not decided yet.
    undecided: u64,
    /// Dossiers without one: not accepted, withdrawn, suspended, set by an officer, or without a
    /// period.
    without_date: u64,
    late_before: u64,
    late_after: u64,
    moved_earlier: Spread,
    moved_later: Spread,
    /// Late only by the changed law, and by how much.
    newly_late: Spread,
    /// Late only by their own law.
    no_longer_late: Spread,
    /// Decided in time by the changed law, and by how much.
    early_after: Spread,
}

impl Tally {
    fn take(&mut self, compared: Option<&Compared>) {
        let Some(compared) = compared else {
            self.without_date += 1;
            return;
        };
        self.compared += 1;
        self.undecided += u64::from(compared.decided_at.is_none());
        match compared.moved_by_s() {
            0 => {}
            seconds @ ..0 => self.moved_earlier.add(seconds),
            seconds => self.moved_later.add(seconds),
        }
        let (before, after) = (compared.was_late_by_s > 0, compared.late_by_s > 0);
        self.late_before += u64::from(before);
        self.late_after += u64::from(after);
        match (before, after) {
            (false, true) => self.newly_late.add(compared.late_by_s),
            (true, false) => self.no_longer_late.add(compared.was_late_by_s),
            (true, true) | (false, false) => {}
        }
        if !after && compared.decided_at.is_some() {
            self.early_after.add(compared.late_by_s.saturating_neg());
        }
    }

    fn done(&mut self) {
        self.moved_earlier.done();
        self.moved_later.done();
        self.newly_late.done();
        self.no_longer_late.done();
        self.early_after.done();
    }
}

/// Statistics by procedure.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    procedures: BTreeMap<String, Tally>,
}

impl Report {
    pub(super) fn take(&mut self, course: &Course, compared: Option<&Compared>) {
        let code = course.procedure.code.as_str();
        match self.procedures.get_mut(code) {
            Some(tally) => tally.take(compared),
            None => self.procedures.entry(code.to_owned()).or_default().take(compared),
        }
    }

    pub(super) fn done(mut self) -> Self {
        self.procedures.values_mut().for_each(Tally::done);
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.procedures.is_empty() {
            writeln!(f, "no dossier was received under this procedure: nothing to compare")?;
        }
        for (procedure, tally) in &self.procedures {
            let Tally { compared, undecided, without_date, late_before, late_after, .. } = tally;
            writeln!(
                f,
                "{procedure}: {compared} dossiers with a date under both ({undecided} undecided), \
                 {without_date} without"
            )?;
            writeln!(f, "  late: {late_before} before, {late_after} after")?;
            let spreads = [
                ("moved earlier", &tally.moved_earlier),
                ("moved later", &tally.moved_later),
                ("newly late", &tally.newly_late),
                ("no longer late", &tally.no_longer_late),
                ("decided in time", &tally.early_after),
            ];
            for (name, Spread { dossiers, median_h, p90_h, most_h, .. }) in spreads {
                if *dossiers > 0 {
                    writeln!(
                        f,
                        "  {name}: {dossiers}, by {median_h} h (median), {p90_h} h (90 %), \
                         {most_h} h (most)"
                    )?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_what_nobody_applied_for_is_said_to_change_nothing() {
        assert!(Report::default().to_string().contains("nothing to compare"));
    }
}
