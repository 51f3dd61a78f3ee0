//! The outbox, for asynchronous callers: a file of SQLite on threads that may block, or tables in
//! PostgreSQL that several processes share.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::entry::{Added, Entry, Filter, Request, State, StoreError, Try};
use crate::limits::{PRUNE_MAX, PRUNES_MAX};
use crate::sent::{Kept, Place, Sent};
#[cfg(feature = "postgres")]
use crate::server::Server;
use crate::store::Store;

/// The outbox of a process, or of an installation.
#[derive(Debug, Clone)]
pub struct Outbox(Inner);

#[derive(Debug, Clone)]
enum Inner {
    File(Arc<Mutex<Store>>),
    #[cfg(feature = "postgres")]
    Server(Server),
}

/// Calls the same function of a file, on a thread that may block, or of a server.
macro_rules! call {
    ($self:ident, $store:ident => $of_file:expr, $server:ident => $of_server:expr) => {
        match &$self.0 {
            Inner::File(store) => {
                let store = Arc::clone(store);
                let work = move || {
                    let $store = &mut *store.lock().unwrap_or_else(PoisonError::into_inner);
                    $of_file
                };
                tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Stopped)?
            }
            #[cfg(feature = "postgres")]
            Inner::Server($server) => $of_server.await,
        }
    };
}

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
    /// The outbox in this file of SQLite.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn in_file(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(Inner::File(Arc::new(Mutex::new(Store::open(path)?)))))
    }

    /// An outbox that is lost with the process, for tests and simulated worlds.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::in_file(Path::new(":memory:"))
    }

    /// The outbox in the database of an event store, for all processes that use it.
    ///
    /// # Errors
    ///
    /// See [`events::OpenError`].
    #[cfg(feature = "postgres")]
    pub async fn in_postgres(url: &str) -> Result<Self, events::OpenError> {
        Ok(Self(Inner::Server(Server::open(url).await?)))
    }

    /// See [`Store::add`].
    ///
    /// # Errors
    ///
    /// See [`StoreError`]; so for all functions here.
    pub async fn add(&self, request: Request, now: Timestamp) -> Result<Added, StoreError> {
        call!(self, store => store.add(&request, now), server => server.add(&request, now))
    }

    /// See [`Store::get`].
    pub async fn get(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        let id = id.to_owned();
        call!(self, store => store.get(&id), server => server.get(&id))
    }

    /// See [`Store::due`].
    pub async fn due(
        &self,
        partner: &str,
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let partner = partner.to_owned();
        call!(self, store => store.due(&partner, now, max), server => server.due(&partner, now, max))
    }

    /// See [`Store::next_at`].
    pub async fn next_at(&self, partner: &str) -> Result<Option<Timestamp>, StoreError> {
        let partner = partner.to_owned();
        call!(self, store => store.next_at(&partner), server => server.next_at(&partner))
    }

    /// See [`Store::begin`].
    pub async fn begin(
        &self,
        id: &str,
        now: Timestamp,
        not_before: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let id = id.to_owned();
        call!(
            self,
            store => store.begin(&id, now, not_before),
            server => server.begin(&id, now, not_before)
        )
    }

    /// See [`Store::end`].
    pub async fn end(
        &self,
        (id, number): (&str, u32),
        ended: Ended,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        call!(
            self,
            store => {
                let Ended { result, response, state, again_at } = &ended;
                store.end((&id, number), result, response, (*state, *again_at), now)
            },
            server => server.end((&id, number), &ended, now)
        )
    }

    /// See [`Store::cancel`].
    pub async fn cancel(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        call!(self, store => store.cancel(&id, now), server => server.cancel(&id, now))
    }

    /// See [`Store::replay`].
    pub async fn replay(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        call!(self, store => store.replay(&id, now), server => server.replay(&id, now))
    }

    /// See [`Store::list`].
    pub async fn list(&self, filter: Filter, max: usize) -> Result<Vec<Entry>, StoreError> {
        call!(self, store => store.list(&filter, max), server => server.list(&filter, max))
    }

    /// See [`Store::tries`].
    pub async fn tries(&self, id: &str) -> Result<Vec<Try>, StoreError> {
        let id = id.to_owned();
        call!(self, store => store.tries(&id), server => server.tries(&id))
    }

    /// See [`Store::counts`].
    pub async fn counts(&self) -> Result<Vec<(String, State, u64)>, StoreError> {
        call!(self, store => store.counts(), server => server.counts())
    }

    /// Removes requests that ended long ago, and those beyond the limits, as [`Store::prune`],
    /// until none is left: in at most [`PRUNES_MAX`] transactions, so that others have their turn
    /// in between. Gives their number.
    pub async fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut all = 0_usize;
        for _ in 0..PRUNES_MAX {
            let removed = self.prune_some(now).await?;
            all = all.saturating_add(removed);
            if i64::try_from(removed).is_ok_and(|removed| removed < PRUNE_MAX) {
                break;
            }
        }
        Ok(all)
    }

    /// The places of all subscribers.
    pub async fn places(&self) -> Result<Vec<Place>, StoreError> {
        call!(self, store => store.places(), server => server.places())
    }

    /// The place of a subscriber, if it has one.
    pub async fn place(&self, subscriber: &str) -> Result<Option<Place>, StoreError> {
        let subscriber = subscriber.to_owned();
        call!(self, store => store.place(&subscriber), server => server.place(&subscriber))
    }

    /// Writes places and what became of messages, all or nothing.
    pub async fn keep(&self, kept: Kept) -> Result<(), StoreError> {
        call!(self, store => store.keep(&kept), server => server.keep(&kept))
    }

    /// What became of the messages to a subscriber, the newest positions first, before one.
    pub async fn sent(
        &self,
        subscriber: &str,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<Sent>, StoreError> {
        let subscriber = subscriber.to_owned();
        call!(
            self,
            store => store.sent(&subscriber, before, max),
            server => server.sent(&subscriber, before, max)
        )
    }

    /// Removes what is beyond the newest messages of each of these subscribers, or older than 30
    /// days.
    pub async fn prune_sent(
        &self,
        subscribers: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        call!(
            self,
            store => store.prune_sent(&subscribers, now),
            server => server.prune_sent(&subscribers, now)
        )
    }

    async fn prune_some(&self, now: Timestamp) -> Result<usize, StoreError> {
        call!(self, store => store.prune(now), server => server.prune(now))
    }
}
