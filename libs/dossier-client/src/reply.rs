//! What operations return.

use std::fmt;

use bytes::Bytes;
use http::header::HeaderValue;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::error::header;
use crate::{Error, Service};

/// The version of a resource: sent in `If-Match`, so that a step is taken only on what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(HeaderValue);

impl ETag {
    /// A stored one, with its quotation marks; `None` if it is empty or has characters that no
    /// header may have.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        HeaderValue::from_str(text).ok().filter(|value| !value.is_empty()).map(Self)
    }

    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        headers.get("etag").cloned().map(Self)
    }

    pub(crate) fn value(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// A successful response.
#[derive(Debug, Clone)]
pub struct Reply<R> {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: R,
    pub(crate) etag: Option<ETag>,
    pub(crate) service: Service,
}

impl<R> Reply<R> {
    /// The version of what is shown, for the next step on it.
    ///
    /// # Errors
    ///
    /// The operation shows no resource with versions.
    pub fn etag(&self) -> Result<&ETag, Error> {
        self.etag.as_ref().ok_or(Error::HeaderMissing("ETag"))
    }

    /// The path of what was created.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        header(&self.headers, "location")
    }

    /// Path and query of the next page (`Link` with `rel="next"`, RFC 8288).
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        let link = header(&self.headers, "link")?;
        let (address, parameters) = link.strip_prefix('<')?.split_once('>')?;
        parameters.contains("rel=\"next\"").then_some(address)
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub media_type: String,
    pub bytes: Bytes,
}

/// A response of any status, for programs that pass bodies on as they are: `body` is JSON, or a
/// string if the content is not JSON.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path of the request.
    pub request: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// A header's text; empty if the response does not have it.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        header(&self.headers, name).unwrap_or_default()
    }

    /// The `ETag`; empty if the response has none.
    #[must_use]
    pub fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    /// The body of a successful response.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] for other responses.
    pub fn granted(self) -> Result<Value, Error> {
        let Self { request, status, body, .. } = self;
        if status.is_success() {
            return Ok(body);
        }
        Err(Error::Unexpected { request, status, body: body.to_string() })
    }

    /// The registered code of a problem; empty for other bodies.
    #[must_use]
    pub fn problem(&self) -> &str {
        let name = self.body.get("type").and_then(Value::as_str).unwrap_or_default();
        name.strip_prefix(crate::error::URN).unwrap_or(name)
    }
}
