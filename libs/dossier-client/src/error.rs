//! Why an operation has no reply.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::TransportError;
use crate::types::Problem;

/// Prefix of problem types.
pub(crate) const URN: &str = "urn:dossier:problem:";
/// Characters of a body that is not a problem which an error shows.
const SHOWN_CHARS: usize = 500;

/// Why an operation has no reply. `request` is the method and path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service refused the request, or failed and said so.
    #[error("{request}: {refusal}")]
    Refused { request: String, refusal: Box<Refusal> },
    /// A response that is no problem of the API, for example of a proxy. `body` is its beginning.
    #[error("{request}: {status} {body}")]
    Unexpected { request: String, status: StatusCode, body: String },
    /// A successful response that the API does not describe. The step was taken.
    #[error("{request}: the response does not have the form that the API describes")]
    Undecodable { request: String, source: serde_json::Error },
    /// A successful response lacks a header that the caller needs.
    #[error("the response has no {0}")]
    HeaderMissing(&'static str),
    /// No attempt had a response. A step may have been taken: repeat it with the same
    /// [`idempotency_key`](crate::Request::idempotency_key).
    #[error("{request}: no response")]
    Unreachable { request: String, source: TransportError },
    /// The request cannot be written, for example because of a line break in the token.
    #[error("{request}: the request cannot be written")]
    Invalid { request: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// [`wait_until`](crate::wait_until) reached its limit.
    #[error("not reached within {0:?}")]
    NotReached(Duration),
}

impl Error {
    /// The refusal, if the service refused the request.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// The registered code of a refusal, for example `version-stale`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refusal().map(Refusal::code)
    }

    /// The status of the response, if there was one and it was not successful.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.status),
            Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(crate) fn of(
        request: String,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) if is_problem(headers) => Self::Refused {
                request,
                refusal: Box::new(Refusal {
                    status,
                    problem,
                    request_id: header(headers, "x-request-id").map(str::to_owned),
                    retry_after: retry_after(headers),
                }),
            },
            _ => {
                let body = String::from_utf8_lossy(body).chars().take(SHOWN_CHARS).collect();
                Self::Unexpected { request, status, body }
            }
        }
    }
}

/// A problem (RFC 9457) with what its response had beside it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    pub status: StatusCode,
    pub problem: Problem,
    /// `X-Request-Id`, by which the operator finds the request in the log.
    pub request_id: Option<String>,
    /// When the same request may succeed.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// The registered code, without the prefix of the URN.
    #[must_use]
    pub fn code(&self) -> &str {
        self.problem.r#type.strip_prefix(URN).unwrap_or(&self.problem.r#type)
    }

    /// JSON Pointers of the fields of the body that must change.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.problem.errors.iter().filter_map(|field| field.pointer.as_deref())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code(), self.problem.title)?;
        if let Some(detail) = &self.problem.detail {
            write!(f, " ({detail})")?;
        }
        for field in &self.problem.errors {
            let places = [&field.pointer, &field.parameter, &field.header];
            let place = places.into_iter().flatten().next().map(String::as_str);
            write!(f, "; {:?}: {}", place.unwrap_or_default(), field.detail)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

fn is_problem(headers: &HeaderMap) -> bool {
    let media_type = header(headers, "content-type").unwrap_or_default();
    media_type.starts_with("application/problem+json")
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `Retry-After` in seconds; the services send no dates.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    header(headers, "retry-after")?.trim().parse().ok().map(Duration::from_secs)
}
