//! Summary of a replay, counted from the log that it wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;
use dossier::contract::{EventSet, IntakeEvent};
use events::{EventStore, Filter, Position};
use serde::Serialize;

use super::RefusedActivity;
use super::cases::Case;

/// Summary of a replay.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub dossiers: usize,
    pub closed: usize,
    /// Missed deadlines, without withdrawn ones.
    pub deadlines_missed: usize,
    /// Of these, dossiers that were closed afterwards.
    pub missed_closed_late: usize,
    /// Of these, dossiers that are still open.
    pub missed_still_open: usize,
    /// Open dossiers whose deadline has not come.
    pub open_not_due: usize,
    pub activities: usize,
    /// Activities after their dossier was closed.
    pub activities_refused: usize,
    /// Misses that were recorded at another instant than the deadline.
    #[serde(skip)]
    pub recorded_late: usize,
    /// The refused activities.
    #[serde(skip)]
    pub refused: Vec<RefusedActivity>,
}

pub(super) async fn of(
    store: &EventStore,
    cases: &[Case],
    refused: Vec<RefusedActivity>,
) -> Result<Summary> {
    let (mut submitted, mut closed) = (BTreeSet::new(), BTreeSet::new());
    let (mut missed, mut recorded_late) = (BTreeMap::new(), 0);
    let filter = Filter { kinds: vec!["intake.".into()] };
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &filter, 10_000).await?;
        if page.through == after {
            break;
        }
        after = page.through;
        for event in page.events {
            let dossier = event.stream.id().to_owned();
            let meta: dossier::contract::Envelope = serde_json::from_str(&event.meta)?;
            match IntakeEvent::decode(&event.kind, &event.data)? {
                IntakeEvent::DossierSubmitted(_) => _ = submitted.insert(dossier),
                IntakeEvent::DossierClosed(_) => _ = closed.insert(dossier),
                IntakeEvent::DeadlineMissed(miss) => {
                    recorded_late += usize::from(miss.due_at != meta.at || miss.late_by_ms != 0);
                    missed.insert(dossier, miss.due_at);
                }
                IntakeEvent::DeadlineMissWithdrawn(_) => _ = missed.remove(&dossier),
                _ => {}
            }
        }
    }
    let missed_closed_late = missed.keys().filter(|dossier| closed.contains(*dossier)).count();
    let open = submitted.iter().filter(|dossier| !closed.contains(*dossier));
    Ok(Summary {
        dossiers: submitted.len(),
        closed: closed.len(),
        deadlines_missed: missed.len(),
        missed_closed_late,
        missed_still_open: missed.len() - missed_closed_late,
        open_not_due: open.filter(|dossier| !missed.contains_key(*dossier)).count(),
        activities: cases.iter().map(|case| case.activities.len()).sum(),
        activities_refused: refused.len(),
        recorded_late,
        refused,
    })
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "dossiers              {:>6}", self.dossiers)?;
        writeln!(f, "  closed              {:>6}", self.closed)?;
        writeln!(f, "  open, not yet due   {:>6}", self.open_not_due)?;
        writeln!(f, "deadlines missed      {:>6}", self.deadlines_missed)?;
        writeln!(f, "  closed late         {:>6}", self.missed_closed_late)?;
        writeln!(f, "  still open          {:>6}", self.missed_still_open)?;
        writeln!(f, "  recorded later      {:>6}", self.recorded_late)?;
        writeln!(f, "activities            {:>6}", self.activities)?;
        write!(f, "  refused (closed)    {:>6}", self.activities_refused)
    }
}
