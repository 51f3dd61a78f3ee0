//! The store in memory: the simplest implementation of the contract.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::event::fill;
use crate::{
    AppendError, Appended, Expected, Filter, NewEvent, Page, Position, Recorded, Stats, StreamName,
    Version,
};

/// See [`crate::EventStore::memory`].
#[derive(Debug)]
pub struct Memory {
    id: Uuid,
    log: Mutex<Log>,
    head: watch::Sender<Position>,
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<Arc<Recorded>>,
    streams: HashMap<StreamName, Vec<usize>>,
    ids: HashMap<Uuid, usize>,
    groups: u64,
}

impl Memory {
    pub(super) fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let serial = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, &serial.to_be_bytes());
        Self { id, log: Mutex::default(), head: watch::Sender::new(Position::START) }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Code that holds the lock does not panic between two related changes.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let appended = self.log().append(stream, expected, events)?;
        self.head.send_if_modified(|head| {
            let later = appended.position > *head;
            *head = appended.position.max(*head);
            later
        });
        Ok(appended)
    }

    pub(super) fn read(&self, stream: &StreamName, after: Version, limit: usize) -> Vec<Recorded> {
        let log = self.log();
        let indices = log.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let from = usize::try_from(after.0).unwrap_or(usize::MAX).min(indices.len());
        let events = fill(indices[from..].iter().map(|index| &*log.events[*index]), limit);
        events.into_iter().cloned().collect()
    }

    pub(super) fn last(&self, stream: &StreamName) -> Option<Recorded> {
        let log = self.log();
        let index = *log.streams.get(stream)?.last()?;
        Some((*log.events[index]).clone())
    }

    pub(super) fn read_all(&self, after: Position, filter: &Filter, limit: usize) -> Page {
        let log = self.log();
        let from = usize::try_from(after.0).unwrap_or(usize::MAX).min(log.events.len());
        Page::of(after, log.events[from..].iter().take(limit), filter)
    }

    pub(super) fn read_back(&self, through: Position, limit: usize) -> Vec<Recorded> {
        let log = self.log();
        let behind = usize::try_from(through.0).unwrap_or(usize::MAX).min(log.events.len());
        let events = fill(log.events[..behind].iter().rev().map(|event| &**event), limit);
        events.into_iter().cloned().collect()
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn stats(&self) -> Stats {
        let log = self.log();
        Stats { groups: log.groups, events: log.events.len() as u64, ..Stats::default() }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }
}

impl Log {
    fn append(
        &mut self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let standing = self.streams.get(stream).map_or(0, Vec::len);
        let base = match expected {
            Expected::NoStream => 0,
            // No event has version zero.
            Expected::At(Version(0)) => usize::MAX,
            Expected::At(Version(version)) => usize::try_from(version).unwrap_or(usize::MAX),
        };
        if base != standing {
            return self.same_append(stream, base, &events);
        }
        if let Some(event) = events.iter().enumerate().find_map(|(index, event)| {
            let earlier = events[..index].iter().any(|other| other.id == event.id);
            (earlier || self.ids.contains_key(&event.id)).then_some(event)
        }) {
            return Err(AppendError::IdReused(event.id));
        }
        let mut version = Version(standing as u64);
        for event in events {
            let index = self.events.len();
            version = Version(version.0 + 1);
            self.ids.insert(event.id, index);
            self.streams.entry(stream.clone()).or_default().push(index);
            self.events.push(Arc::new(Recorded {
                position: Position(index as u64 + 1),
                stream: stream.clone(),
                version,
                id: event.id,
                kind: event.kind,
                data: event.data,
                meta: event.meta,
            }));
        }
        self.groups += 1;
        Ok(Appended { version, position: Position(self.events.len() as u64) })
    }

    /// The result if the stream is not at `base`: the same append again, or a conflict.
    fn same_append(
        &self,
        stream: &StreamName,
        base: usize,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let indices = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let standing = indices.get(base..base.saturating_add(events.len())).unwrap_or(&[]);
        let recorded: Vec<&Recorded> = standing.iter().map(|i| &*self.events[*i]).collect();
        if let [.., last] = recorded[..]
            && recorded.iter().zip(events).all(|(a, b)| super::is_same(a, b))
        {
            return Ok(Appended { version: last.version, position: last.position });
        }
        match events.iter().find(|event| self.ids.contains_key(&event.id)) {
            Some(event) => Err(AppendError::IdReused(event.id)),
            None => {
                let actual = indices.last().map(|index| self.events[*index].version);
                Err(AppendError::Conflict { actual })
            }
        }
    }
}
