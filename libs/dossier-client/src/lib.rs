//! Typed client of the Dossier API.
//!
//! [`Client`] has one method per operation; [`types`] has its bodies and replies. Both are
//! generated from the OpenAPI documents. A method returns a [`Request`], which is sent by `.await`:
//! `client.get_dossier(id).await?.body.stage`. `examples/energy_label.rs` is a whole program.
//!
//! What the API asks of every client is done here once:
//!
//! - Every `POST` has an `Idempotency-Key`, the same in all attempts of one request. A caller that
//!   must survive its own crash sets a key that it has stored ([`Request::idempotency_key`]).
//! - Steps take the [`ETag`] of what was seen. [`at_current`] reads, takes the step, and
//!   does both again after a conflict.
//! - A client sends the newest `Consistency-Token` that it received, so it reads what it wrote.
//! - Requests without a response, and responses that announce a later success (429, 502, 503, 504,
//!   or `Retry-After`), are repeated within [`Retries`].
//! - A refusal is an [`Error::Refused`] with its registered code, the fields to change and the id
//!   of the request.
//! - [`Following`] receives changes in order, from a cursor that the caller stores.
//! - Responses, waits and attempts have limits.

#[macro_use]
mod values;

mod client;
mod error;
mod follow;
mod operations;
mod repeat;
mod reply;
mod request;
mod retries;
mod transport;
#[expect(clippy::struct_excessive_bools, reason = "as the API has them")]
pub mod types;

pub use client::{Client, Language};
pub use error::{Error, Refusal};
pub use follow::Following;
pub use operations::Service;
pub use repeat::{at_current, wait_until};
pub use reply::{Answer, Content, ETag, Reply};
pub use request::Request;
pub use retries::Retries;
#[cfg(feature = "http")]
pub use transport::over_http::{Addresses, HttpTransport};
pub use transport::{RESPONSE_BYTES_MAX, Transport, TransportError};
