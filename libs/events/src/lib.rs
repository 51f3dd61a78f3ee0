//! The event store: an append-only, ordered log with optimistic appends. It knows streams, versions and text, and
//! nothing of dossiers.
//!
//! # The contract
//!
//! Every engine promises each of these sentences, and [`contract_tests!`] holds one test for each.
//!
//! 1. An append names the stream's version it was decided on; it succeeds only if the stream still stands there.
//! 2. [`Expected::NoStream`] succeeds only if the stream has no event. There is no append without an expectation.
//! 3. An append is atomic: all its events stand in the log, one behind the other, or none does.
//! 4. An append is durable when it returns, and the next read sees it.
//! 5. Positions are given in commit order: they only grow, and none appears below one already returned. They may
//!    skip.
//! 6. The same ids and bytes at the same expected version of the same stream are the same append: the answer is that
//!    of the first time, and nothing is added.
//! 7. An id that stands in the stream with other bytes or at another version is refused, and nothing is added. (Of a
//!    long stream an engine may look at the newest [`limits::READ_EVENTS_MAX`] alone. Ids of other streams need not be
//!    known to it: [`NewEvent::id_of`] derives them from the stream's name. Those that know all of them refuse them too.)
//! 8. `read` gives a stream's events in order from a version on, at most [`limits::READ_EVENTS_MAX`] at once; `last`
//!    gives the newest.
//! 9. `read_all` gives the events after a position in commit order, at most as many as asked for; its page says how
//!    far it has looked, so that a filtered page may be empty before the end. The position is one that the store gave;
//!    the numbers between two of them mean nothing.
//! 10. `wait_past` returns once an event stands behind the position, and not before.
//! 11. What is over a limit is refused by name, before anything is written: see [`limits`].
//! 12. Streams whose name begins with `$` belong to the engine: nobody can write to one.
//! 13. Concurrent appends at the same expected version: exactly one succeeds.
//! 14. A store has an identity that stays the same for as long as its events.
//! 15. `read_together` gives, for each of several streams, all of its events in order: for all of them, or for the first ones
//!     that come to [`limits::TOGETHER_BYTES_MAX`].
//! 16. `read_back` gives the events up to a position that the store gave, newest first, at most as many as asked for.
//! 17. `writable` says within [`limits::PROBE_WAIT`] whether an append would be written, and adds nothing. However many ask,
//!     the engine is seldom asked.
//! 18. Appends, taken or refused, leave none of the flaws that `flaws` looks for.
//! 19. A read ends with the event with which it comes to [`limits::READ_BYTES_MAX`], so that it always brings one and is never
//!     much larger, however many were asked for. Nothing larger is held within the engine for it either.
//!
//! A store that is opened to be read (`open_read_only`) is never made by that, and takes no append.

// The one that goes with the client's; telemetry has another.
#[cfg(feature = "eventstoredb")]
extern crate prost013 as prost;

pub mod bus;
mod error;
mod event;
mod flaw;
pub mod limits;
pub mod reach;
mod store;
mod wal;

#[cfg(feature = "contract-suite")]
pub mod bus_suite;
#[cfg(feature = "contract-suite")]
pub mod contract_suite;

pub use error::{AppendError, OpenError, ReadError, TooLarge, Unwritable};
pub use event::{
    Appended, Expected, Filter, InvalidStreamName, NewEvent, Page, Position, Recorded, StreamName,
    Version,
};
pub use flaw::Flaw;
pub use store::faulty::{Fault, Faults};
pub use store::sqlite::Options as SqliteOptions;
pub use store::{EventStore, Stats};
pub use wal::{Wal, WalLimits};
