//! `dossier copy`: moves a log to another event store, event by event in commit order, so that what was begun in a file goes
//! on on a server. What stands there already is compared and not written again: a copy that broke off is taken up by
//! starting it again.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Parser;
use events::{EventStore, Expected, Filter, NewEvent, Position, Recorded, StreamName, Version};

/// Events compared or written at once.
const PAGE: usize = 500;

/// Move a log from one event store to another.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// The store to copy, for example `sqlite:dossier-data/log.sqlite`. It is only read: what somebody adds to it meanwhile is
    /// copied by the next copy.
    from: String,
    /// The store to copy to, empty or with the beginning of the same log.
    to: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let from = EventStore::open_read_only(&arguments.from).await;
    let from = from.context("the store to copy")?;
    let to = EventStore::open(&arguments.to).await.context("the store to copy to")?;
    let Copied { before, written } = copy(&from, &to).await?;
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "{before} events stood there, {written} were copied; all are the same")?)
}

/// What a copy came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many stood there before.
    pub before: u64,
    /// How many were written.
    pub written: u64,
}

/// Copies what is missing at the end of `to`, and compares everything.
pub async fn copy(from: &EventStore, to: &EventStore) -> Result<Copied> {
    let mut source = Pages::new(from);
    let before = compare(&mut source, to, Position::START).await?;
    let copied = to.head();
    let mut written = 0;
    let mut missing = source.take().await?;
    while !missing.is_empty() {
        // If one fails the copy ends, and the next one compares what stands.
        let appended = to.append_in_order(missing.iter().map(|event| append(event)).collect());
        if let Err((place, error)) = appended.await {
            let event = missing.get(place).map(|event| (&event.stream, event.position.0));
            let (stream, position) = event.context("an append that was not made")?;
            return Err(error).with_context(|| format!("{stream} at {position}"));
        }
        written += missing.len() as u64;
        missing = source.take().await?;
    }
    // Once more what was written now: that it stands there in the same order is seen and not assumed.
    let mut source = Pages::new(from);
    source.skip(before).await?;
    let compared = compare(&mut source, to, copied).await?;
    if compared != written {
        bail!("{written} events were written, {compared} stand there");
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

/// How many events behind `after` in `to` are the next of the source.
async fn compare(source: &mut Pages<'_>, to: &EventStore, after: Position) -> Result<u64> {
    let mut copies = Pages { after, ..Pages::new(to) };
    let mut same = 0;
    while let Some(copy) = copies.next().await? {
        let Some(original) = source.next().await? else {
            bail!("{} at {} is not in the store to copy", copy.stream, copy.position.0);
        };
        let differs = original.stream != copy.stream
            || original.version != copy.version
            || original.id != copy.id
            || original.kind != copy.kind
            || original.data != copy.data
            || original.meta != copy.meta;
        if differs {
            bail!(
                "{} version {} stands where {} version {} belongs; copy to an empty store",
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

/// The events of a log, one after the other.
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

    /// The next page, or what is left of this one.
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
