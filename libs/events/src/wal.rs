//! Keeps the write-ahead log of an SQLite file short. Copying it into the file while the writer waits costs a third of the throughput, and
//! copying it only beside the writer never comes to an end, so that the log grows and grows: a thread copies the bulk,
//! then the writer the little that was written meanwhile, and the log begins anew.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rusqlite::Connection;

/// Looks after the write-ahead log of one file.
#[derive(Debug)]
pub struct Wal {
    /// Its length, told by the engine after each commit.
    pages: Arc<AtomicU64>,
    /// Whether the bulk was copied and the writer should do the rest.
    copied: Arc<AtomicBool>,
    wake: SyncSender<()>,
    limits: WalLimits,
}

/// When something is done about the length of a write-ahead log.
#[derive(Debug, Clone, Copy)]
pub struct WalLimits {
    /// From how many pages on it is copied into the file, beside the writer.
    pub copy: u64,
    /// At how many the writer waits until all of it is copied.
    pub wait: u64,
}

impl Wal {
    /// Of the file at `path`, which `connection` alone writes to. Nothing is copied any more by a commit itself.
    pub fn of(
        connection: &mut Connection,
        path: PathBuf,
        limits: WalLimits,
    ) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&pages);
        connection.wal_hook(Some(move |_: &mut _, pages: std::ffi::c_int| {
            told.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let copied = Arc::new(AtomicBool::new(false));
        let wake = start_copying(path, Arc::clone(&copied));
        Ok(Self { pages, copied, wake, limits })
    }

    /// To be called between transactions.
    pub fn tend(&self, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        let finish = if pages > self.limits.wait {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        } else if self.copied.swap(false, Ordering::Acquire) {
            "PRAGMA wal_checkpoint(PASSIVE)"
        } else {
            if pages > self.limits.copy {
                // Full means that it is being copied.
                let _ = self.wake.try_send(());
            }
            return;
        };
        if let Err(error) = connection.execute_batch(finish) {
            tracing::warn!(%error, "a checkpoint failed; the write-ahead log goes on growing");
        }
    }
}

/// The thread that copies; it ends with the writer.
fn start_copying(path: PathBuf, copied: Arc<AtomicBool>) -> SyncSender<()> {
    let (sender, wake) = sync_channel::<()>(1);
    let copy = move || {
        let connection = match Connection::open(&path) {
            Ok(connection) => connection,
            Err(error) => return tracing::warn!(%error, "no background checkpoints"),
        };
        while wake.recv().is_ok() {
            match connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
                Ok(()) => copied.store(true, Ordering::Release),
                Err(error) => tracing::warn!(%error, "a background checkpoint failed"),
            }
        }
    };
    let name = "checkpoint".to_owned();
    if let Err(error) = std::thread::Builder::new().name(name).spawn(copy) {
        tracing::warn!(%error, "no background checkpoints");
    }
    sender
}
