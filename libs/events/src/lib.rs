//! The event store: an append-only, ordered log with optimistic concurrency. It knows streams,
//! versions and text, and nothing of dossiers.
//!
//! # The contract
//!
//! Every engine keeps these rules; [`contract_tests!`] has one test for each.
//!
//! 1. An append names the version of the stream that it was decided on; it succeeds only if the
//!    stream is still at that version.
//! 2. [`Expected::NoStream`] succeeds only if the stream has no events. There is no append without
//!    an expected version.
//! 3. An append is atomic: all its events are in the log, consecutively, or none is.
//! 4. An append is durable when it returns, and the next read sees it.
//! 5. Positions are assigned in commit order: they only increase, and none appears below one that
//!    was already returned. There may be gaps.
//! 6. The same ids and bytes at the same expected version of the same stream are the same append:
//!    the result is the first one, and nothing is added.
//! 7. An id that exists in the stream with other content or at another version is refused, and
//!    nothing is added. (In a long stream an engine may check the newest
//!    [`limits::READ_EVENTS_MAX`] only. It need not know the ids of other streams, because
//!    [`NewEvent::id_of`] derives ids from the stream's name; engines that do know them refuse them
//!    as well.)
//! 8. `read` returns a stream's events in order from a version on, at most
//!    [`limits::READ_EVENTS_MAX`]; `last` returns the newest.
//! 9. `read_all` returns the events after a position in commit order, at most as many as requested.
//!    Its page has the position up to which the log was scanned, so a filtered page may be empty
//!    before the head. The start must be a position that the store returned; numbers between two
//!    positions are undefined.
//! 10. `wait_past` returns once there is an event after the position, and not before.
//! 11. An append that exceeds a limit is refused with the limit's name before anything is written:
//!     see [`limits`].
//! 12. Streams whose names begin with `$` belong to the engine and cannot be written to.
//! 13. Of concurrent appends at the same expected version, exactly one succeeds.
//! 14. A store has an identity, which is the same for the lifetime of its log.
//! 15. `read_together` returns all events of several streams in order, or those of the first
//!     streams that reach [`limits::TOGETHER_BYTES_MAX`].
//! 16. `read_back` returns the events up to a position that the store returned, newest first, at
//!     most as many as requested.
//! 17. `writable` answers within [`limits::PROBE_WAIT`] whether an append would succeed, and adds
//!     nothing. Frequent calls share one check.
//! 18. Appends, accepted or refused, cause none of the defects that `flaws` finds.
//! 19. A read ends with the event that reaches [`limits::READ_BYTES_MAX`]: it returns at least one
//!     event and never much more, and the engine holds no more in memory for it.
//!
//! A store that is opened with `open_read_only` is not created and accepts no appends.

// The version that the client uses; telemetry uses another.
#[cfg(feature = "eventstoredb")]
extern crate prost013 as prost;

mod append;
mod budget;
pub mod bus;
mod cause;
mod error;
mod event;
mod flaw;
pub mod limits;
pub mod reach;
#[cfg(any(feature = "eventstoredb", feature = "nats", feature = "postgres"))]
mod rest;
mod store;
mod wal;

#[cfg(feature = "contract-suite")]
pub mod bus_suite;
#[cfg(feature = "contract-suite")]
pub mod contract_suite;

pub use budget::within;
pub use cause::{Cause, chain};
pub use error::{AppendError, OpenError, ReadError, TooLarge, Unwritable};
pub use event::{
    Appended, Expected, Filter, InvalidStreamName, NewEvent, Page, Position, Recorded, StreamName,
    Version,
};
pub use flaw::Flaw;
pub use limits::WalLimits;
pub use store::faulty::{Fault, Faults, Faulty, Outage};
#[cfg(feature = "postgres")]
pub use store::postgres::PostgresSessions;
pub use store::sqlite::Options as SqliteOptions;
pub use store::{EventStore, Stats};
pub use wal::Wal;
