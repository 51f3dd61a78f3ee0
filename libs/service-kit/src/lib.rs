//! Connects the law, the event store and HTTP.
//!
//! - [`Kit`]: the components that every service uses. [`Streams`]: loads a stream, decides, appends
//!   ([`Streams::execute`]).
//! - [`tasks`]: background tasks: reactions to events of other services, the deadline keeper,
//!   projections.
//! - [`http`]: requests, replies, problems, and the server.
//! - [`unmatched`]: partners' notices that match no parcel, payment or dossier of ours.
//! - [`outside`]: calls to servers of third parties. [`Ends`]: certificates that expire soon.
//! - [`auth`]: authentication. [`documents`]: uploaded files. [`forms`]: forms against their
//!   schema.

pub mod auth;
pub mod clock;
pub mod codes;
pub mod crowd;
pub mod disk;
pub mod documents;
mod ends;
pub mod forms;
pub mod http;
mod kit;
pub mod limits;
pub mod metrics;
pub mod outside;
pub mod quotas;
pub mod rulebook;
mod service;
mod streams;
pub mod tasks;
pub mod telemetry;
pub mod unmatched;
pub mod view;

pub use clock::Clock;
pub use ends::{Certificate, Ends};
pub use kit::{Kit, KitError, Settings};
pub use service::Service;
pub use streams::{Begins, CommandEnvelope, Executed, Failure, Loaded, Streams, fold, recorded_at};
