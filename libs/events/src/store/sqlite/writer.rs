//! The one thread that writes.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lru::LruCache;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::{READ, Shared, recorded, signed, unsigned};
use crate::limits::{GATHER, GATHER_AFTER, GROUP_EVENTS_MAX, VERSIONS_MAX, WAL};
use crate::store::is_same;
use crate::wal::Wal;
use crate::{AppendError, Appended, Expected, NewEvent, Position, Recorded, StreamName, Version};

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
    wal: Wal,
    head: Position,
    standings: LruCache<StreamName, Standing>,
    shared: Arc<Shared>,
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// Its number in the file.
    no: i64,
    version: u64,
}

impl Writer {
    pub(super) fn new(
        mut connection: Connection,
        path: &Path,
        head: Position,
        shared: Arc<Shared>,
    ) -> rusqlite::Result<Self> {
        let wal = Wal::of(&mut connection, path.to_owned(), WAL)?;
        let standings = LruCache::new(NonZeroUsize::new(VERSIONS_MAX).unwrap_or(NonZeroUsize::MIN));
        Ok(Self { connection, wal, head, standings, shared })
    }

    /// Writes group after group until nobody can send any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut last = 0;
        while let Some(first) = queue.blocking_recv() {
            // Under load the next appends are a moment away, and every group costs a sync.
            if GATHER_AFTER.contains(&last) {
                std::thread::park_timeout(GATHER);
            }
            let mut events = first.events.len();
            let mut jobs = vec![first];
            while events < GROUP_EVENTS_MAX
                && let Ok(job) = queue.try_recv()
            {
                events += job.events.len();
                jobs.push(job);
            }
            last = jobs.len();
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
        self.wal.tend(&self.connection);
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
        self.standings.clear();
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
        let begun = match expected {
            // Mostly it is new indeed: its name is asked for by being written.
            Expected::NoStream if !self.standings.contains(stream) => self.begin(stream)?,
            Expected::NoStream | Expected::At(_) => None,
        };
        let standing = match begun {
            Some(_) => None,
            None => self.standing(stream)?,
        };
        let version = standing.map_or(0, |standing| standing.version);
        let base = match expected {
            Expected::NoStream => 0,
            Expected::At(Version(version)) => version,
        };
        if base != version {
            return self.same_append(stream, base, version, &events);
        }
        let Some(no) = standing.map(|standing| standing.no).or(begun) else {
            return Ok(Err(AppendError::Conflict { actual: None }));
        };
        let first = self.head.0 + 1;
        let mut rows = Vec::with_capacity(events.len());
        for (event, version) in events.into_iter().zip(base + 1..) {
            let position = first + rows.len() as u64;
            let id = event.id;
            match self.insert(position, no, version, &event) {
                Ok(()) => {}
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    self.connection
                        .prepare_cached("DELETE FROM events WHERE position >= ?1")?
                        .execute([signed(first)])?;
                    if standing.is_none() {
                        self.connection
                            .prepare_cached("DELETE FROM streams WHERE no = ?1")?
                            .execute([no])?;
                    }
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
        self.standings.put(stream.clone(), Standing { no, version });
        written.append(&mut rows);
        Ok(Ok(Appended { version: Version(version), position: self.head }))
    }

    fn insert(
        &self,
        position: u64,
        stream: i64,
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
                stream,
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
            .prepare_cached(READ)?
            .query_map(
                params![stream.as_str(), signed(base), signed(events.len() as u64)],
                |row| recorded(row, stream),
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

    /// Where a stream stands; nothing if it has not begun.
    fn standing(&mut self, stream: &StreamName) -> rusqlite::Result<Option<Standing>> {
        if let Some(standing) = self.standings.get(stream) {
            return Ok(Some(*standing));
        }
        self.connection
            .prepare_cached(
                "SELECT no, (SELECT max(version) FROM events WHERE stream = no) FROM streams
                 WHERE name = ?1",
            )?
            .query_row([stream.as_str()], |row| {
                Ok(Standing { no: row.get(0)?, version: unsigned(row.get(1)?) })
            })
            .optional()
    }

    /// The number of a stream that begins; nothing if it has begun before.
    fn begin(&self, stream: &StreamName) -> rusqlite::Result<Option<i64>> {
        let changed = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO streams (name) VALUES (?1)")?
            .execute([stream.as_str()])?;
        Ok((changed == 1).then(|| self.connection.last_insert_rowid()))
    }
}
