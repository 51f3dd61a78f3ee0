//! Read connections of a view: a few per class of query, so that long queries never delay short
//! ones. Waiting for one blocks no thread, and the queue is limited.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{ViewError, lock};

/// A connection, used by one reader at a time.
type Shared = Arc<Mutex<Connection>>;

/// Connections for one class of queries.
#[derive(Debug)]
pub(super) struct Readers {
    /// File in which they are opened on demand; `None` for a view in memory, which has one
    /// connection.
    path: Option<PathBuf>,
    idle: Arc<Mutex<Vec<Shared>>>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Readers {
    /// Up to `at_once` connections to `path`, with a queue of `waiting_max`.
    pub(super) fn of_file(path: PathBuf, at_once: usize, waiting_max: usize) -> Self {
        Self {
            path: Some(path),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// The one connection of a view in memory.
    pub(super) fn of_memory(connection: &Shared, waiting_max: usize) -> Self {
        Self {
            path: None,
            idle: Arc::new(Mutex::new(vec![Arc::clone(connection)])),
            permits: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// Length of the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) async fn query<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ViewError> {
        let waiting = Waiting::among(&self.waiting, self.waiting_max).ok_or(ViewError::Busy)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| ViewError::BrokenOff)?;
        drop(waiting);
        let (idle, path) = (Arc::clone(&self.idle), self.path.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let known = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match (known, path) {
                (Some(connection), _) => connection,
                (None, Some(path)) => {
                    let connection = Connection::open(path)?;
                    connection.pragma_update(None, "query_only", true)?;
                    Arc::new(Mutex::new(connection))
                }
                (None, None) => return Err(ViewError::BrokenOff),
            };
            let lent = Lent { connection, idle };
            let answer = read(&lock(&lent.connection));
            drop(lent);
            drop(permit);
            Ok(answer?)
        });
        reading.await.map_err(|_| ViewError::BrokenOff)?
    }
}

/// A connection that is returned on drop, also after a panic.
struct Lent {
    connection: Shared,
    idle: Arc<Mutex<Vec<Shared>>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let connection = Arc::clone(&self.connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// An entry in the queue, released on drop.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(waiting);
        (before < most).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
