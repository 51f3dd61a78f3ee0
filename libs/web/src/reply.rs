//! Successful answers.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use documents::Content;
use dossier::contract::{DossierId, PaperPrinted};
use events::{Position, Version};
use futures_util::Stream;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    LINK, LOCATION, VARY,
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use warp::Reply as _;
use warp::reply::Response;

use super::Request;
use super::follow::EVENT_STREAM;

/// Read by nginx and proxies that follow it.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");

pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// A successful answer, with its headers.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// The Rust type of a JSON body; compared with the declared one.
    shape: Option<&'static str>,
    /// Dossiers whose data it has, if neither the address nor the body names them.
    about: Vec<DossierId>,
    /// See [`Reply::printing`].
    papers: Vec<PaperPrinted>,
}

enum Body {
    Whole(Vec<u8>),
    /// Bytes, and what they say as JSON, in which the persons concerned are found.
    Printed(Vec<u8>, Vec<u8>),
    Stream(Content),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(body) | Self::Printed(body, _) => write!(f, "{} bytes", body.len()),
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

    /// 202 with a JSON body and the address of the work that goes on.
    #[must_use]
    pub fn accepted(location: &str, body: &impl Serialize) -> Self {
        Self::json(StatusCode::ACCEPTED, body).header(LOCATION, location)
    }

    /// 200 with a JSON body that caches may keep for `max_age`; 304 without it if the request has
    /// its tag in `If-None-Match`.
    #[must_use]
    pub fn cacheable(request: &Request, body: &impl Serialize, max_age: Duration) -> Self {
        let reply = Self::ok(body);
        let Body::Whole(bytes) = &reply.body else { return reply };
        let tag = format!("\"{}\"", request.context().secret.digest(&[bytes]));
        let known = request.headers.get_all(IF_NONE_MATCH).iter();
        let mut known = known.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
        let is_known = known.any(
            |known| matches!(known.trim().trim_start_matches("W/"), k if k == tag || k == "*"),
        );
        let reply = if is_known {
            let (headers, body) = (HeaderMap::new(), Body::Whole(Vec::new()));
            Self::with(StatusCode::NOT_MODIFIED, headers, body, None)
        } else {
            reply
        };
        let age = format!("public, max-age={}", max_age.as_secs());
        reply.header(ETAG, &tag).header(CACHE_CONTROL, &age)
    }

    /// 200 with content of `bytes` bytes, as a stream, and its digest for `Content-Digest`, for
    /// example `sha-256=:…:`.
    #[must_use]
    pub fn digested(media_type: &str, content: Content, (bytes, digest): (u64, &str)) -> Self {
        Self::content(media_type, content, bytes).header(CONTENT_DIGEST, digest)
    }

    /// 200 with the content of a document, of `bytes` bytes, as a stream.
    #[must_use]
    pub(crate) fn content(media_type: &str, content: Content, bytes: u64) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::Stream(content));
        Self::with(StatusCode::OK, headers, body, None)
            .header(CONTENT_TYPE, media_type)
            .header(CONTENT_LENGTH, &bytes.to_string())
    }

    /// 200 with server-sent events. Proxies are asked not to buffer them.
    #[must_use]
    pub fn events(content: Content) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::Stream(content));
        Self::with(StatusCode::OK, headers, body, None)
            .header(CONTENT_TYPE, EVENT_STREAM)
            .header(UNBUFFERED, "no")
            .negotiated()
    }

    /// Tells caches that `Accept` decides on the media type.
    #[must_use]
    pub fn negotiated(self) -> Self {
        self.header(VARY, "Accept")
    }

    /// An answer in a partner's words.
    #[must_use]
    pub fn words(status: StatusCode, media_type: Option<&str>, body: Vec<u8>) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::Whole(body));
        let reply = Self::with(status, headers, body, None);
        match media_type {
            Some(media_type) => reply.header(CONTENT_TYPE, media_type),
            None => reply,
        }
    }

    /// Sends the browser to the address in `Location` (303).
    #[must_use]
    pub fn redirect() -> Self {
        Self::words(StatusCode::SEE_OTHER, None, Vec::new())
    }

    /// 200 with bytes of this media type; `content` is what they say.
    #[must_use]
    pub(crate) fn printed(media_type: &str, bytes: Vec<u8>, content: &impl Serialize) -> Self {
        let content = serde_json::to_vec(content).unwrap_or_default();
        let (headers, body) = (HeaderMap::new(), Body::Printed(bytes, content));
        Self::with(StatusCode::OK, headers, body, None).header(CONTENT_TYPE, media_type)
    }

    fn with(
        status: StatusCode,
        headers: HeaderMap,
        body: Body,
        shape: Option<&'static str>,
    ) -> Self {
        Self { status, headers, body, shape, about: Vec::new(), papers: Vec::new() }
    }

    fn json<T: Serialize>(status: StatusCode, body: &T) -> Self {
        let body = serde_json::to_vec(body).expect("a reply is a struct of values with text keys");
        let body = Body::Whole(body);
        let shape = Some(std::any::type_name::<T>());
        Self::with(status, HeaderMap::new(), body, shape).header(CONTENT_TYPE, "application/json")
    }

    /// Names the dossiers whose personal data the reply has, for the record of the read. Required
    /// if neither the address nor a property `dossier` names them.
    #[must_use]
    pub fn about(mut self, dossiers: impl IntoIterator<Item = DossierId>) -> Self {
        self.about.extend(dossiers);
        self
    }

    /// See [`Reply::about`].
    pub(super) fn named(&self) -> &[DossierId] {
        &self.about
    }

    /// Names papers that the reply prints and that no step has issued, for the record of the read.
    pub(super) fn printing(mut self, papers: impl IntoIterator<Item = PaperPrinted>) -> Self {
        self.papers.extend(papers);
        self
    }

    /// See [`Reply::printing`].
    pub(super) fn papers_printed(&self) -> &[PaperPrinted] {
        &self.papers
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

    /// The body, if it is JSON.
    pub(super) fn json_body(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Whole(body) => self.shape.map(|_| &**body),
            Body::Printed(_, content) => Some(content),
            Body::Stream(_) => None,
        }
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
            Body::Whole(body) | Body::Printed(body, _) => Response::new(body.into()),
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
