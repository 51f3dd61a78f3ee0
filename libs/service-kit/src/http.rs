//! The HTTP API: requests, replies and problems (RFC 9457), and the server with its limits.

mod client;
mod commands;
mod cursor;
mod delivery;
mod document;
mod due;
mod endpoint;
mod headers;
mod operation;
pub mod problem;
mod reply;
mod request;
mod router;
mod serve;
mod strict;

pub use ::http::StatusCode;
pub use client::{AddressBlock, Proxies, counted};
pub use commands::{On, execute, execute_as, execute_unseen, preview, read, send, shown};
pub use cursor::Cursors;
pub use delivery::{AddressRequest, DeliveryRequest};
pub use document::{document, merged};
pub use dossier::text::{FILE_NAME_CHARS_MAX, FileName, Line, ParcelNumber, Partner, Phone, Text};
pub use due::{ActivityDue, AnswerDue, DiscrepancyDue, Due, RenewalDue, Validity, WindowEnd};
pub use endpoint::{Access, Counts, Route, Upload};
pub(crate) use headers::trace_parent;
pub use headers::{Language, Seen};
pub use operation::{Operation, mount_all};
pub use problem::{
    MEDIA_TYPE, Problem, ProblemBody, ProblemField, TOO_LARGE, TOO_MANY_AT_ONCE, TOO_SLOW,
    UNKNOWN_DOCUMENT,
};
pub use reply::Reply;
pub use request::Request;
pub use router::{Mounted, Router, mount};
pub use serve::Server;
