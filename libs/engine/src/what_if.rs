//! Applies a change of the law to all dossiers, and records nothing: who would be late, and whose
//! promised date would move. `dossier whatif` and the operations on what-ifs use it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dossier::clock::Course;
use dossier::contract::{
    AgencyCode, Channel, DossierCode, DossierId, IntakeEvent, Meta, OutageDeclared, ProcedureCode,
    ProcedureRef, RulesIssued,
};
use dossier::law::{Budget, InvalidLaw, Law, Procedure};
use dossier::{LawError, Rule};
use events::{EventStore, Filter, Position, ReadError, Recorded};
use jiff::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{decode, envelope};

mod report;

pub use report::{Compared, Effect, Report, Spread, Tally};

/// Events that are read at once.
const PAGE_EVENTS: usize = 10_000;
/// Pages that are read ahead of the computation.
const PAGES_AHEAD: usize = 2;

/// Why a change cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Law(#[from] LawError),
    #[error("the law of dossier {0} is not loaded")]
    NotLoaded(DossierCode),
    /// More dossiers than the caller permits.
    #[error("more than {0} dossiers would have to be computed")]
    TooMany(u64),
    #[error("the computation was stopped")]
    Stopped,
    /// The dossiers that change cannot be written.
    #[error(transparent)]
    Details(#[from] std::io::Error),
    #[error("the computation failed: {0}")]
    Defect(#[from] tokio::task::JoinError),
}

/// The law as it would be.
#[derive(Debug)]
pub struct WhatIf {
    law: Law,
    /// Changed procedures, by the version that dossiers were received under.
    procedures: BTreeMap<ProcedureRef, Procedure>,
    /// Only this procedure, if one is given.
    only: Option<ProcedureCode>,
    /// Only dossiers of these agencies and those below them, if any are given.
    reach: Option<Vec<AgencyCode>>,
    /// The law without the outage that is tried, if one is.
    without: Option<Law>,
}

/// How far a computation is, for others to see.
#[derive(Debug, Default)]
pub struct Watch {
    through: AtomicU64,
    dossiers: AtomicU64,
}

impl Watch {
    /// The position up to which events were computed.
    #[must_use]
    pub fn through(&self) -> Position {
        Position(self.through.load(Ordering::Relaxed))
    }

    /// Dossiers within reach that were computed so far: those that have ended, and the others at
    /// the end of the log.
    #[must_use]
    pub fn dossiers(&self) -> u64 {
        self.dossiers.load(Ordering::Relaxed)
    }
}

impl WhatIf {
    /// The law as it is.
    #[must_use]
    pub const fn of(law: Law) -> Self {
        Self { law, procedures: BTreeMap::new(), only: None, reach: None, without: None }
    }

    /// A new version of a calendar, for all agencies that use it.
    ///
    /// # Errors
    ///
    /// The file is invalid.
    pub fn calendar(&mut self, issued: &RulesIssued) -> Result<(), InvalidLaw> {
        let next = self.law.next_version(issued.kind, &issued.text);
        let is_law = next.is_some_and(|next| next == issued.version.saturating_add(1));
        if is_law { Ok(()) } else { self.law.apply(issued, None) }
    }

    /// A new version of a procedure, for all its dossiers, whatever its first day.
    ///
    /// # Errors
    ///
    /// The file is invalid.
    pub fn procedure(&mut self, issued: &RulesIssued) -> Result<(), InvalidLaw> {
        self.apply(issued)?;
        let code = ProcedureCode::from(issued.name.as_str());
        let versions = || self.law.procedures().filter(|procedure| procedure.code == code);
        let new = versions().find(|procedure| procedure.version == issued.version).cloned();
        if let Some(new) = new {
            let all: Vec<ProcedureRef> = versions().map(Procedure::reference).collect();
            self.procedures.extend(all.into_iter().map(|version| (version, new.clone())));
        }
        self.only = Some(code);
        Ok(())
    }

    /// Another period of a procedure, for the dossiers of one channel or of all. `None` if there is
    /// no such procedure.
    pub fn period(
        &mut self,
        code: &ProcedureCode,
        channel: Option<Channel>,
        period: Budget,
    ) -> Option<()> {
        let versions = self.law.procedures().filter(|procedure| procedure.code == *code);
        let mut changed: Vec<(ProcedureRef, Procedure)> = Vec::new();
        for version in versions {
            let reference = version.reference();
            let mut one = self.procedures.get(&reference).unwrap_or(version).clone();
            let hit = one.channels.iter().copied();
            let hit: Vec<Channel> =
                hit.filter(|offered| channel.is_none_or(|only| only == *offered)).collect();
            one.clock.budget.extend(hit.into_iter().map(|channel| (channel, period)));
            changed.push((reference, one));
        }
        if changed.is_empty() {
            return None;
        }
        self.procedures.extend(changed);
        self.only = Some(code.clone());
        Some(())
    }

    /// An outage that would be declared at `now`. What it does not move is compared with itself:
    /// dates that differ from the present law for another reason.
    pub fn outage(&mut self, declared: &OutageDeclared, now: Timestamp) {
        self.without = Some(self.law.clone());
        self.law.declare(declared, now);
    }

    /// Only dossiers of these agencies and those below them.
    pub fn within(&mut self, agencies: Vec<AgencyCode>) {
        self.reach = Some(agencies);
    }

    /// A version that is law already is not applied again.
    fn apply(&mut self, issued: &RulesIssued) -> Result<(), InvalidLaw> {
        let is_law = self.law.procedures().any(|procedure| {
            procedure.code.as_str() == issued.name && procedure.version == issued.version
        });
        if is_law { Ok(()) } else { self.law.apply(issued, None) }
    }

    fn rule(&self, course: &Course) -> Option<Rule<'_>> {
        let rule = self.law.rule(&course.procedure, &course.agency, course.promised_at)?;
        let procedure = self.procedures.get(&course.procedure).unwrap_or(rule.procedure);
        Some(Rule { procedure, ..rule })
    }

    /// The date that would be restated, of which `due_at` is the computed one. As
    /// `RestateDeadline` does: no promise is shortened, and a decision in time, or one that stays
    /// late, changes nothing.
    fn restated(
        &self,
        course: &Course,
        due_at: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, LawError> {
        let (Some(law), Some(due), Some(promised)) = (&self.without, due_at, course.promised)
        else {
            return Ok(due_at);
        };
        let rule = law.rule(&course.procedure, &course.agency, course.promised_at);
        let without = rule.map(|rule| course.due_under(rule)).transpose()?.flatten();
        let is_settled = course.decided_at.is_some_and(|at| at <= promised || at > due);
        let moves = without != due_at && due > promised && !is_settled;
        Ok(Some(if moves { due } else { promised }))
    }

    fn reaches(&self, agency: &AgencyCode) -> bool {
        self.reach.as_ref().is_none_or(|reach| reach.iter().any(|own| own.covers(agency)))
    }

    /// Computes all dossiers. At most `dossiers_max` within reach are permitted, and at most as
    /// many open ones at once, wherever they are: they may still be transferred into reach.
    /// `changes` is called for each whose date changes. Stops soon if it is dropped.
    ///
    /// # Errors
    ///
    /// The log cannot be read or decoded, a date cannot be computed, `changes` fails, or there are
    /// too many dossiers.
    pub async fn run(
        self: Arc<Self>,
        store: &EventStore,
        (now, dossiers_max): (Timestamp, u64),
        watch: Arc<Watch>,
        changes: impl FnMut(Compared) -> std::io::Result<()> + Send + 'static,
    ) -> Result<Report, WhatIfError> {
        let (pages, mut received) = mpsc::channel::<Vec<Arc<Recorded>>>(PAGES_AHEAD);
        let seen = Arc::clone(&watch);
        let stop = Stop::default();
        let stopped = Arc::clone(&stop.0);
        let computing = tokio::task::spawn_blocking(move || {
            let limits = (now, dossiers_max, &*stopped);
            let mut computed = Computed::new(&self, limits, &seen, changes);
            while let Some(page) = received.blocking_recv() {
                page.iter().try_for_each(|event| computed.take(event))?;
            }
            computed.done()
        });
        let filter = Filter { kinds: vec!["intake.".into()] };
        let mut after = Position::START;
        loop {
            let page = store.read_all(after, &filter, PAGE_EVENTS).await?;
            if page.through == after {
                break;
            }
            after = page.through;
            // The receiver is gone only if the computation failed, which is reported below.
            if pages.send(page.events).await.is_err() {
                break;
            }
            watch.through.store(after.0, Ordering::Relaxed);
        }
        drop(pages);
        computing.await?
    }
}

/// Stops the computation when it is dropped: a thread cannot be aborted.
#[derive(Debug, Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What was computed up to an event.
struct Computed<'w, F> {
    what_if: &'w WhatIf,
    now: Timestamp,
    dossiers_max: u64,
    /// Whether nobody wants the result any more.
    stopped: &'w AtomicBool,
    watch: &'w Watch,
    changes: F,
    /// Dossiers that have not ended.
    open: HashMap<Uuid, Course>,
    report: Report,
}

impl<'w, F: FnMut(Compared) -> std::io::Result<()>> Computed<'w, F> {
    fn new(
        what_if: &'w WhatIf,
        (now, dossiers_max, stopped): (Timestamp, u64, &'w AtomicBool),
        watch: &'w Watch,
        changes: F,
    ) -> Self {
        let (open, report) = (HashMap::new(), Report::default());
        Self { what_if, now, dossiers_max, stopped, watch, changes, open, report }
    }

    fn goes_on(&self) -> Result<(), WhatIfError> {
        if self.stopped.load(Ordering::Relaxed) { Err(WhatIfError::Stopped) } else { Ok(()) }
    }

    /// Whether there may be one more dossier than so many.
    const fn permitted(&self, before: u64) -> Result<(), WhatIfError> {
        if before < self.dossiers_max {
            Ok(())
        } else {
            Err(WhatIfError::TooMany(self.dossiers_max))
        }
    }

    fn take(&mut self, event: &Recorded) -> Result<(), WhatIfError> {
        self.goes_on()?;
        let Ok(id) = event.stream.id().parse::<Uuid>() else { return Ok(()) };
        let decoded: IntakeEvent = decode(event)?;
        let envelope = envelope(event)?;
        let meta = Meta { id: event.id, version: event.version.0, envelope };
        if let IntakeEvent::DossierSubmitted(submitted) = &decoded {
            let only = self.what_if.only.as_ref();
            if only.is_none_or(|only| *only == submitted.brief.procedure.code) {
                let open = u64::try_from(self.open.len()).unwrap_or(u64::MAX);
                self.permitted(open)?;
                self.open.insert(id, Course::of(submitted, meta.at()));
            }
            return Ok(());
        }
        let Some(course) = self.open.get_mut(&id) else { return Ok(()) };
        course.apply(&decoded, &meta);
        // Ended dossiers are dropped from memory.
        if course.ended
            && let Some(course) = self.open.remove(&id)
        {
            self.compare(id, &course)?;
        }
        Ok(())
    }

    fn compare(&mut self, id: Uuid, course: &Course) -> Result<(), WhatIfError> {
        self.goes_on()?;
        if !self.what_if.reaches(&course.agency) {
            return Ok(());
        }
        self.permitted(self.watch.dossiers.fetch_add(1, Ordering::Relaxed))?;
        let not_loaded = || WhatIfError::NotLoaded(course.code.clone());
        let rule = self.what_if.rule(course).ok_or_else(not_loaded)?;
        let (calendar, due_at) = (rule.calendar, course.due_under(rule)?);
        let due_at = self.what_if.restated(course, due_at)?;
        let compared = Compared::of((DossierId(id), course), calendar, due_at, self.now);
        self.report.take(course, compared.as_ref());
        match compared {
            Some(compared) if compared.changes() => Ok((self.changes)(compared)?),
            _ => Ok(()),
        }
    }

    fn done(mut self) -> Result<Report, WhatIfError> {
        for (id, course) in std::mem::take(&mut self.open) {
            self.compare(id, &course)?;
        }
        Ok(self.report.done())
    }
}

#[cfg(test)]
mod tests {
    use dossier::law::shipped_rules;

    use super::*;

    #[test]
    fn a_computation_that_nobody_waits_for_stops_before_the_next_dossier() {
        let what_if = WhatIf::of(Law::shipped().unwrap());
        let (watch, stop) = (Watch::default(), Stop::default());
        let stopped = Arc::clone(&stop.0);
        let begin = || {
            let limits = (Timestamp::UNIX_EPOCH, 10, &*stopped);
            Computed::new(&what_if, limits, &watch, |_| Ok(()))
        };
        assert!(begin().goes_on().is_ok());
        drop(stop);
        assert!(matches!(begin().goes_on(), Err(WhatIfError::Stopped)));
    }

    #[test]
    fn a_calendar_is_applied_unless_it_is_law_already() {
        let shipped = shipped_rules().unwrap();
        let calendar = shipped.iter().find(|rules| rules.name == "vn").unwrap();
        let mut what_if = WhatIf::of(Law::shipped().unwrap());
        what_if.calendar(calendar).unwrap();
        let next = dossier::law::next_version(&calendar.text);
        let kind = calendar.kind;
        let next = dossier::law::rules(kind, "next", &next).unwrap();
        what_if.calendar(&next).unwrap();
        assert_eq!(what_if.law.next_version(kind, &next.text), Some(next.version + 1));
    }
}
