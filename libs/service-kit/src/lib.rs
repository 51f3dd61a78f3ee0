//! Joins the law, the store and the wire; the only place where they meet.
//!
//! - [`Kit`]: what every service needs. [`Streams`]: loads, decides, appends ([`Streams::execute`]).
//! - [`tasks`]: what runs without being asked: reactions to other services' events, the deadline keeper, read models.
//! - [`http`]: requests, replies, problems, and the server.
//! - [`unmatched`]: what partners say that belongs to nothing of ours.
//! - [`outside`]: how other people's servers are spoken to. [`Ends`]: what of them ends soon.
//! - [`auth`]: who is calling. [`documents`]: uploaded files. [`forms`]: forms against their schema.

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
