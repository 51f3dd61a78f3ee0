//! The write connection of a view, on a thread of its own, which begins with the first write. On
//! the threads of a blocking pool, each of which wrote now and then, SQLite's memory would be kept
//! by all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{ViewError, lock};
use crate::limits::VIEW_WRITES_WAITING_MAX;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Writes one after the other, in the order in which they were begun.
#[derive(Debug)]
pub(super) struct Writer {
    name: &'static str,
    pub(super) connection: Arc<Mutex<Connection>>,
    thread: OnceLock<Thread>,
}

#[derive(Debug)]
struct Thread {
    jobs: SyncSender<Job>,
    handle: JoinHandle<()>,
}

impl Writer {
    pub(super) fn new(name: &'static str, connection: Connection) -> Self {
        let connection = Arc::new(Mutex::new(connection));
        Self { name, connection, thread: OnceLock::new() }
    }

    /// Begins a write; the result is that of the future. It is completed also if the future is
    /// dropped.
    pub(super) fn begin<T, W>(
        &self,
        write: W,
    ) -> impl Future<Output = Result<T, ViewError>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, ViewError> + Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The receiver is gone if the caller was cancelled.
            let _ = done.send(write(connection));
        });
        let sent = match self.started() {
            Some(thread) => thread.jobs.try_send(job).map_err(|error| match error {
                TrySendError::Full(_) => ViewError::Busy,
                TrySendError::Disconnected(_) => ViewError::BrokenOff,
            }),
            None => Err(ViewError::Busy),
        };
        async move {
            sent?;
            outcome.await.map_err(|_| ViewError::BrokenOff)?
        }
    }

    /// The thread; `None` while the system has none.
    fn started(&self) -> Option<&Thread> {
        if self.thread.get().is_none() {
            // Of two that are started at the same time, one is not kept, and ends.
            let _ = self.thread.set(self.start()?);
        }
        self.thread.get()
    }

    fn start(&self) -> Option<Thread> {
        let (jobs, next) = sync_channel::<Job>(VIEW_WRITES_WAITING_MAX);
        let connection = Arc::clone(&self.connection);
        let run = move || {
            for job in next {
                // A change that panicked is rolled back by the next one.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&lock(&connection))));
            }
        };
        let named = std::thread::Builder::new().name(format!("view-{}", self.name));
        match named.spawn(run) {
            Ok(handle) => Some(Thread { jobs, handle }),
            Err(error) => {
                tracing::error!(view = self.name, %error, "no thread to write a view");
                None
            }
        }
    }
}

impl Drop for Writer {
    /// Joins the thread, so that a dropped view holds no file open.
    fn drop(&mut self) {
        if let Some(Thread { jobs, handle }) = self.thread.take() {
            drop(jobs);
            // A thread that panicked outside a write has ended.
            let _ = handle.join();
        }
    }
}
