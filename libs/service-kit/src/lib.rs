//! Connects the law, the event store and HTTP.
//!
//! - [`Kit`]: the components that every service uses. [`Streams`]: loads a stream, decides, appends
//!   ([`Streams::execute`]).
//! - [`tasks`]: background tasks: reactions to events of other services, the deadline keeper,
//!   projections.
//! - [`http`]: requests, replies, problems, and the server.
//! - [`unmatched`]: partners' notices that match no parcel, payment or dossier of ours.
//! - [`outside`]: calls to servers of third parties.
//! - [`auth`]: authentication. [`documents`]: uploaded files. [`forms`]: forms against their
//!   schema.

pub mod auth;
pub mod clock;
pub mod codes;
pub mod crowd;
pub mod disk;
pub mod documents;
pub mod forms;
pub mod http;
mod kit;
pub mod limits;
pub mod metrics;
pub mod network;
pub mod outside;
mod progress;
mod pulse;
pub mod quotas;
mod record;
pub mod rulebook;
pub mod secret;
mod service;
mod shutdown;
mod streams;
pub mod tasks;
pub mod telemetry;
pub mod unmatched;
pub mod view;

pub use clock::TimeSource;
pub use kit::{Kit, KitError, Settings};
pub use progress::Progress;
pub use record::{decode, envelope, fold, recorded_at, stream_id};
pub use service::Service;
pub use shutdown::Shutdown;
pub use streams::{Begins, CommandEnvelope, Executed, Failure, Loaded, Seen, Streams};
