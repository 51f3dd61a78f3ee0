//! The bus: delivers recorded events to followers. The event store remains the only source of
//! truth: if the bus loses, delays or duplicates messages, a follower still receives the log as it
//! is.
//!
//! # The contract
//!
//! Every adapter keeps these rules; `bus_tests!` has one test for each.
//!
//! 1. Every recorded event that passes a follower's filter is delivered to it, byte for byte.
//! 2. Events are delivered in commit order and once: nothing at or below the position that a page
//!    covers is delivered later.
//! 3. A follower chooses the position after which it starts; events recorded before it connected
//!    are delivered.
//! 4. Events that were delivered but not acknowledged are delivered again to a follower that starts
//!    before them.
//! 5. Followers with different names are independent.
//! 6. `wait_past` returns once there are events after the position, whether or not they pass the
//!    filter.
//! 7. Several relays for one source are harmless: nothing is lost or duplicated.
//! 8. Nothing is lost with many concurrent writers.

use std::sync::Arc;

use crate::{Cause, EventStore, Filter, Page, Position, ReadError};

mod cursor;
mod leadership;
#[cfg(feature = "nats")]
pub mod nats;

pub use cursor::{CURSOR_MOVED, cursor, move_cursor};
pub use leadership::Leadership;

/// The way in which events reach followers.
#[derive(Debug)]
pub enum Bus {
    /// Followers read the store themselves; for a single process.
    Store(Arc<EventStore>),
    /// NATS JetStream; for several processes.
    #[cfg(feature = "nats")]
    Nats(nats::Nats),
}

/// Why the bus cannot be used. Recorded events are safe; followers read the store meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// No response, or not in time. Retrying may help.
    #[error("the bus cannot be reached: {0}")]
    Unreachable(#[source] Cause),
    /// The servers are too old. They are used again once they are upgraded.
    #[error(
        "NATS server {found} is older than {needed} and is not used; followers read the \
         store"
    )]
    TooOld {
        /// The server's version.
        found: String,
        /// The oldest that can be used.
        needed: &'static str,
    },
    /// A stream or consumer exists with another configuration.
    #[error("{what} exists with another configuration: {difference}")]
    Differs {
        /// The stream or consumer.
        what: String,
        /// Each differing setting: found and expected.
        difference: String,
    },
    /// The stream contains events of another store.
    #[error("{what} contains events of the store {found}, not of {own}; use another prefix")]
    OtherStore { what: String, found: String, own: String },
    /// The bus is ahead of the store, which was restored from an older backup.
    #[error(
        "{what} ends at position {found}, the store at {head}: it was restored from an older backup; delete \
         that stream"
    )]
    Ahead {
        what: String,
        /// Its newest position.
        found: u64,
        head: u64,
    },
    /// The event store cannot be read.
    #[error(transparent)]
    Store(#[from] ReadError),
}

impl BusError {
    /// Whether a retry may succeed without an operator.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            // Servers are upgraded one by one.
            Self::Unreachable(_) | Self::TooOld { .. } => true,
            Self::Store(error) => error.is_retryable(),
            Self::Differs { .. } | Self::OtherStore { .. } | Self::Ahead { .. } => false,
        }
    }
}

/// A follower's subscription.
#[derive(Debug)]
pub enum Feed {
    /// Read from the store.
    Store(Arc<EventStore>, Filter),
    /// Brought by NATS.
    #[cfg(feature = "nats")]
    Nats(Box<nats::Feed>),
}

impl Bus {
    /// Subscribes the follower `name` to the events that pass `filter`. Followers with the same
    /// name share a cursor.
    #[must_use]
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "nobody shares it"))]
    pub fn follow(&self, name: &'static str, filter: Filter) -> Feed {
        match self {
            Self::Store(store) => Feed::Store(Arc::clone(store), filter),
            #[cfg(feature = "nats")]
            Self::Nats(nats) => Feed::Nats(Box::new(nats.follow(name, filter))),
        }
    }

    /// Whether the bus is shared by several processes.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::Store(_) => false,
            #[cfg(feature = "nats")]
            Self::Nats(_) => true,
        }
    }

    /// Whether the bus is connected. Otherwise followers read the store.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Store(_) => true,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.is_connected(),
        }
    }

    /// Number of events that this process's relays did not publish because they exceed the bus's
    /// message size; followers read them in the store.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        match self {
            Self::Store(_) => 0,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.left_out(),
        }
    }

    /// Announces to the other replicas of `service` the position that its reactions have reached. A
    /// lost announcement is superseded by the next.
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

    /// Subscribes to the announcements of the leading replica of `service`.
    #[must_use]
    #[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "only others are heard"))]
    pub fn announcements(&self, service: &str) -> Announcements {
        match self {
            Self::Store(_) => Announcements::Silence,
            #[cfg(feature = "nats")]
            Self::Nats(nats) => nats.announcements(service),
        }
    }

    /// Competes for the lease `name`; `holder` identifies this process.
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

/// Announcements of the leading replica of a service.
#[derive(Debug)]
pub enum Announcements {
    /// Single process: there is no other replica.
    Silence,
    #[cfg(feature = "nats")]
    Nats(Box<nats::Announcements>),
}

impl Announcements {
    /// The next announced position; never returns in a single process.
    pub async fn next(&mut self) -> Position {
        match self {
            Self::Silence => std::future::pending().await,
            #[cfg(feature = "nats")]
            Self::Nats(said) => said.next().await,
        }
    }
}

impl Feed {
    /// Events after `after` in commit order, with the position that the page covers; scans at most
    /// `limit` events.
    pub async fn page(&mut self, after: Position, limit: usize) -> Result<Page, ReadError> {
        match self {
            Self::Store(store, filter) => store.read_all(after, filter, limit).await,
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.page(after, limit).await,
        }
    }

    /// Number of events that were read in the store because the bus did not deliver them in time; 0
    /// where the store itself is the bus.
    #[must_use]
    pub const fn filled(&self) -> u64 {
        match self {
            Self::Store(..) => 0,
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.filled(),
        }
    }

    /// Returns once the page after `after` may have events.
    pub async fn wait_past(&mut self, after: Position) {
        match self {
            Self::Store(store, _) => store.wait_past(after).await,
            #[cfg(feature = "nats")]
            Self::Nats(feed) => feed.wait_past(after).await,
        }
    }

    /// Acknowledges everything up to `through`: it is handled, or parked durably.
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

/// The source of an event: the part of its kind before the first dot.
#[must_use]
pub fn source(kind: &str) -> &str {
    kind.split_once('.').map_or(kind, |(source, _)| source)
}
