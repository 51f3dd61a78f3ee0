//! How requests reach the services.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use crate::Service;

#[cfg(feature = "http")]
pub(crate) mod over_http;

/// Bytes of a response body: more than the largest document (50 MiB).
pub const RESPONSE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Sends requests. [`HttpTransport`](crate::HttpTransport) is the usual one; a program that has the
/// services in its own process, or tests, may have another.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request to a service, once. Its URI has a path and a query only.
    ///
    /// # Errors
    ///
    /// There is no response, or it has more than [`RESPONSE_BYTES_MAX`].
    fn send(
        &self,
        service: Service,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send;
}

/// Why there is no response. The request may have been received nevertheless.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    #[error("no response within {0:?}")]
    TimedOut(std::time::Duration),
    #[error("the response has more than {RESPONSE_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the connection failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TransportError {
    /// A failure with its cause.
    pub fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_temporary(&self) -> bool {
        !matches!(self, Self::TooLarge)
    }
}
