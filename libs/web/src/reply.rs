//! Successful answers.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use documents::Content;
use events::{Position, Version};
use futures_util::Stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use warp::Reply as _;
use warp::reply::Response;

pub(super) const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");

/// A successful answer, with its headers.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// The Rust type of a JSON body; compared with the declared one.
    shape: Option<&'static str>,
}

enum Body {
    Whole(Vec<u8>),
    Stream(Content),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(body) => write!(f, "{} bytes", body.len()),
            Self::Stream(_) => f.write_str("a stream"),
        }
    }
}

impl Reply {
    /// 200 with a JSON body.
    #[must_use]
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with a JSON body and the address of the new resource.
    #[must_use]
    pub fn created(location: &str, body: &impl Serialize) -> Self {
        Self::json(StatusCode::CREATED, body).header(LOCATION, location)
    }

    /// 200 with the content of a document, of `bytes` bytes, as a stream.
    #[must_use]
    pub(crate) fn content(media_type: &str, content: Content, bytes: u64) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::Stream(content));
        Self { status: StatusCode::OK, headers, body, shape: None }
            .header(CONTENT_TYPE, media_type)
            .header(CONTENT_LENGTH, &bytes.to_string())
    }

    fn json<T: Serialize>(status: StatusCode, body: &T) -> Self {
        let body = serde_json::to_vec(body).expect("a reply is a struct of values with text keys");
        let body = Body::Whole(body);
        let shape = Some(std::any::type_name::<T>());
        Self { status, headers: HeaderMap::new(), body, shape }
            .header(CONTENT_TYPE, "application/json")
    }

    /// Sets `ETag`, for the client to send in `If-Match`.
    #[must_use]
    pub fn version(self, version: Option<Version>) -> Self {
        match version {
            Some(version) => self.header(ETAG, &format!("\"{}\"", version.0)),
            None => self,
        }
    }

    /// Sets `Consistency-Token`, for the client to send back.
    #[must_use]
    pub fn position(self, position: Position) -> Self {
        self.header(CONSISTENCY_TOKEN, &format!("\"{}\"", position.0))
    }

    /// Sets the `Link` to the next page (RFC 8288).
    #[must_use]
    pub fn next_page(self, address: Option<&str>) -> Self {
        match address {
            Some(address) => self.header(LINK, &format!("<{address}>; rel=\"next\"")),
            None => self,
        }
    }

    /// Sets a header; it is left out if the value is not valid in a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) const fn shape(&self) -> Option<&'static str> {
        self.shape
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = match self.body {
            Body::Whole(body) => Response::new(body.into()),
            Body::Stream(content) => warp::reply::stream(Exclusive(content.into())).into_response(),
        };
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Makes the content `Sync`, as warp requires. Access is exclusive, so the mutex is never locked.
struct Exclusive(Mutex<Content>);

impl Stream for Exclusive {
    type Item = std::io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Bytes>>> {
        let content = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        content.as_mut().poll_next(context)
    }
}
