//! Keeps the lists up to date: a page of events is sorted by dossier, the states of each are
//! brought up to date in memory, and its row is written once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::law::Law;
use dossier::services::Category;
use engine::Engine;
use engine::overview::events_of;
use engine::tasks::{Handled, Handler, Rest, Rows, Stalled, Work};
use engine::view::{Question, View};
use events::{Page, Position, Recorded};
use futures_util::{StreamExt, TryStreamExt, stream};
use rusqlite::OptionalExtension;

use super::anew::{self, Batch, Due, Plan};
use super::fold::{Cache, Folded, Seen, Touched};
use super::limits::{READS_AT_ONCE, SPLIT_FROM};
use super::{Change, LabelKey, ListedRow, write};

/// The first event of a dossier.
const FIRST: &str = "intake.DossierSubmitted.v1";

/// Keeps the view of lists.
#[derive(Debug)]
pub(crate) struct Lists {
    engine: Arc<Engine>,
    view: Arc<View>,
    labels: LabelKey,
    cache: Cache,
    /// The end of the newest page that was handled.
    through: Position,
    /// Rows to derive anew; `None` until it is read from the view.
    plan: Option<Plan>,
    /// Rows that were derived anew and not written yet.
    derived: Option<(Batch, Vec<Change>)>,
    /// The batch that is being written, and the last row of it.
    writing: Option<(Due, Option<i64>)>,
}

impl Handler for Lists {
    fn needs_rows(&self) -> bool {
        self.plan.as_ref().is_none_or(|plan| plan.due(self.engine.clock.now()).is_some())
    }

    /// Derives a batch of rows anew, if any are due.
    async fn prepare(&mut self) -> Result<bool, Stalled> {
        self.derived = self.derive_anew().await?;
        Ok(self.derived.is_some())
    }

    async fn handle(&mut self, after: Position, page: Page) -> Result<Handled, Stalled> {
        if after < self.through {
            // The rows of the last page were not written; what is in memory is ahead of them.
            self.cache.clear();
        }
        self.through = page.through;
        let due = self.plan(&page.events).await?;
        let touched = self.touched(page.events).await?;
        let changes = self.fold(touched).await?;
        Ok(Handled::Rows(Box::new(move |tables| {
            due.iter().try_for_each(|due| anew::note(tables, due))?;
            changes.iter().try_for_each(|change| write(tables, change))
        })))
    }

    async fn rest(&mut self, _at: Position) -> Result<Rest, Stalled> {
        let plan = self.plan.as_ref();
        if plan.is_some_and(|plan| plan.due(self.engine.clock.now()).is_some()) {
            return Ok(Rest::More);
        }
        Ok(Rest::Until { wake_at: plan.and_then(Plan::next), save: false })
    }

    async fn state(&mut self) -> Result<Rows, Stalled> {
        let derived = self.derived.take();
        self.writing = derived.as_ref().map(|(batch, _)| (batch.due.clone(), batch.through));
        Ok(Box::new(move |tables| {
            let Some((batch, changes)) = derived else { return Ok(()) };
            anew::write(tables, (&batch.due, batch.through), &changes)
        }))
    }

    fn saved(&mut self) {
        if let (Some((due, through)), Some(plan)) = (self.writing.take(), &mut self.plan) {
            plan.written(&due, through);
        }
    }
}

impl Lists {
    pub(super) fn new(engine: &Arc<Engine>, view: &Arc<View>, labels: LabelKey) -> Self {
        let (engine, view) = (Arc::clone(engine), Arc::clone(view));
        let (cache, through) = (Cache::new(), Position::START);
        Self { engine, view, labels, cache, through, plan: None, derived: None, writing: None }
    }

    /// Adds what follows from events of the law to the plan, and returns it.
    async fn plan(&mut self, events: &[Arc<Recorded>]) -> Result<Vec<Due>, Stalled> {
        let is_of_law = |event: &&Arc<Recorded>| event.kind.starts_with("law.");
        if !events.iter().any(|event| is_of_law(&event)) {
            return Ok(Vec::new());
        }
        self.engine.catch_up_law().await?;
        let law = self.engine.law();
        let of_law = events.iter().filter(is_of_law);
        let due: Vec<Due> = of_law.flat_map(|event| anew::follows(&law, event)).collect();
        let plan = self.read_plan().await?;
        for due in &due {
            plan.add(due.clone());
        }
        Ok(due)
    }

    async fn read_plan(&mut self) -> Result<&mut Plan, Stalled> {
        let plan = match self.plan.take() {
            Some(plan) => plan,
            None => self.view.query(Question::LookUp, Plan::read).await?,
        };
        Ok(self.plan.insert(plan))
    }

    /// The next batch of rows that are due to be derived anew, each by the law of now.
    async fn derive_anew(&mut self) -> Result<Option<(Batch, Vec<Change>)>, Stalled> {
        let now = self.engine.clock.now();
        let plan = self.read_plan().await?;
        let Some((due, after)) = plan.due(now).map(|(due, after)| (due.clone(), after)) else {
            return Ok(None);
        };
        let batch =
            self.view.query(Question::LookUp, move |tables| anew::batch(tables, due, after));
        let batch = batch.await?;
        for dossier in &batch.dossiers {
            // Its row in memory would no longer be the one that is written.
            drop(self.cache.take(*dossier));
        }
        let read = self.read(batch.dossiers.iter().copied().collect()).await?;
        let law = self.engine.law();
        let change = |folded: Folded| {
            let labels = self.labels.digests(&folded.states.notes);
            let row =
                ListedRow::of(&folded.states, &law, now)?.labelled(labels).reflecting(folded.seen);
            Some(Change { before: None, row })
        };
        Ok(Some((batch, read.into_values().filter_map(change).collect())))
    }

    /// The dossiers of a page, each with its state before the page and its events. Left out are
    /// those whose row reflects the events already.
    async fn touched(&mut self, events: Vec<Arc<Recorded>>) -> Result<Vec<Touched>, Stalled> {
        let mut of: BTreeMap<DossierId, Vec<Arc<Recorded>>> = BTreeMap::new();
        for event in events {
            let category = Category::named(event.stream.category());
            let is_ours = category.is_some_and(|one| Category::OF_A_DOSSIER.contains(&one));
            if let Some(dossier) = event.stream.id().parse().ok().filter(|_| is_ours) {
                of.entry(dossier).or_default().push(event);
            }
        }
        let is_new = |events: &[Arc<Recorded>]| events.first().is_some_and(|e| &*e.kind == FIRST);
        let unknown: Vec<DossierId> =
            of.keys().copied().filter(|id| !self.cache.has(*id)).collect();
        let mut seen = self.seen(unknown).await?;
        let mut reads = BTreeSet::new();
        of.retain(|dossier, events| {
            if self.cache.has(*dossier) {
                return true;
            }
            let known = seen.remove(dossier);
            let is_done = known.is_some_and(|seen| events.iter().all(|event| seen.has(event)));
            if !is_done && (known.is_some() || !is_new(events)) {
                reads.insert(*dossier);
            }
            !is_done
        });
        let mut read = self.read(reads).await?;
        let touched = of.into_iter().map(|(dossier, events)| {
            let folded = self.cache.take(dossier).or_else(|| read.remove(&dossier));
            Touched { dossier, folded: folded.unwrap_or_default(), events }
        });
        Ok(touched.collect())
    }

    /// Which events the rows of these dossiers reflect.
    async fn seen(&self, dossiers: Vec<DossierId>) -> Result<BTreeMap<DossierId, Seen>, Stalled> {
        if dossiers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let seen = self.view.query(Question::LookUp, move |tables| {
            let mut statement = tables.prepare_cached("SELECT seen FROM dossiers WHERE id = ?1")?;
            let mut found = BTreeMap::new();
            for dossier in dossiers {
                let seen =
                    statement.query_row([dossier.0.as_bytes()], |row| row.get(0)).optional()?;
                found.extend(seen.map(|seen: Vec<u8>| (dossier, Seen::of(&seen))));
            }
            Ok(found)
        });
        Ok(seen.await?)
    }

    /// Reads dossiers from the store.
    async fn read(
        &self,
        dossiers: BTreeSet<DossierId>,
    ) -> Result<BTreeMap<DossierId, Folded>, Stalled> {
        let reads = dossiers.into_iter().map(|dossier| {
            let engine = Arc::clone(&self.engine);
            async move { Ok::<_, Stalled>((dossier, events_of(&engine.store, dossier).await?)) }
        });
        let reads = stream::iter(reads.collect::<Vec<_>>());
        let read: Vec<_> = reads.buffered(READS_AT_ONCE).try_collect().await?;
        let mut folded = BTreeMap::new();
        for (dossier, events) in read {
            let mut one = Folded::default();
            for event in &events {
                take(&self.engine, &mut one, event);
            }
            one.states.drop_content();
            folded.insert(dossier, one);
        }
        Ok(folded)
    }

    /// Applies the events, and returns the rows that changed.
    async fn fold(&mut self, touched: Vec<Touched>) -> Result<Vec<Change>, Stalled> {
        let events: usize = touched.iter().map(|one| one.events.len()).sum();
        let halves = if events < SPLIT_FROM { 1 } else { 2 };
        let mut parts: Vec<Vec<Touched>> = (0..halves).map(|_| Vec::new()).collect();
        for (place, one) in touched.into_iter().enumerate() {
            if let Some(part) = parts.get_mut(place % halves) {
                part.push(one);
            }
        }
        let law = self.engine.law();
        let folding: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let (engine, law) = (Arc::clone(&self.engine), Arc::clone(&law));
                let labels = self.labels.clone();
                tokio::task::spawn_blocking(move || {
                    part.into_iter()
                        .map(|one| fold(&engine, (&law, &labels), one))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let mut changes = Vec::new();
        for folded in folding {
            let folded = folded.await.map_err(|error| Stalled::Defect(error.to_string()))?;
            for (dossier, folded, change) in folded {
                self.cache.put(dossier, folded);
                changes.extend(change);
            }
        }
        Ok(changes)
    }
}

/// Applies the events of a dossier; returns its row if it changed.
fn fold(
    engine: &Engine,
    (law, labels): (&Law, &LabelKey),
    touched: Touched,
) -> (DossierId, Folded, Option<Change>) {
    let Touched { dossier, mut folded, events } = touched;
    for event in &events {
        take(engine, &mut folded, event);
    }
    folded.states.drop_content();
    let row = ListedRow::of(&folded.states, law, engine.clock.now());
    let row =
        row.map(|row| row.labelled(labels.digests(&folded.states.notes)).reflecting(folded.seen));
    let change = row.filter(|row| folded.written.as_ref() != Some(row)).map(|row| {
        let before = folded.written.replace(row.clone());
        Change { before, row }
    });
    (dossier, folded, change)
}

/// Applies an event. One that cannot be decoded is left out, as in all views.
fn take(engine: &Engine, folded: &mut Folded, event: &Recorded) {
    if let Err(error) = folded.take(event) {
        let kind = &*event.kind;
        tracing::error!(view = "lists", kind, %error, "event could not be projected; left out of the view");
        engine.metrics.defect(Work::Shows.name());
    }
}

#[cfg(test)]
mod tests {
    use dossier::contract::{EventSet, IntakeEvent};

    use super::*;

    #[test]
    fn a_dossier_begins_with_a_kind_of_event_that_there_is() {
        assert!(IntakeEvent::KINDS.contains(&FIRST));
    }
}
