//! Statistics of a simulated change of the law.

use std::collections::BTreeMap;

use calendar::Calendar;
use dossier::clock::Course;
use dossier::contract::{DossierCode, DossierId, ProcedureCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a changed law would do to a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = WhatIfEffect)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// In time by its own law, late by the changed one.
    NewlyLate,
    /// Late by its own law, in time by the changed one.
    NoLongerLate,
    /// An earlier date, and nothing else.
    Earlier,
    /// A later date, and nothing else.
    Later,
}

/// One dossier under its law and under the changed one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WhatIfDossier)]
pub struct Compared {
    dossier: DossierId,
    code: DossierCode,
    procedure: ProcedureCode,
    effect: Effect,
    /// The promised date.
    was_due_at: Timestamp,
    /// The last day of the period, in the agency's time zone.
    was_due_on: Date,
    /// The due instant by the changed law.
    due_at: Timestamp,
    due_on: Date,
    /// When it was decided; null while it is open.
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
        (dossier, course): (DossierId, &Course),
        calendar: &Calendar,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let (was_due_at, due_at) = (course.promised?, due_at?);
        if course.ended && course.decided_at.is_none() {
            return None;
        }
        let until = course.decided_at.unwrap_or(now);
        let was_late_by_s = until.duration_since(was_due_at).as_secs();
        let late_by_s = until.duration_since(due_at).as_secs();
        let effect = match (was_late_by_s > 0, late_by_s > 0) {
            (false, true) => Effect::NewlyLate,
            (true, false) => Effect::NoLongerLate,
            _ if due_at < was_due_at => Effect::Earlier,
            _ => Effect::Later,
        };
        Some(Self {
            dossier,
            code: course.code.clone(),
            procedure: course.procedure.code.clone(),
            effect,
            was_due_at,
            was_due_on: calendar.last_day(was_due_at),
            due_at,
            due_on: calendar.last_day(due_at),
            decided_at: course.decided_at,
            was_late_by_s,
            late_by_s,
        })
    }

    /// Whether its date would move.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.due_at != self.was_due_at
    }

    /// What the changed law would do, if its date moves.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    fn moved_by_s(&self) -> i64 {
        self.due_at.duration_since(self.was_due_at).as_secs()
    }
}

/// Distribution over several dossiers, in hours.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = WhatIfSpread)]
pub struct Spread {
    /// How many dossiers.
    pub dossiers: usize,
    pub median_h: f64,
    pub p90_h: f64,
    pub most_h: f64,
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
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = WhatIfTally)]
pub struct Tally {
    /// Dossiers with a date under both laws.
    pub compared: u64,
    /// Of these, not decided yet.
    pub undecided: u64,
    /// Dossiers without one: not accepted, withdrawn, suspended, set by an officer, or without a
    /// period.
    pub without_date: u64,
    /// Late by their own law.
    pub late_before: u64,
    /// Late by the changed law.
    pub late_after: u64,
    /// By how much earlier the date would be.
    pub moved_earlier: Spread,
    /// By how much later the date would be.
    pub moved_later: Spread,
    /// Late only by the changed law, and by how much.
    pub newly_late: Spread,
    /// Late only by their own law.
    pub no_longer_late: Spread,
    /// Decided in time by the changed law, and by how much.
    pub early_after: Spread,
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
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    procedures: BTreeMap<ProcedureCode, Tally>,
}

impl Report {
    /// The figures by procedure.
    #[must_use]
    pub const fn procedures(&self) -> &BTreeMap<ProcedureCode, Tally> {
        &self.procedures
    }

    pub(super) fn take(&mut self, course: &Course, compared: Option<&Compared>) {
        let code = &course.procedure.code;
        match self.procedures.get_mut(code) {
            Some(tally) => tally.take(compared),
            None => self.procedures.entry(code.clone()).or_default().take(compared),
        }
    }

    pub(super) fn done(mut self) -> Self {
        self.procedures.values_mut().for_each(Tally::done);
        self
    }
}
