//! Keeps the write-ahead log of an SQLite file short. Copying it into the file while the writer waits costs a third of the throughput, and
//! copying it only beside the writer never comes to an end, so that the log grows and grows: a thread copies the bulk,
//! then the writer the little that was written meanwhile, and the log begins anew.
//!
//! Nothing here waits for a reader. While one outside holds on to an old state (a shell with an open transaction, a backup),
//! the log cannot begin anew: it grows, an alarm says so, and at its limit nothing more is written until the reader ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use rusqlite::Connection;

use crate::limits::CHECKPOINT_AGAIN;

/// Bytes of a page, and of a page in a write-ahead log (SQLite's file format, section 4.1).
const PAGE: u64 = 4_096 + 24;

const fn bytes(pages: u64) -> u64 {
    pages.saturating_mul(PAGE)
}

/// Looks after the write-ahead log of one file.
#[derive(Debug)]
pub struct Wal {
    state: Arc<State>,
    wake: SyncSender<()>,
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
    /// Of the file at `path`, which `connection` alone writes to. Nothing is copied any more by a commit itself.
    pub fn of(
        connection: &mut Connection,
        path: PathBuf,
        limits: WalLimits,
    ) -> rusqlite::Result<Self> {
        let state = Arc::new(State::default());
        let told = Arc::clone(&state);
        connection.wal_hook(Some(move |_: &mut _, pages: std::ffi::c_int| {
            told.pages.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        // What a reader made it grow to is given back once it begins anew.
        let kept = i64::try_from(bytes(limits.alarm)).unwrap_or(i64::MAX);
        connection.pragma_update(None, "journal_size_limit", kept)?;
        let wake = start_copying(path, Arc::clone(&state), limits);
        Ok(Self { state, wake, limits })
    }

    /// To be called between transactions. Waits for nobody.
    pub fn tend(&self, connection: &Connection) {
        if self.state.copied.swap(false, Ordering::Acquire) {
            if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
                tracing::warn!(%error, "a checkpoint failed; the write-ahead log goes on growing");
            }
        } else if self.state.pages.load(Ordering::Relaxed) > self.limits.copy {
            self.wake();
        }
    }

    /// Whether nothing more should be written: to be asked between transactions.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let full = self.state.pages.load(Ordering::Relaxed) >= self.limits.most;
        if full {
            self.wake();
        }
        full
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    fn wake(&self) {
        // Full means that it is being copied.
        let _ = self.wake.try_send(());
    }
}

/// The thread that copies; it ends with the writer.
fn start_copying(path: PathBuf, state: Arc<State>, limits: WalLimits) -> SyncSender<()> {
    let (sender, wake) = sync_channel::<()>(1);
    let copy = move || match Copier::open(path, state, limits) {
        Ok(copier) => copier.run(&wake),
        Err(error) => tracing::warn!(%error, "no background checkpoints"),
    };
    let name = "checkpoint".to_owned();
    if let Err(error) = std::thread::Builder::new().name(name).spawn(copy) {
        tracing::warn!(%error, "no background checkpoints");
    }
    sender
}

struct Copier {
    connection: Connection,
    path: PathBuf,
    state: Arc<State>,
    limits: WalLimits,
}

impl Copier {
    fn open(path: PathBuf, state: Arc<State>, limits: WalLimits) -> rusqlite::Result<Self> {
        let connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Self { connection, path, state, limits })
    }

    fn run(self, wake: &Receiver<()>) {
        let mut finished = true;
        loop {
            if finished {
                if wake.recv().is_err() {
                    return;
                }
            } else {
                std::thread::park_timeout(CHECKPOINT_AGAIN);
                if wake.try_recv() == Err(TryRecvError::Disconnected) {
                    return;
                }
            }
            finished = self.copy().unwrap_or_else(|error| {
                tracing::warn!(%error, "a background checkpoint failed");
                true
            });
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
