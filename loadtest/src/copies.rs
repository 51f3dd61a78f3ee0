//! Multiplies a dossier that was processed by the real program: copies of its events in the log,
//! with different ids, codes and promised dates.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use events::{
    EventStore, Expected, Filter, NewEvent, Position, Recorded, SqliteOptions, StreamName,
};
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Streams written concurrently.
pub(crate) const WRITERS: u64 = 256;

/// A recorded dossier.
#[derive(Clone)]
pub(crate) struct Original {
    id: Uuid,
    code: String,
    due_at: String,
    /// Events by stream, in the order of the streams' first events.
    streams: Vec<(String, Vec<Arc<Recorded>>)>,
}

/// Opens the log of a directory that no process uses.
pub(crate) fn open(data: &Path) -> Result<EventStore> {
    Ok(EventStore::sqlite(&data.join("log.sqlite"), SqliteOptions::default())?)
}

/// All events whose kind has this prefix, in order.
pub(crate) async fn events(store: &EventStore, kind: &str) -> Result<Vec<Arc<Recorded>>> {
    let filter = Filter { kinds: vec![kind.into()] };
    let (mut found, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(after, &filter, 10_000).await?;
        if page.through == after {
            return Ok(found);
        }
        found.extend(page.events);
        after = page.through;
    }
}

impl Original {
    /// Reads a dossier that was promised `due_at`.
    pub(crate) async fn read(store: &EventStore, id: &str, due_at: Timestamp) -> Result<Self> {
        let mut streams: Vec<(String, Vec<Arc<Recorded>>)> = Vec::new();
        for event in events(store, "").await? {
            if event.stream.id() != id {
                continue;
            }
            match streams.iter_mut().find(|(name, _)| name == event.stream.category()) {
                Some((_, stream)) => stream.push(event),
                None => streams.push((event.stream.category().to_owned(), vec![event])),
            }
        }
        let first = streams.first().and_then(|(_, events)| events.first()).context("no dossier")?;
        let submitted: Value = serde_json::from_str(&first.data)?;
        let code = submitted.pointer("/brief/code").and_then(Value::as_str).context("no code")?;
        Ok(Self { id: id.parse()?, code: code.to_owned(), due_at: due_at.to_string(), streams })
    }

    /// Keeps the streams of one category only.
    pub(crate) fn only(&mut self, category: &str) {
        self.streams.retain(|(name, _)| name == category);
    }

    /// The dossier as it was before the first event of this kind; all of it if there is none.
    pub(crate) fn before(&self, kind: &str) -> Self {
        let events = self.streams.iter().flat_map(|(_, events)| events);
        let of_kind = events.filter(|event| event.kind.starts_with(kind));
        let end = of_kind.map(|event| event.position).min();
        let mut earlier = self.clone();
        for (_, events) in &mut earlier.streams {
            events.retain(|event| end.is_none_or(|end| event.position < end));
        }
        earlier.streams.retain(|(_, events)| !events.is_empty());
        earlier
    }

    /// Number of its events.
    pub(crate) fn events(&self) -> usize {
        self.streams.iter().map(|(_, events)| events.len()).sum()
    }

    /// Writes one copy per number, with the promised date `due(number)`.
    pub(crate) async fn write(
        self: &Arc<Self>,
        store: &Arc<EventStore>,
        numbers: std::ops::Range<u64>,
        due: impl Fn(u64) -> Result<Timestamp> + Send + Sync + 'static,
    ) -> Result<()> {
        let (next, due) = (Arc::new(AtomicU64::new(numbers.start)), Arc::new(due));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let (this, store) = (Arc::clone(self), Arc::clone(store));
            let (next, due) = (Arc::clone(&next), Arc::clone(&due));
            writers.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return anyhow::Ok(());
                    }
                    this.copy(&store, number, due(number)?).await?;
                }
            });
        }
        while let Some(writer) = writers.join_next().await {
            writer??;
        }
        Ok(())
    }

    async fn copy(&self, store: &EventStore, number: u64, due_at: Timestamp) -> Result<()> {
        self.copy_as(store, number, vec![(self.due_at.clone(), due_at.to_string())]).await
    }

    /// Writes a copy with another id and code, and with these texts in place of others.
    pub(crate) async fn copy_as(
        &self,
        store: &EventStore,
        number: u64,
        changes: Vec<(String, String)>,
    ) -> Result<()> {
        let anew = |id: Uuid| Uuid::new_v5(&id, &number.to_be_bytes());
        let id = anew(self.id);
        let mut names = vec![
            (self.id.to_string(), id.to_string()),
            (self.code.clone(), format!("{}{number}", self.code)),
        ];
        names.extend(changes);
        let mut written: Vec<(StreamName, Vec<NewEvent>)> = Vec::with_capacity(self.streams.len());
        for (category, events) in &self.streams {
            let stream = StreamName::new(&format!("{category}-{id}"))?;
            let mut copies = Vec::with_capacity(events.len());
            for event in events {
                let meta: Value = serde_json::from_str(&event.meta)?;
                let command = meta.get("command").and_then(Value::as_str).context("no command")?;
                let copy = NewEvent::id_of(&stream, anew(command.parse()?), copies.len());
                names.push((command.to_owned(), anew(command.parse()?).to_string()));
                names.push((event.id.to_string(), copy.to_string()));
                let renamed = |text: &str| {
                    names.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new))
                };
                let (data, meta) = (renamed(&event.data), renamed(&event.meta));
                copies.push(NewEvent { id: copy, kind: event.kind.clone(), data, meta });
            }
            written.push((stream, copies));
        }
        for (stream, events) in written {
            store.append(&stream, Expected::NoStream, events).await?;
        }
        Ok(())
    }
}
