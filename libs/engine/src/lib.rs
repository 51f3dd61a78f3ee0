//! The engine: executes commands on streams of events, and follows the log. It knows no HTTP.
//!
//! - [`Engine`]: the store, the law in force and the clock of a process. [`Streams`]: loads a
//!   stream, decides, appends ([`Streams::execute`]).
//! - [`tasks`]: background tasks: reactions to events of other services, the deadline keeper,
//!   projections. [`view`]: their read models.
//! - [`rulebook`]: the law, derived from the log. [`forms`]: forms against their schema. [`codes`]:
//!   codes of new dossiers.
//! - [`overview`]: the states of a dossier in all services.
//! - [`clock`]: whether the clock's time may be recorded.
//! - [`what_if`]: a change of the law on all dossiers, without recording it.
//! - [`unmatched`]: partners' notices that match no parcel, payment or dossier of ours.

pub mod clock;
pub mod codes;
mod engine;
pub mod forms;
pub mod limits;
pub mod overview;
mod progress;
mod pulse;
pub mod reads;
mod record;
pub mod rulebook;
mod scan;
mod streams;
pub mod tasks;
pub mod unmatched;
pub mod view;
pub mod what_if;

pub use engine::{Engine, EngineError, Settings};
pub use progress::Progress;
pub use record::{
    decode, decode_all, envelope, fold, recorded_after, recorded_at, recorded_before, stream_id,
    time_of,
};
pub use streams::{Begins, CommandEnvelope, Executed, Failure, Loaded, Seen, Streams, read_each};
