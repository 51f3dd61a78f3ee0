//! Payment partners. A [`Partner`] is data: a file that names its [`Scheme`] and gives it addresses,
//! codes, names of fields, replies, accounts and limits. A scheme is code, one file behind one
//! interface: it builds requests, verifies what comes in over its exact bytes, reads it into one
//! [`Notice`], and replies in the partner's own words.
//!
//! Everything is pure: time, ids, secrets and resolved addresses are passed in, and nothing is sent
//! or received here. Nothing here knows a dossier.

mod canonical;
mod fields;
mod finding;
pub mod limits;
mod message;
mod notice;
pub mod outbound;
mod partner;
mod reference;
mod scheme;
mod secret;
mod statement;
mod time;
pub mod vietqr;

pub use finding::{Finding, Findings};
pub use message::{
    Capability, Incoming, Method, Order, Outgoing, Question, Refund, Reply, Response, Start, Unable,
};
pub use notice::{Answer, Notice, Outcome, Rejected, SignatureProblem, Vnd, WrongSignature};
pub use partner::{Account, Kind, Limits, Partner, Use};
pub use reference::{REFERENCE_CHARS, Reference};
pub use scheme::{Basis, Description, ReplyText, SCHEMES, Scheme, Setting, named};
pub use secret::{Key, Secrets};
