//! Requests, their states and tries, as both stores keep them.

use jiff::Timestamp;

use crate::limits::REQUEST_BYTES_MAX;

/// A request that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Unique in the installation; a request that is added again has the same.
    pub id: String,
    /// Name of the partner.
    pub partner: String,
    /// What it is about, as the id of the event that owes it.
    pub about: String,
    /// What is to be done, as JSON. The request itself is made and signed at each try, so that
    /// what it says about its time is true.
    pub work: String,
}

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Done,
    /// A person has to look into it; it can be replayed.
    GivenUp,
    Cancelled,
}

impl State {
    /// All states with their names in the store and in lists.
    pub const ALL: [(&'static str, Self); 4] = [
        ("waiting", Self::Waiting),
        ("done", Self::Done),
        ("given_up", Self::GivenUp),
        ("cancelled", Self::Cancelled),
    ];

    /// The state with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(one, _)| *one == name).map(|(_, state)| *state)
    }

    /// The name in the store and in lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }
}

/// A request with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub request: Request,
    pub state: State,
    pub added_at: Timestamp,
    /// When it is sent next, if it waits.
    pub next_at: Timestamp,
    /// Tries that were begun.
    pub tries: u32,
    /// Tells entries apart that were added at one time; the cursor of pages.
    pub place: i64,
}

/// A try of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// From 1.
    pub number: u32,
    pub begun_at: Timestamp,
    /// `None` if the process ended during the try: whether the partner took it is not known.
    pub ended_at: Option<Timestamp>,
    pub result: Option<String>,
    /// The beginning of the response.
    pub response: Vec<u8>,
}

/// Which of the requests are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub partner: Option<String>,
    pub state: Option<State>,
    /// The place of the last entry of the page before.
    pub after: i64,
}

/// Whether a request is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    New,
    /// It was added before; nothing was changed.
    Known,
}

/// What is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    #[error("too many requests of this partner wait")]
    Number,
    #[error("the requests of this partner that wait are too large")]
    Bytes,
    #[error("the request has more than {REQUEST_BYTES_MAX} bytes")]
    Request,
}

/// Why a request was not recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the outbox is full")]
    Full(#[source] Full),
    #[error("the outbox cannot be read or written")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL does not respond, or refuses its statements.
    #[cfg(feature = "postgres")]
    #[error("the outbox cannot be read or written")]
    Server(#[from] events::ReadError),
    #[cfg(feature = "postgres")]
    #[error("the outbox has a row that cannot be decoded")]
    Row(#[from] tokio_postgres::Error),
    #[error("the process stops")]
    Stopped,
}
