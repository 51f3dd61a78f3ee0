//! Requests to partners, sent until they have an outcome. What is owed to a partner and how it
//! ended are events elsewhere; here are the tries in between, for a limited time.
//!
//! A [`Lane`] decides when the next request to one partner may be sent: its rate, its breaker, and
//! how many are on their way. Lanes know nothing of each other, so a slow or dead partner delays
//! nobody. [`after()`] decides what follows from the result of a try. Both are pure; time and
//! random numbers are passed in. The [`Outbox`] keeps requests and tries, [`call()`] sends.
//!
//! Messages to subscribers are not rows that wait: a [`Place`] in the log for each subscriber says
//! how far its messages are and which few are left, and [`Sent`] is what became of the newest
//! ones. [`Webhooks`] sends them.
//!
//! The outbox is a file of SQLite, or tables beside the event store in PostgreSQL, which all
//! replicas share.
//!
//! A try is recorded before the request is sent. After a crash, or if a response is lost, the same
//! request is made and sent again with the same id, and the partner recognises it.

mod call;
mod entry;
mod lane;
pub mod limits;
mod outbox;
mod policy;
mod sent;
#[cfg(feature = "postgres")]
mod sent_server;
#[cfg(feature = "postgres")]
mod server;
mod store;
mod webhook;

pub use call::{Called, call};
pub use entry::{Added, Entry, Filter, Full, Request, State, StoreError, Try};
pub use lane::{Lane, Permit};
pub use outbox::{Ended, Outbox};
pub use policy::{Policy, TryResult, Verdict, after};
pub use sent::{Kept, Left, Place, Sent};
pub use store::Store;
pub use webhook::Webhooks;
