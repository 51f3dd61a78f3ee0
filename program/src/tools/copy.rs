//! `dossier copy`: copies a log to another event store in commit order, for example from SQLite to
//! a server. Events that the target already has are compared, so an interrupted copy continues when
//! it is started again.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Parser;
use events::{EventStore, Expected, Filter, NewEvent, Position, Recorded, StreamName, Version};

/// Events per page.
const PAGE: usize = 500;

/// Copy a log from one event store to another.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Source, for example `sqlite:dossier-data/log.sqlite`. It is only read. Events that are
    /// appended meanwhile are copied by the next copy.
    from: String,
    /// Target: empty, or with the beginning of the same log.
    to: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let from = EventStore::open_read_only(&arguments.from).await;
    let from = from.context("source store")?;
    let to = EventStore::open(&arguments.to).await.context("target store")?;
    let Copied { before, written } = copy(&from, &to).await?;
    let mut out = std::io::stdout().lock();
    Ok(writeln!(
        out,
        "{before} events were already there, {written} were copied; all are identical"
    )?)
}

/// Result of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Events that the target already had.
    pub before: u64,
    /// Events written.
    pub written: u64,
}

/// Copies the events that `to` lacks, and compares all others.
pub async fn copy(from: &EventStore, to: &EventStore) -> Result<Copied> {
    copy_with(from, to, |_| Ok(())).await
}

/// The same; `before_each` is called with each page before it is written, and can refuse it.
pub(crate) async fn copy_with(
    from: &EventStore,
    to: &EventStore,
    mut before_each: impl FnMut(&[Arc<Recorded>]) -> Result<()>,
) -> Result<Copied> {
    let mut source = Pages::new(from);
    let before = compare(&mut source, to, Position::START).await?;
    let copied = to.head();
    let mut written = 0;
    let mut missing = source.take().await?;
    while !missing.is_empty() {
        before_each(&missing)?;
        // If an append fails, the copy ends; the next one compares what was written.
        let appended = to.append_in_order(missing.iter().map(|event| append(event)).collect());
        if let Err((place, error)) = appended.await {
            let event = missing.get(place).map(|event| (&event.stream, event.position.0));
            let (stream, position) = event.context("an append that was not made")?;
            return Err(error).with_context(|| format!("{stream} at {position}"));
        }
        written += missing.len() as u64;
        missing = source.take().await?;
    }
    // Read back what was written, to verify content and order.
    let mut source = Pages::new(from);
    source.skip(before).await?;
    let compared = compare(&mut source, to, copied).await?;
    if compared != written {
        bail!("{written} events were written, but {compared} can be read back");
    }
    Ok(Copied { before, written })
}

fn append(event: &Recorded) -> (StreamName, Expected, Vec<NewEvent>) {
    let Recorded { stream, id, kind, data, meta, version, .. } = event.clone();
    let expected = match version.0.checked_sub(1) {
        None | Some(0) => Expected::NoStream,
        Some(before) => Expected::At(Version(before)),
    };
    (stream, expected, vec![NewEvent { id, kind, data, meta }])
}

/// Number of events after `after` in `to` that equal the next ones of the source.
async fn compare(source: &mut Pages<'_>, to: &EventStore, after: Position) -> Result<u64> {
    let mut copies = Pages { after, ..Pages::new(to) };
    let mut same = 0;
    while let Some(copy) = copies.next().await? {
        let Some(original) = source.next().await? else {
            bail!("{} at {} is not in the source store", copy.stream, copy.position.0);
        };
        let differs = original.stream != copy.stream
            || original.version != copy.version
            || original.id != copy.id
            || original.kind != copy.kind
            || original.data != copy.data
            || original.meta != copy.meta;
        if differs {
            bail!(
                "the target has {} version {} in place of {} version {}; copy into an empty store",
                copy.stream,
                copy.version.0,
                original.stream,
                original.version.0
            );
        }
        same += 1;
    }
    Ok(same)
}

/// Iterates over the events of a log.
struct Pages<'a> {
    store: &'a EventStore,
    after: Position,
    page: VecDeque<Arc<Recorded>>,
}

impl<'a> Pages<'a> {
    const fn new(store: &'a EventStore) -> Self {
        Self { store, after: Position::START, page: VecDeque::new() }
    }

    async fn fill(&mut self) -> Result<()> {
        if self.page.is_empty() {
            let page = self.store.read_all(self.after, &Filter::default(), PAGE).await?;
            self.after = page.through;
            self.page.extend(page.events);
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Arc<Recorded>>> {
        self.fill().await?;
        Ok(self.page.pop_front())
    }

    /// The rest of this page, or the next one.
    async fn take(&mut self) -> Result<Vec<Arc<Recorded>>> {
        self.fill().await?;
        Ok(self.page.drain(..).collect())
    }

    async fn skip(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            self.next().await?;
        }
        Ok(())
    }
}
