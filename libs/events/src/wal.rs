//! Checkpoints an SQLite file's write-ahead log. A checkpoint by the writer costs a third of the
//! throughput; one beside the writer never finishes, and the log grows. So a thread copies the
//! bulk, then the writer the small rest, and the log is reset.
//!
//! Nothing here waits for a reader. While one holds an old snapshot (a shell with an open
//! transaction, a backup), the log cannot be reset: it grows, an alarm is raised, and at the limit
//! appends are refused until the reader ends.
//!
//! If the thread fails (its connection or the disk), it logs that, reopens the file and retries.
//! Meanwhile the writer checkpoints alone: slower, but the log stays short.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::limits::{CHECKPOINT_AGAIN, CHECKPOINT_FAILED_PAUSE_MAX, WalLimits};
use crate::{Cause, Unwritable};

/// Bytes of a page with its frame header in the write-ahead log (SQLite's file format, section
/// 4.1).
const PAGE: u64 = 4_096 + 24;

const fn bytes(pages: u64) -> u64 {
    pages.saturating_mul(PAGE)
}

/// Manages the write-ahead log of one file.
#[derive(Debug)]
pub struct Wal {
    path: PathBuf,
    state: Arc<State>,
    /// Wakes the checkpoint thread, which ends when this is dropped.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    limits: WalLimits,
}

/// State shared by writer and checkpoint thread.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Length in pages, reported by SQLite after each commit.
    pages: AtomicU64,
    /// Whether the bulk was copied and the writer should copy the rest.
    copied: AtomicBool,
    /// Whether a reader has blocked the reset beyond the alarm limit.
    pinned: AtomicBool,
    /// Why the checkpoint thread fails; while set, the writer checkpoints.
    failing: Mutex<Option<Cause>>,
    /// Length at the writer's last checkpoint of its own.
    copied_at: AtomicU64,
    /// Held by the thread while it checkpoints. SQLite refuses two checkpoints at once.
    copying: Mutex<()>,
}

impl State {
    /// Length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        bytes(self.pages.load(Ordering::Relaxed))
    }

    /// Whether a reader blocks the reset beyond the alarm limit.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::Relaxed)
    }

    /// Why the checkpoint thread fails, if it does.
    pub(crate) fn failing(&self) -> Option<Cause> {
        self.lock_failing().clone()
    }

    fn lock_copying(&self) -> MutexGuard<'_, ()> {
        self.copying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_failing(&self) -> MutexGuard<'_, Option<Cause>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs the first failure and the recovery.
    fn set_failing(&self, file: &Path, why: Option<Cause>) {
        let mut failing = self.lock_failing();
        let file = file.display();
        match (&*failing, &why) {
            (None, Some(error)) => tracing::error!(
                %file, %error,
                "checkpoint thread failed; the writer checkpoints until it recovers"
            ),
            (Some(_), None) => tracing::info!(%file, "checkpoint thread recovered"),
            _ => {}
        }
        *failing = why;
    }
}

/// Why appends are refused once the log has reached its limit.
#[derive(Debug, thiserror::Error)]
#[error("checkpoint of its write-ahead log failed: {0}")]
struct CheckpointFailed(#[source] Cause);

impl Wal {
    /// For the file at `path`, whose only writer is `connection`. Disables automatic checkpoints.
    /// Fails if the file cannot be opened a second time.
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
        // Space that it grew to because of a reader is released at the reset.
        let kept = i64::try_from(bytes(limits.alarm)).unwrap_or(i64::MAX);
        connection.pragma_update(None, "journal_size_limit", kept)?;
        let path = copier.path.clone();
        let (wake, thread) = copier.start();
        Ok(Self { path, state, wake: Some(wake), thread, limits })
    }

    /// To be called between transactions. Waits for a checkpoint only beyond the limit for that,
    /// and never for a reader.
    pub fn tend(&self, connection: &Connection) {
        let pages = self.state.pages.load(Ordering::Relaxed);
        if pages > self.limits.wait {
            // Transactions are larger or faster than the thread copies.
            let _copied = self.state.lock_copying();
            self.copy_alone(connection, pages);
        } else if self.state.copied.swap(false, Ordering::Acquire) {
            copy_by(connection);
        } else if pages > self.limits.copy {
            self.wake();
            if self.state.lock_failing().is_some() {
                self.copy_alone(connection, pages);
            }
        }
    }

    /// Checkpoints as the writer, once per interval of growth.
    fn copy_alone(&self, connection: &Connection, pages: u64) {
        let last = self.state.copied_at.load(Ordering::Relaxed);
        // It was reset since then, or has grown.
        if pages < last || pages >= last.saturating_add(self.limits.copy) {
            self.state.copied_at.store(pages, Ordering::Relaxed);
            copy_by(connection);
        }
    }

    /// Why appends must be refused, if the limit is reached; to be called between transactions.
    #[must_use]
    pub fn full(&self) -> Option<Unwritable> {
        let pages = self.state.pages.load(Ordering::Relaxed);
        if pages < self.limits.most {
            return None;
        }
        self.wake();
        Some(self.state.failing().map_or_else(
            || Unwritable::Pinned { bytes: bytes(pages) },
            |why| Unwritable::Broken(Cause::new(CheckpointFailed(why))),
        ))
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    fn wake(&self) {
        // A full channel means that a checkpoint is pending.
        if let Some(wake) = &self.wake
            && wake.try_send(()) == Err(TrySendError::Disconnected(()))
        {
            let ended = Cause::new("the thread that makes them has ended");
            self.state.set_failing(&self.path, Some(ended));
        }
    }
}

fn copy_by(connection: &Connection) {
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
        tracing::warn!(%error, "checkpoint failed; the write-ahead log keeps growing");
    }
}

impl Drop for Wal {
    /// Joins the thread, so that the file is closed.
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("checkpoint thread panicked");
        }
    }
}

/// The checkpoint thread, which ends with the writer.
struct Copier {
    connection: Connection,
    path: PathBuf,
    state: Arc<State>,
    limits: WalLimits,
}

/// When the checkpoint thread runs next.
enum Next {
    Woken,
    Soon,
    /// After this time; the writer checkpoints meanwhile.
    After(Duration),
}

impl Copier {
    fn open(path: PathBuf, state: Arc<State>, limits: WalLimits) -> rusqlite::Result<Self> {
        let connection = Self::connect(&path)?;
        Ok(Self { connection, path, state, limits })
    }

    fn connect(path: &Path) -> rusqlite::Result<Connection> {
        // A deleted file is not created again.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        // SQLite opens the file only with the first statement.
        connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
        Ok(connection)
    }

    /// Without a thread, the writer checkpoints.
    fn start(self) -> (SyncSender<()>, Option<JoinHandle<()>>) {
        let (sender, wake) = sync_channel::<()>(1);
        let (state, path) = (Arc::clone(&self.state), self.path.clone());
        let named = std::thread::Builder::new().name("checkpoint".to_owned());
        let started = named.spawn(move || self.run(&wake));
        let thread = match started {
            Ok(thread) => Some(thread),
            Err(error) => {
                state.set_failing(&path, Some(Cause::new(error)));
                None
            }
        };
        (sender, thread)
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
                    self.state.set_failing(&self.path, Some(Cause::new(error)));
                    pause = pause.saturating_mul(2).min(CHECKPOINT_FAILED_PAUSE_MAX);
                    // The connection may be the cause. If no new one can be opened, the old one is
                    // retried.
                    if let Ok(connection) = Self::connect(&self.path) {
                        self.connection = connection;
                    }
                    Next::After(pause)
                }
            };
        }
    }

    /// Waits for the whole `pause`, ignoring wake-ups; true if the writer ends meanwhile.
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

    /// Checkpoints as far as possible; true if no retry is needed soon.
    fn copy(&self) -> rusqlite::Result<bool> {
        let _copying = self.state.lock_copying();
        // The writer is copying the rest at this moment.
        let Some((pages, copied)) = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")? else {
            return Ok(true);
        };
        let WalLimits { copy, alarm, most, .. } = self.limits;
        self.note(pages > alarm && copied < pages, pages);
        if copied < pages {
            return Ok(pages <= copy);
        }
        self.state.copied.store(true, Ordering::Release);
        if pages <= alarm && pages < most {
            return Ok(true);
        }
        // If appends are refused at the limit, no writer resets it: this thread has to.
        let emptied = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")?.is_some();
        if emptied {
            self.state.pages.store(0, Ordering::Relaxed);
        }
        Ok(emptied)
    }

    /// Length of the log and copied part; `None` if a lock was held.
    fn checkpoint(&self, sql: &str) -> rusqlite::Result<Option<(u64, u64)>> {
        self.connection.query_row(sql, [], |row| {
            let busy: bool = row.get(0)?;
            let pages =
                |column| row.get(column).map(|pages: i64| u64::try_from(pages).unwrap_or(0));
            Ok(if busy { None } else { Some((pages(1)?, pages(2)?)) })
        })
    }

    /// Logs when a reader begins to block the reset, and when that ends.
    fn note(&self, pinned: bool, pages: u64) {
        if self.state.pinned.swap(pinned, Ordering::Relaxed) == pinned {
            return;
        }
        let (file, bytes, most) = (self.path.display(), bytes(pages), bytes(self.limits.most));
        if pinned {
            tracing::error!(
                %file, bytes, most,
                "reader blocks checkpoints of the write-ahead log; end it, or appends are refused at the limit"
            );
        } else {
            tracing::info!(%file, bytes, "write-ahead log checkpointed and reset");
        }
    }
}

#[cfg(test)]
mod tests;
