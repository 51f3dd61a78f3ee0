//! The HTTP API: requests, replies and problems (RFC 9457), and the server with its limits.
//!
//! - [`Operation`]: method, address, parameters, body, reply, roles and problems of an operation,
//!   declared once. [`Router`] finds it, [`Server`] serves it.
//! - [`auth`]: authentication. [`quotas`]: limits of use, for each caller.
//! - [`Context`]: what all operations of a process share. [`Service`]: a service, ready to be
//!   served.

mod address;
pub mod auth;
mod body;
mod bulk;
mod callers;
pub mod changes;
mod client;
mod commands;
mod content;
mod context;
mod crowd;
mod cursor;
mod delivery;
mod document;
mod due;
mod follow;
mod headers;
mod if_match;
pub mod limits;
mod mandate;
mod next_step;
mod operation;
mod origins;
mod paper;
mod path;
pub mod problem;
mod query;
pub mod quotas;
mod reads;
mod reply;
mod request;
mod router;
mod serve;
mod service;
mod strict;

pub use address::{AddressReply, DeliveryChoiceReply};
pub use bulk::{BatchOutcome, BatchReply, BulkItem, BulkOutcome, BulkReply, BulkRequest};
pub use callers::{Access, Counts};
pub use client::{AddressBlock, Proxies};
pub use commands::{
    On, Visible, execute, execute_as, execute_unseen, former, preview, read, send, shown, visible,
};
pub use content::{content_digest, unknown_documents};
pub use context::Context;
pub use cursor::Cursors;
pub use delivery::{AddressRequest, DeliveryRequest};
pub use document::{Describing, READS_RECORDED, document, merged};
pub use dossier::text::{
    FILE_NAME_CHARS_MAX, FileName, Line, List, ParcelNumber, Partner, Phone, Text,
};
pub use due::{
    ActivityDue, AnswerDue, DiscrepancyDue, Due, RenewalDue, Validity, WasDue, WindowEnd,
};
pub use engine::Seen;
pub use follow::Follow;
pub use headers::Language;
pub(crate) use headers::trace_parent;
pub use http::StatusCode;
pub use mandate::NOT_COVERED;
pub use next_step::NextStep;
pub use operation::{Mounted, Operation, Route, Upload, mount, mount_all};
pub use origins::{Origin, Origins};
pub use paper::{PDF, PaperReply};
pub use problem::{
    MEDIA_TYPE, Problem, ProblemBody, ProblemField, TOO_LARGE, TOO_MANY_AT_ONCE, TOO_SLOW,
    UNKNOWN_DOCUMENT,
};
pub use query::PageRows;
pub use reply::Reply;
pub use request::Request;
pub use router::Router;
pub use serve::Server;
pub use service::Service;
