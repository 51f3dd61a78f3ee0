//! Keeps the write-ahead log of an SQLite file short. Copying it into the file while the writer waits costs a third of the throughput, and
//! copying it only beside the writer never comes to an end, so that the log grows and grows: a thread copies the bulk,
//! then the writer the little that was written meanwhile, and the log begins anew.
//!
//! Nothing here waits for a reader. While one outside holds on to an old state (a shell with an open transaction, a backup),
//! the log cannot begin anew: it grows, an alarm says so, and at its limit nothing more is written until the reader ends.
//!
//! A thread that cannot copy (its connection fails, the disk does) says so, opens the file anew and goes on trying. Meanwhile
//! the writer copies by itself: slower, but the log stays short.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::Unwritable;
use crate::limits::{CHECKPOINT_AGAIN, CHECKPOINT_FAILED_PAUSE_MAX};

/// Bytes of a page, and of a page in a write-ahead log (SQLite's file format, section 4.1).
const PAGE: u64 = 4_096 + 24;

const fn bytes(pages: u64) -> u64 {
    pages.saturating_mul(PAGE)
}

/// Looks after the write-ahead log of one file.
#[derive(Debug)]
pub struct Wal {
    path: PathBuf,
    state: Arc<State>,
    /// To the thread that copies, which ends without it.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    limits: WalLimits,
}

/// What is known of a write-ahead log.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Its length, told by the engine after each commit.
    pages: AtomicU64,
    /// Whether the bulk was copied and the writer should do the rest.
    copied: AtomicBool,
    /// Whether a reader has kept it from beginning anew for longer than it should.
    pinned: AtomicBool,
    /// Why the thread cannot copy, since when the writer does.
    failing: Mutex<Option<String>>,
    /// The length at which the writer copied last because the thread cannot.
    copied_at: AtomicU64,
}

impl State {
    /// Its length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        bytes(self.pages.load(Ordering::Relaxed))
    }

    /// Whether a reader keeps it from beginning anew, and it is longer than it should be.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::Relaxed)
    }

    /// Why it is not copied beside the writer.
    pub(crate) fn failing(&self) -> Option<String> {
        self.lock_failing().clone()
    }

    fn lock_failing(&self) -> MutexGuard<'_, Option<String>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says once when checkpoints begin to fail, and once when they work again.
    fn set_failing(&self, file: &Path, why: Option<String>) {
        let mut failing = self.lock_failing();
        let file = file.display();
        match (&*failing, &why) {
            (None, Some(error)) => tracing::error!(
                %file, error,
                "checkpoints beside the writer fail: the writer makes them until that is mended"
            ),
            (Some(_), None) => tracing::info!(%file, "checkpoints beside the writer work again"),
            _ => {}
        }
        *failing = why;
    }
}

/// When something is done about the length of a write-ahead log, in pages of 4,096 bytes.
#[derive(Debug, Clone, Copy)]
pub struct WalLimits {
    /// From how many on it is copied into the file, beside the writer.
    pub copy: u64,
    /// From how many on an alarm is raised if a reader keeps it from beginning anew.
    pub alarm: u64,
    /// With how many it is full.
    pub most: u64,
}

impl Wal {
    /// Of the file at `path`, which `connection` alone writes to. Nothing is copied any more by a commit itself. Fails if the
    /// file cannot be opened a second time.
    pub fn of(
        connection: &mut Connection,
        path: PathBuf,
        limits: WalLimits,
    ) -> rusqlite::Result<Self> {
        Self::with(connection, Copier::open(path, Arc::default(), limits)?)
    }

    fn with(connection: &mut Connection, copier: Copier) -> rusqlite::Result<Self> {
        let (state, limits) = (Arc::clone(&copier.state), copier.limits);
        let told = Arc::clone(&state);
        connection.wal_hook(Some(move |_: &mut _, pages: std::ffi::c_int| {
            told.pages.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        // What a reader made it grow to is given back once it begins anew.
        let kept = i64::try_from(bytes(limits.alarm)).unwrap_or(i64::MAX);
        connection.pragma_update(None, "journal_size_limit", kept)?;
        let path = copier.path.clone();
        let (wake, thread) = copier.start();
        Ok(Self { path, state, wake: Some(wake), thread, limits })
    }

    /// To be called between transactions. Waits for nobody.
    pub fn tend(&self, connection: &Connection) {
        let pages = self.state.pages.load(Ordering::Relaxed);
        if self.state.copied.swap(false, Ordering::Acquire) {
            copy_by(connection);
        } else if pages > self.limits.copy {
            self.wake();
            if self.state.lock_failing().is_some() {
                self.copy_alone(connection, pages);
            }
        }
    }

    /// Copies as the writer, once for every stretch by which the log has grown.
    fn copy_alone(&self, connection: &Connection, pages: u64) {
        let last = self.state.copied_at.load(Ordering::Relaxed);
        // It has begun anew since, or grown.
        if pages < last || pages >= last.saturating_add(self.limits.copy) {
            self.state.copied_at.store(pages, Ordering::Relaxed);
            copy_by(connection);
        }
    }

    /// Why nothing more should be written, if it has come to its limit: to be asked between transactions.
    #[must_use]
    pub fn full(&self) -> Option<Unwritable> {
        let pages = self.state.pages.load(Ordering::Relaxed);
        if pages < self.limits.most {
            return None;
        }
        self.wake();
        Some(self.state.failing().map_or_else(
            || Unwritable::Pinned { bytes: bytes(pages) },
            |why| Unwritable::Broken(format!("its write-ahead log cannot be copied: {why}")),
        ))
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    fn wake(&self) {
        // Full means that it is being copied.
        if let Some(wake) = &self.wake
            && wake.try_send(()) == Err(TrySendError::Disconnected(()))
        {
            let ended = "the thread that makes them has ended".to_owned();
            self.state.set_failing(&self.path, Some(ended));
        }
    }
}

fn copy_by(connection: &Connection) {
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
        tracing::warn!(%error, "a checkpoint failed; the write-ahead log goes on growing");
    }
}

impl Drop for Wal {
    /// Ends the thread, so that nobody holds the file any more.
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of checkpoints panicked");
        }
    }
}

/// Copies on a thread of its own, which ends with the writer.
struct Copier {
    connection: Connection,
    path: PathBuf,
    state: Arc<State>,
    limits: WalLimits,
}

/// When a copier has something to do next.
enum Next {
    Woken,
    Soon,
    /// After so long: the writer copies meanwhile.
    After(Duration),
}

impl Copier {
    fn open(path: PathBuf, state: Arc<State>, limits: WalLimits) -> rusqlite::Result<Self> {
        let connection = Self::connect(&path)?;
        Ok(Self { connection, path, state, limits })
    }

    fn connect(path: &Path) -> rusqlite::Result<Connection> {
        // One that is gone is not made anew.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        // The file is opened only now.
        connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
        Ok(connection)
    }

    /// Without a thread the writer makes all checkpoints.
    fn start(self) -> (SyncSender<()>, Option<JoinHandle<()>>) {
        let (sender, wake) = sync_channel::<()>(1);
        let (state, path) = (Arc::clone(&self.state), self.path.clone());
        let named = std::thread::Builder::new().name("checkpoint".to_owned());
        let started = named.spawn(move || self.run(&wake));
        let failed = started.as_ref().err().map(ToString::to_string);
        if failed.is_some() {
            state.set_failing(&path, failed);
        }
        (sender, started.ok())
    }

    fn run(mut self, wake: &Receiver<()>) {
        let (mut next, mut pause) = (Next::Woken, CHECKPOINT_AGAIN);
        loop {
            let ended = match next {
                Next::Woken => wake.recv().is_err(),
                Next::Soon => {
                    std::thread::park_timeout(CHECKPOINT_AGAIN);
                    wake.try_recv() == Err(TryRecvError::Disconnected)
                }
                Next::After(pause) => Self::ends_within(wake, pause),
            };
            if ended {
                return;
            }
            next = match self.copy() {
                Ok(finished) => {
                    self.state.set_failing(&self.path, None);
                    pause = CHECKPOINT_AGAIN;
                    if finished { Next::Woken } else { Next::Soon }
                }
                Err(error) => {
                    self.state.set_failing(&self.path, Some(error.to_string()));
                    pause = pause.saturating_mul(2).min(CHECKPOINT_FAILED_PAUSE_MAX);
                    // What is wrong may be the connection. One that cannot be opened leaves the old one to be tried.
                    if let Ok(connection) = Self::connect(&self.path) {
                        self.connection = connection;
                    }
                    Next::After(pause)
                }
            };
        }
    }

    /// Rests for all of `pause`, however often it is woken; true if the writer ends meanwhile.
    fn ends_within(wake: &Receiver<()>, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            match wake.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }

    /// Copies what can be copied; whether there is nothing to be tried again soon.
    fn copy(&self) -> rusqlite::Result<bool> {
        // The writer copies the rest at this moment.
        let Some((pages, copied)) = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")? else {
            return Ok(true);
        };
        let WalLimits { copy, alarm, most } = self.limits;
        self.note(pages > alarm && copied < pages, pages);
        if copied < pages {
            return Ok(pages <= copy);
        }
        self.state.copied.store(true, Ordering::Release);
        if pages <= alarm && pages < most {
            return Ok(true);
        }
        // Where nobody writes because it is full, no writer lets it begin anew.
        let emptied = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")?.is_some();
        if emptied {
            self.state.pages.store(0, Ordering::Relaxed);
        }
        Ok(emptied)
    }

    /// The length of the log and how much of it was copied; nothing if somebody was in the way.
    fn checkpoint(&self, sql: &str) -> rusqlite::Result<Option<(u64, u64)>> {
        self.connection.query_row(sql, [], |row| {
            let busy: bool = row.get(0)?;
            let pages =
                |column| row.get(column).map(|pages: i64| u64::try_from(pages).unwrap_or(0));
            Ok(if busy { None } else { Some((pages(1)?, pages(2)?)) })
        })
    }

    /// Says once when a reader begins to keep the log, and once when that is over.
    fn note(&self, pinned: bool, pages: u64) {
        if self.state.pinned.swap(pinned, Ordering::Relaxed) == pinned {
            return;
        }
        let (file, bytes, most) = (self.path.display(), bytes(pages), bytes(self.limits.most));
        if pinned {
            tracing::error!(
                %file, bytes, most,
                "a reader outside keeps the write-ahead log from beginning anew: end it, or appends are refused at its limit"
            );
        } else {
            tracing::info!(%file, bytes, "the write-ahead log begins anew");
        }
    }
}

#[cfg(test)]
mod tests;
