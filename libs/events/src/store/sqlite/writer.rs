//! The one thread that writes.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lru::LruCache;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::{Shared, recorded, signed, unsigned};
use crate::limits::{GROUP_EVENTS_MAX, VERSIONS_MAX, WAL_BYTES_MAX, WAL_CHECKPOINT_BYTES};
use crate::store::is_same;
use crate::{AppendError, Appended, Expected, NewEvent, Position, Recorded, StreamName, Version};

/// How many groups are committed between two looks at the size of the write-ahead log.
const GROUPS_PER_CHECK: u64 = 32;

#[derive(Debug)]
pub(super) struct Job {
    pub(super) stream: StreamName,
    pub(super) expected: Expected,
    pub(super) events: Vec<NewEvent>,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

type Answer = (oneshot::Sender<Result<Appended, AppendError>>, Result<Appended, AppendError>);

pub(super) struct Writer {
    connection: Connection,
    wal: PathBuf,
    checkpoint: std::sync::mpsc::SyncSender<()>,
    head: Position,
    versions: LruCache<StreamName, u64>,
    shared: Arc<Shared>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        path: &Path,
        head: Position,
        shared: Arc<Shared>,
    ) -> Self {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let versions = NonZeroUsize::new(VERSIONS_MAX).unwrap_or(NonZeroUsize::MIN);
        Self {
            connection,
            wal: PathBuf::from(wal),
            checkpoint: start_checkpoints(path.to_owned()),
            head,
            versions: LruCache::new(versions),
            shared,
        }
    }

    /// Writes group after group until nobody can send any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut events = first.events.len();
            let mut jobs = vec![first];
            while events < GROUP_EVENTS_MAX
                && let Ok(job) = queue.try_recv()
            {
                events += job.events.len();
                jobs.push(job);
            }
            self.write_group(jobs);
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint failed; the next start will do it");
        }
    }

    fn write_group(&mut self, jobs: Vec<Job>) {
        let head = self.head;
        let mut answers: Vec<Answer> = Vec::with_capacity(jobs.len());
        let mut written: Vec<Arc<Recorded>> = Vec::new();
        let mut outcome = self.run_cached("BEGIN IMMEDIATE");
        for job in jobs {
            let answer = match &outcome {
                Ok(()) => match self.append(&job.stream, job.expected, job.events, &mut written) {
                    Ok(answer) => answer,
                    Err(error) => {
                        outcome = Err(error);
                        Err(AppendError::Unavailable(String::new()))
                    }
                },
                Err(_) => Err(AppendError::Unavailable(String::new())),
            };
            answers.push((job.reply, answer));
        }
        match outcome.and_then(|()| self.run_cached("COMMIT")) {
            Ok(()) => self.publish(written),
            Err(error) => {
                self.head = head;
                self.roll_back();
                let reason = error.to_string();
                tracing::error!(%error, "a group of appends failed");
                for (_, answer) in &mut answers {
                    // A refusal read from the rolled-back group may rest on it: only "try again" is true for all.
                    *answer = Err(AppendError::Unavailable(reason.clone()));
                }
            }
        }
        for (reply, answer) in answers {
            // A caller that no longer waits finds its events in the stream.
            let _ = reply.send(answer);
        }
        self.tend_wal();
    }

    fn run_cached(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    fn publish(&self, written: Vec<Arc<Recorded>>) {
        if written.is_empty() {
            return;
        }
        self.shared.groups.fetch_add(1, Ordering::Relaxed);
        self.shared.events.fetch_add(written.len() as u64, Ordering::Relaxed);
        self.shared.tail.extend(written);
        self.shared.head.send_replace(self.head);
    }

    fn roll_back(&mut self) {
        self.versions.clear();
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a rollback failed");
        }
    }

    /// One append inside the open transaction. The outer error fails the whole group.
    fn append(
        &mut self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
        written: &mut Vec<Arc<Recorded>>,
    ) -> rusqlite::Result<Result<Appended, AppendError>> {
        let standing = self.version_of(stream)?;
        let base = match expected {
            Expected::NoStream => 0,
            Expected::At(Version(version)) => version,
        };
        if base != standing {
            return self.same_append(stream, base, standing, &events);
        }
        let first = self.head.0 + 1;
        let mut rows = Vec::with_capacity(events.len());
        for (event, version) in events.into_iter().zip(base + 1..) {
            let position = first + rows.len() as u64;
            let id = event.id;
            match self.insert(position, stream, version, &event) {
                Ok(()) => {}
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    self.connection
                        .prepare_cached("DELETE FROM events WHERE position >= ?1")?
                        .execute([signed(first)])?;
                    return Ok(Err(AppendError::IdReused(id)));
                }
                Err(error) => return Err(error),
            }
            let NewEvent { id, kind, data, meta } = event;
            rows.push(Arc::new(Recorded {
                position: Position(position),
                stream: stream.clone(),
                version: Version(version),
                id,
                kind,
                data,
                meta,
            }));
        }
        let version = base + rows.len() as u64;
        self.head = Position(self.head.0 + rows.len() as u64);
        self.versions.put(stream.clone(), version);
        written.append(&mut rows);
        Ok(Ok(Appended { version: Version(version), position: self.head }))
    }

    fn insert(
        &self,
        position: u64,
        stream: &StreamName,
        version: u64,
        event: &NewEvent,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO events (position, stream, version, id, kind, data, meta)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                signed(position),
                stream.as_str(),
                signed(version),
                event.id.as_bytes().as_slice(),
                &*event.kind,
                event.data,
                event.meta,
            ])?;
        Ok(())
    }

    /// The answer when the stream stands elsewhere: the same append once more, or a refusal.
    fn same_append(
        &self,
        stream: &StreamName,
        base: u64,
        standing: u64,
        events: &[NewEvent],
    ) -> rusqlite::Result<Result<Appended, AppendError>> {
        let recorded: Vec<Recorded> = self
            .connection
            .prepare_cached(
                "SELECT position, stream, version, id, kind, data, meta FROM events
                 WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
            )?
            .query_map(
                params![stream.as_str(), signed(base), signed(events.len() as u64)],
                recorded,
            )?
            .collect::<Result<_, _>>()?;
        if let [.., last] = &recorded[..]
            && recorded.len() == events.len()
            && recorded.iter().zip(events).all(|(a, b)| is_same(a, b))
        {
            return Ok(Ok(Appended { version: last.version, position: last.position }));
        }
        for event in events {
            let known: Option<i64> = self
                .connection
                .prepare_cached("SELECT position FROM events WHERE id = ?1")?
                .query_row([event.id.as_bytes().as_slice()], |row| row.get(0))
                .optional()?;
            if known.is_some() {
                return Ok(Err(AppendError::IdReused(event.id)));
            }
        }
        let actual = (standing > 0).then_some(Version(standing));
        Ok(Err(AppendError::Conflict { actual }))
    }

    fn version_of(&mut self, stream: &StreamName) -> rusqlite::Result<u64> {
        if let Some(version) = self.versions.get(stream) {
            return Ok(*version);
        }
        let version: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(version), 0) FROM events WHERE stream = ?1")?
            .query_row([stream.as_str()], |row| row.get(0))?;
        let version = unsigned(version);
        self.versions.put(stream.clone(), version);
        Ok(version)
    }

    /// Keeps the write-ahead log within its limit: in the background first, and by this thread when that is not
    /// enough.
    fn tend_wal(&self) {
        if !self.shared.groups.load(Ordering::Relaxed).is_multiple_of(GROUPS_PER_CHECK) {
            return;
        }
        let bytes = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        if bytes > WAL_BYTES_MAX {
            if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
                tracing::warn!(%error, "a checkpoint failed; the log goes on growing");
            }
        } else if bytes > WAL_CHECKPOINT_BYTES {
            // Full means that one is on its way.
            let _ = self.checkpoint.try_send(());
        }
    }
}

/// A thread that copies the write-ahead log into the file without holding up the writer; it ends with the writer.
fn start_checkpoints(path: PathBuf) -> std::sync::mpsc::SyncSender<()> {
    let (sender, wake) = std::sync::mpsc::sync_channel::<()>(1);
    let spawned =
        std::thread::Builder::new().name("event-store-checkpoint".to_owned()).spawn(move || {
            let connection = match Connection::open(&path) {
                Ok(connection) => connection,
                Err(error) => return tracing::warn!(%error, "no background checkpoints"),
            };
            while wake.recv().is_ok() {
                if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
                    tracing::warn!(%error, "a background checkpoint failed");
                }
            }
        });
    if let Err(error) = spawned {
        tracing::warn!(%error, "no background checkpoints");
    }
    sender
}
