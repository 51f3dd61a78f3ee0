//! Payment partners. A [`Partner`] is data: a file that names its [`Scheme`] and gives it
//! addresses, codes, names of fields, replies, accounts and limits. A scheme is code, one file
//! behind one interface: it builds requests, verifies what comes in over its exact bytes, reads it
//! into one [`Notice`], and replies in the partner's own words.
//!
//! Everything is pure: time, ids, secrets and resolved addresses are passed in, and nothing is sent
//! or received here. Nothing here knows a dossier.

mod canonical;
mod description;
mod fields;
mod file;
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
mod terms;
mod time;
pub mod vietqr;

pub use description::{Basis, Description, ReplyText, Setting};
pub use finding::{Finding, Findings};
pub use message::{
    Incoming, Method, Order, OtherRefund, Outgoing, Question, Refund, Reply, Response, Start,
    Unable,
};
pub use notice::{Dispute, Notice, Rejected, SignatureProblem, WrongSignature};
pub use partner::{Account, Kind, Limits, Partner, Use};
pub use reference::{REFERENCE_CHARS, Reference};
pub use scheme::{SCHEMES, Scheme};
pub use secret::{Key, Secrets, hex};
pub use statement::{Form, Line};
pub use terms::{Answer, Capability, Outcome, Vnd};
