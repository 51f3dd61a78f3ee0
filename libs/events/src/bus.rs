//! The bus: what the store holds, carried to those who react to it. The store stays the only truth; whatever the bus forgets,
//! delays or repeats, a follower is handed the log as it is.
//!
//! # The contract
//!
//! Every adapter promises each of these sentences, and `bus_tests!` holds one test for each.
//!
//! 1. Whatever is recorded and passes a follower's filter is handed to it, byte for byte as the store holds it.
//! 2. It is handed out in commit order; nothing at or below what a page says it reaches comes later, nothing twice.
//! 3. A follower names the position behind which it goes on; what was recorded while nobody followed is handed out then.
//! 4. What was handed out and not reported as handled is handed out again to whoever goes on from before it.
//! 5. Followers of different names are independent of one another.
//! 6. `wait_past` returns once there is something behind the position to be handed out or passed over.
//! 7. Several relays of one source do no harm: nothing is missing, nothing comes twice.
//! 8. With many writers at once nothing is left out.

use std::sync::Arc;

use crate::{EventStore, Filter, Page, Position, ReadError};

mod cursor;
mod leadership;
#[cfg(feature = "nats")]
pub mod nats;

pub use cursor::{CURSOR_MOVED, cursor, move_cursor};
pub use leadership::Leadership;

/// How recorded events come to those who react.
#[derive(Debug)]
pub enum Bus {
    /// Every follower reads the store itself: for one process.
    Store(Arc<EventStore>),
    /// Over NATS JetStream: for several.
    #[cfg(feature = "nats")]
    Nats(nats::Nats),
}

/// Why a bus cannot be used. What is recorded is safe, and whoever follows goes on from the store.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It does not answer, or not in time. Trying again may help.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// Its servers are older than this program needs. They are used again once they are replaced.
    #[error(
        "the NATS server {found} is too old: this program needs {needed} or newer and uses it for nothing; followers read the \
         store"
    )]
    TooOld {
        /// The server's version.
        found: String,
        /// The oldest that can be used.
        needed: &'static str,
    },
    /// Something stands there that was configured otherwise.
    #[error("{what} stands on the bus with another configuration: {difference}")]
    Differs {
        /// The stream or consumer.
        what: String,
        /// Each setting, as it is and as it should be.
        difference: String,
    },
    /// It carries the events of another store.
    #[error(
        "{what} carries the events of the store {found}, not of {own}; give this one another prefix"
    )]
    OtherStore {
        /// The stream.
        what: String,
        /// Whose events stand there.
        found: String,
        /// The store of this process.
        own: String,
    },
    /// It knows events that the store does not have: the store was set back.
    #[error(
        "{what} goes on to position {found}, but the store ends at {head}: it was restored from an older backup; delete \
         that stream"
    )]
    Ahead {
        /// The stream.
        what: String,
        /// Its newest position.
        found: u64,
        /// The store's.
        head: u64,
    },
    /// The store that is to be relayed does not answer.
    #[error(transparent)]
    Store(#[from] ReadError),
}

/// A follower's end of the bus.
#[derive(Debug)]
pub enum Feed {
    /// Read from the store.
    Store(Arc<EventStore>, Filter),
    /// Brought by NATS.
    #[cfg(feature = "nats")]
    Nats(Box<nats::Feed>),
}

impl Bus {
    /// A follower called `name` of the events that pass `filter`. Whoever follows by the same name shares its place.
    #[must_use]
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nobody shares it"))]
    pub fn follow(&self, name: &'static str, filter: Filter) -> Feed {
        match self {
            Self::Store(store) => Feed::Store(Arc::clone(store), filter),
            #[cfg(feature = "nats")]
            Self::Nats(nats) => Feed::Nats(Box::new(nats.follow(name, filter))),
        }
    }

    /// Whether several processes share it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::Store(_) => false,
            #[cfg(feature = "nats")]
            Self::Nats(_) => true,
        }
    }

    /// Whether it can be reached. While it cannot, followers read the store.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Store(_) => true,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.is_connected(),
        }
    }

    /// Events that this process's relays left out, because they are larger than the bus takes; followers read them in the store.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        match self {
            Self::Store(_) => 0,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.left_out(),
        }
    }

    /// Tells the other replicas of `service` up to where its reactions have come. Whoever misses it hears the next one.
    #[cfg_attr(
        not(feature = "nats"),
        expect(clippy::unused_async, unused_variables, reason = "only others must be told")
    )]
    pub async fn announce(&self, service: &str, through: Position) {
        match self {
            Self::Store(_) => {}
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.announce(service, through).await,
        }
    }

    /// Hears what the leading replica of `service` announces.
    #[must_use]
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "only others are heard"))]
    pub fn announcements(&self, service: &str) -> Announcements {
        match self {
            Self::Store(_) => Announcements::Silence,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.announcements(service),
        }
    }

    /// Leads, or stands by, in whatever is called `name`; `holder` tells this process from every other.
    #[must_use]
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nobody shares it"))]
    pub fn lead(&self, name: &'static str, holder: &str) -> Leadership {
        match self {
            Self::Store(_) => Leadership::alone(),
            #[cfg(feature = "nats")]
            Self::Nats(nats) => Leadership::sought(nats.seeker(name, holder)),
        }
    }
}

/// What the leading replica of a service says.
#[derive(Debug)]
pub enum Announcements {
    /// There is no other replica.
    Silence,
    /// Said on NATS.
    #[cfg(feature = "nats")]
    Nats(Box<nats::Announcements>),
}

impl Announcements {
    /// The next position that is announced; never, if nobody is there to do so.
    pub async fn next(&mut self) -> Position {
        match self {
            Self::Silence => std::future::pending().await,
            #[cfg(feature = "nats")]
            Self::Nats(said) => said.next().await,
        }
    }
}

impl Feed {
    /// The events behind `after`, in commit order, and how far the page reaches; looks at no more than `limit`.
    pub async fn page(&mut self, after: Position, limit: usize) -> Result<Page, ReadError> {
        match self {
            Self::Store(store, filter) => store.read_all(after, filter, limit).await,
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.page(after, limit).await,
        }
    }

    /// How many events were read in the store because the bus had not brought them in time; where the store itself is the bus,
    /// none.
    #[must_use]
    pub const fn filled(&self) -> u64 {
        match self {
            Self::Store(..) => 0,
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.filled(),
        }
    }

    /// Returns once it is worth asking for the page behind `after`.
    pub async fn wait_past(&mut self, after: Position) {
        match self {
            Self::Store(store, _) => store.wait_past(after).await,
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.wait_past(after).await,
        }
    }

    /// Everything up to `through` is handled, or written down to be handled later: it need not be brought again.
    #[cfg_attr(
        not(feature = "nats"),
        expect(clippy::unused_async, unused_variables, reason = "only a server must be told")
    )]
    pub async fn handled(&mut self, through: Position) {
        match self {
            Self::Store(..) => {}
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.handled(through).await,
        }
    }
}

/// The source of an event: what stands before the first dot of its kind.
#[must_use]
pub fn source(kind: &str) -> &str {
    kind.split_once('.').map_or(kind, |(source, _)| source)
}
