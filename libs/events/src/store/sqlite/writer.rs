//! The writer thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lru::LruCache;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::append::Tried;
use super::fault::{Fault, fault};
use super::file::Opened;
use super::{Options, Shared, unsigned};
use crate::limits::{
    APPEND_QUEUE_MAX, GATHER, GATHER_AFTER, GROUP_BYTES_MAX, GROUP_EVENTS_MAX, PROBE_BYTES,
    VERSIONS_MAX,
};
use crate::store::room::Taken;
use crate::wal::Wal;
use crate::{
    AppendError, Appended, Cause, Expected, NewEvent, Position, Recorded, StreamName, Unwritable,
};

/// A job of the writer.
#[derive(Debug)]
pub(super) enum Job {
    Append(Append),
    /// Tests whether the log is writable.
    Probe(oneshot::Sender<Result<(), Unwritable>>),
}

#[derive(Debug)]
pub(super) struct Append {
    pub(super) stream: StreamName,
    pub(super) expected: Expected,
    pub(super) events: Vec<NewEvent>,
    pub(super) taken: Taken,
    pub(super) reply: oneshot::Sender<Outcome>,
}

impl Job {
    /// Number of events, and their bytes.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Append(append) => (append.events.len(), append.taken.bytes),
            Self::Probe(_) => (0, 0),
        }
    }

    // The caller may have given up; it finds its events in the stream.
    fn refuse(self, failed: &Failed) {
        match self {
            Self::Append(append) => drop(append.reply.send(Err(failed.answer()))),
            Self::Probe(reply) => drop(reply.send(Err(failed.why()))),
        }
    }
}

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// A statement failed.
    Sql(Unwritable),
    Unwritable(Unwritable),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        let (fault, cause) = (fault(&error), Cause::new(error));
        Self::Sql(match fault {
            Fault::Locked => Unwritable::Locked(cause),
            Fault::Full => Unwritable::Full(cause),
            Fault::ReadOnly => Unwritable::ReadOnly(cause),
            Fault::Disk => Unwritable::Broken(cause),
            Fault::Corrupt => Unwritable::Corrupt(cause),
            Fault::Refused => Unwritable::Refused(cause),
            Fault::Passing => Unwritable::Silent(cause),
        })
    }
}

impl Failed {
    fn why(&self) -> Unwritable {
        match self {
            Self::Unwritable(why) | Self::Sql(why) => why.clone(),
        }
    }

    fn answer(&self) -> AppendError {
        self.why().into()
    }
}

pub(super) type Outcome = Result<Appended, AppendError>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    wal: Wal,
    /// This writer's epoch; a higher one in the file belongs to a later writer.
    epoch: i64,
    pub(super) head: Position,
    /// SQLite's `PRAGMA data_version`: changes when another connection changes the file.
    data_version: i64,
    pub(super) standings: LruCache<StreamName, Standing>,
    /// Events of a failed commit; the next transaction finds out whether they were written.
    unsure: Vec<Arc<Recorded>>,
    shared: Arc<Shared>,
}

/// State of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) no: i64,
    pub(super) version: u64,
}

impl Writer {
    pub(super) fn new(
        opened: Opened,
        path: &Path,
        options: Options,
    ) -> rusqlite::Result<(Self, Arc<Shared>)> {
        let Opened { mut connection, epoch, head, .. } = opened;
        let wal = Wal::of(&mut connection, path.to_owned(), options.wal)?;
        let head = Position(unsigned(head));
        let shared = Arc::new(Shared::new(head, Some(wal.state())));
        let standings = LruCache::new(VERSIONS_MAX);
        let (data_version, unsure) = (0, Vec::new());
        let told = Arc::clone(&shared);
        let writer = Self { connection, wal, epoch, head, data_version, standings, unsure, shared };
        Ok((writer, told))
    }

    /// Writes groups until all senders are gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut last = 0;
        while let Some(first) = queue.blocking_recv() {
            // Under load, further appends arrive within moments, and every group costs a sync.
            if GATHER_AFTER.contains(&last) {
                std::thread::park_timeout(GATHER);
            }
            let (mut events, mut bytes) = first.size();
            let mut jobs = vec![first];
            while events < GROUP_EVENTS_MAX
                && bytes < GROUP_BYTES_MAX
                && let Ok(job) = queue.try_recv()
            {
                let more = job.size();
                (events, bytes) = (events + more.0, bytes + more.1);
                jobs.push(job);
            }
            last = jobs.len();
            if let Err(failed) = self.write_group(jobs) {
                refuse_waiting(&failed, &mut queue);
            }
        }
        if self.shared.taken_over.get().is_none() {
            self.finish();
        }
    }

    fn finish(&self) {
        // A reader may block the last checkpoint; the next start performs it.
        let finished = self
            .connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
        if let Err(error) = finished {
            tracing::warn!(%error, "checkpoint at shutdown failed; it is done at the next start");
        }
    }

    fn write_group(&mut self, jobs: Vec<Job>) -> Result<(), Failed> {
        let (mut appends, mut probes) = (Vec::with_capacity(jobs.len()), Vec::new());
        for job in jobs {
            match job {
                Job::Append(append) => appends.push(append),
                Job::Probe(reply) => probes.push(reply),
            }
        }
        let probed = !probes.is_empty();
        let mut tried = self.try_group(&appends, probed, Writer::append);
        if matches!(tried, Ok(None)) {
            // Rolling back is rare, so it is cheaper than savepoints.
            self.roll_back();
            tried = self.try_group(&appends, probed, Writer::append_carefully);
        }
        let half =
            || Failed::Unwritable(Unwritable::Refused(Cause::new("half of a group was written")));
        match tried.and_then(|answers| answers.ok_or_else(half)) {
            Ok(answers) => {
                for (append, answer) in appends.into_iter().zip(answers) {
                    // A caller that no longer waits finds its events in the stream.
                    drop(append.reply.send(answer));
                }
                for reply in probes {
                    drop(reply.send(Ok(())));
                }
                self.wal.tend(&self.connection);
                Ok(())
            }
            Err(failed) => {
                self.roll_back();
                if let Failed::Sql(error) = &failed {
                    tracing::error!(%error, "transaction of grouped appends failed");
                }
                // A refusal within the rolled-back group may depend on it; only the failure is
                // valid for all.
                let jobs = appends.into_iter().map(Job::Append);
                jobs.chain(probes.into_iter().map(Job::Probe)).for_each(|job| job.refuse(&failed));
                Err(failed)
            }
        }
    }

    /// Commits a group; `None` if one of its appends was refused after some rows were written.
    fn try_group(
        &mut self,
        appends: &[Append],
        probed: bool,
        append: fn(&mut Self, &Append, &mut Vec<Arc<Recorded>>) -> rusqlite::Result<Tried>,
    ) -> Result<Option<Vec<Outcome>>, Failed> {
        self.begin_group()?;
        let (head, mut written) = (self.head, Vec::new());
        let mut write = || -> rusqlite::Result<Option<Vec<Outcome>>> {
            let mut answers = Vec::with_capacity(appends.len());
            for each in appends {
                match append(self, each, &mut written)? {
                    Tried::Whole(answer) => answers.push(answer),
                    Tried::Half(_) => return Ok(None),
                }
            }
            if probed && written.is_empty() {
                self.touch()?;
            }
            self.run_cached("COMMIT")?;
            Ok(Some(answers))
        };
        match write() {
            Ok(Some(answers)) => {
                if !written.is_empty() {
                    self.shared.probe.committed();
                }
                self.publish(written);
                Ok(Some(answers))
            }
            Ok(None) => {
                self.head = head;
                Ok(None)
            }
            Err(error) => {
                self.head = head;
                self.unsure = written;
                Err(error.into())
            }
        }
    }

    /// Begins a transaction, if this is still the only writer and there is space.
    fn begin_group(&mut self) -> Result<(), Failed> {
        if let Some(why) = self.shared.taken_over.get() {
            return Err(Failed::Unwritable(why.clone()));
        }
        if let Some(why) = self.wal.full() {
            return Err(Failed::Unwritable(why));
        }
        self.run_cached("BEGIN IMMEDIATE")?;
        self.look_for_others()
    }

    /// Checks that no other process has written, because this writer's caches would be outdated. A
    /// second writer is possible despite the lock file: it was deleted, or the file system has no
    /// locks.
    fn look_for_others(&mut self) -> Result<(), Failed> {
        let (epoch, head): (i64, i64) = self
            .connection
            .prepare_cached(
                "SELECT epoch, (SELECT coalesce(max(position), 0) FROM events) FROM writer",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let data_version = self
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if self.data_version != data_version {
            self.standings.clear();
            self.data_version = data_version;
        }
        let (ours, head) = (epoch == self.epoch, Position(unsigned(head)));
        let unsure = std::mem::take(&mut self.unsure);
        if ours && head != self.head && unsure.last().is_some_and(|last| last.position == head) {
            // The failed commit was written after all.
            self.head = head;
            self.publish(unsure);
        }
        if ours && head == self.head {
            return Ok(());
        }
        let (known, found) = (self.head.0, head.0);
        let said = if ours {
            format!("its head is {found}, not {known}, although no other process opened it")
        } else {
            "another process opened it later".to_owned()
        };
        tracing::error!(
            known,
            found,
            epoch,
            own = self.epoch,
            "another process has opened this log for writing; refusing all appends, stop this process"
        );
        let why = Unwritable::TakenOver(Cause::new(said));
        Err(Failed::Unwritable(self.shared.taken_over.get_or_init(|| why).clone()))
    }

    /// Tests writability: reserves and releases a page or two, and changes one row.
    fn touch(&self) -> rusqlite::Result<()> {
        self.run_cached("SAVEPOINT room")?;
        // Without space, SQLite rolls back the whole transaction with its savepoint.
        self.connection
            .prepare_cached("UPDATE writer SET room = zeroblob(?1)")?
            .execute([PROBE_BYTES])?;
        self.run_cached("ROLLBACK TO room")?;
        self.run_cached("RELEASE room")?;
        self.run_cached("UPDATE writer SET touched = touched + 1")
    }

    pub(super) fn run_cached(&self, sql: &str) -> rusqlite::Result<()> {
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
            tracing::error!(%error, "ROLLBACK failed");
        }
    }
}

/// After a lock timeout, queued appends have waited as well: refuses them.
fn refuse_waiting(failed: &Failed, queue: &mut mpsc::Receiver<Job>) {
    if !matches!(failed.why(), Unwritable::Locked(_) | Unwritable::Pinned { .. }) {
        return;
    }
    for _ in 0..APPEND_QUEUE_MAX {
        let Ok(job) = queue.try_recv() else { break };
        job.refuse(failed);
    }
}
