//! The store of a process, for asynchronous callers: SQLite on threads that may block.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::entry::{Added, Entry, Filter, Request, State, StoreError, Try};
use crate::store::Store;

/// The store of a process.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<Mutex<Store>>);

/// How a try ended, and what follows.
#[derive(Debug, Clone)]
pub struct Ended {
    /// In words, for lists.
    pub result: String,
    /// The beginning of the response.
    pub response: Vec<u8>,
    pub state: State,
    /// When it is sent again, if it waits.
    pub again_at: Timestamp,
}

impl Outbox {
    /// The store in this file of SQLite.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn in_file(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Mutex::new(Store::open(path)?))))
    }

    /// A store that is lost with the process, for tests and simulated worlds.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::in_file(Path::new(":memory:"))
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.0);
        let work = move || work(&mut store.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Stopped)?
    }

    /// See [`Store::add`].
    ///
    /// # Errors
    ///
    /// See [`StoreError`]; so for all functions here.
    pub async fn add(&self, request: Request, now: Timestamp) -> Result<Added, StoreError> {
        self.with(move |store| store.add(&request, now)).await
    }

    /// See [`Store::get`].
    pub async fn get(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        let id = id.to_owned();
        self.with(move |store| store.get(&id)).await
    }

    /// See [`Store::due`].
    pub async fn due(
        &self,
        partner: &str,
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let partner = partner.to_owned();
        self.with(move |store| store.due(&partner, now, max)).await
    }

    /// See [`Store::next_at`].
    pub async fn next_at(&self, partner: &str) -> Result<Option<Timestamp>, StoreError> {
        let partner = partner.to_owned();
        self.with(move |store| store.next_at(&partner)).await
    }

    /// See [`Store::begin`].
    pub async fn begin(
        &self,
        id: &str,
        now: Timestamp,
        not_before: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let id = id.to_owned();
        self.with(move |store| store.begin(&id, now, not_before)).await
    }

    /// See [`Store::end`].
    pub async fn end(
        &self,
        (id, number): (&str, u32),
        ended: Ended,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        let Ended { result, response, state, again_at } = ended;
        let follows = (state, again_at);
        self.with(move |store| store.end((&id, number), &result, &response, follows, now)).await
    }

    /// See [`Store::cancel`].
    pub async fn cancel(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.with(move |store| store.cancel(&id, now)).await
    }

    /// See [`Store::replay`].
    pub async fn replay(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.with(move |store| store.replay(&id, now)).await
    }

    /// See [`Store::list`].
    pub async fn list(&self, filter: Filter, max: usize) -> Result<Vec<Entry>, StoreError> {
        self.with(move |store| store.list(&filter, max)).await
    }

    /// See [`Store::tries`].
    pub async fn tries(&self, id: &str) -> Result<Vec<Try>, StoreError> {
        let id = id.to_owned();
        self.with(move |store| store.tries(&id)).await
    }

    /// See [`Store::counts`].
    pub async fn counts(&self) -> Result<Vec<(String, State, u64)>, StoreError> {
        self.with(|store| store.counts()).await
    }

    /// See [`Store::prune`].
    pub async fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.with(move |store| store.prune(now)).await
    }
}
