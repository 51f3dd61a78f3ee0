//! Read connections, each on a thread of its own. With a blocking thread pool, each short-lived
//! thread that read a large page would keep its memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{OpenError, ReadError};

/// A read to perform.
struct Job {
    read: Box<dyn FnOnce(&Connection) + Send>,
    permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Readers {
    /// Queue of each thread.
    jobs: Vec<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    idle: Arc<Idle>,
    /// As many permits as threads.
    permits: Arc<Semaphore>,
}

/// Idle threads by index; the most recently used one is taken first, because its page cache is
/// warm.
#[derive(Debug)]
struct Idle(Mutex<Vec<usize>>);

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Vec<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    pub(super) fn open(path: &Path, count: usize) -> Result<Self, OpenError> {
        let idle = Arc::new(Idle(Mutex::new((0..count).collect())));
        let (mut jobs, mut threads) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for place in 0..count {
            let connection = super::file::open_reader(path)
                .map_err(|error| OpenError::unusable(path.display(), error))?;
            let (sender, receiver) = channel();
            let idle = Arc::clone(&idle);
            let thread = std::thread::Builder::new()
                .name("event-store-reader".to_owned())
                .spawn(move || run(place, &connection, &receiver, &idle))
                .map_err(|error| OpenError::unusable(path.display(), error))?;
            jobs.push(sender);
            threads.push(thread);
        }
        Ok(Self { jobs, threads, idle, permits: Arc::new(Semaphore::new(count)) })
    }

    pub(super) async fn with<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let stopped = || ReadError::unreachable("the readers have stopped");
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| stopped())?;
        let place = self.idle.lock().pop().ok_or_else(stopped)?;
        let (reply, answer) = oneshot::channel();
        let read = move |connection: &Connection| {
            let result = read(connection).map_err(super::fault::failed);
            // The caller may have given up.
            let _ = reply.send(result);
        };
        let thread = self.jobs.get(place).ok_or_else(stopped)?;
        thread.send(Job { read: Box::new(read), permit }).map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Readers {
    /// Joins the threads, so that a dropped store holds no file open.
    fn drop(&mut self) {
        self.jobs.clear();
        for thread in self.threads.drain(..) {
            // A thread that panicked outside a read has ended.
            let _ = thread.join();
        }
    }
}

/// Performs reads until all senders are gone.
fn run(place: usize, connection: &Connection, jobs: &Receiver<Job>, idle: &Idle) {
    while let Ok(Job { read, permit }) = jobs.recv() {
        // A read that panics has no result; the connection remains usable.
        if catch_unwind(AssertUnwindSafe(|| read(connection))).is_err() {
            tracing::error!("SQLite reader panicked");
        }
        idle.lock().push(place);
        drop(permit);
    }
}
