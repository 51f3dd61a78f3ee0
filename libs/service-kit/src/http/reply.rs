//! Answers that are not problems.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use events::{Position, Version};
use futures_util::Stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use warp::Reply as _;
use warp::reply::Response;

const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");

/// An answer.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Whole(Vec<u8>),
    File(File),
}

impl Reply {
    /// 200 with a JSON body.
    #[must_use]
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with a JSON body and the address of what was made.
    #[must_use]
    pub fn created(location: &str, body: &impl Serialize) -> Self {
        Self::json(StatusCode::CREATED, body).header(LOCATION, location)
    }

    /// 200 with the content of a file of so many bytes, which is never held in memory whole.
    #[must_use]
    pub fn file(media_type: &str, file: File, bytes: u64) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::File(file));
        Self { status: StatusCode::OK, headers, body }
            .header(CONTENT_TYPE, media_type)
            .header(CONTENT_LENGTH, &bytes.to_string())
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Replies are structs with text keys: writing them cannot fail.
        let body = Body::Whole(serde_json::to_vec(body).unwrap_or_default());
        Self { status, headers: HeaderMap::new(), body }.header(CONTENT_TYPE, "application/json")
    }

    /// With the version to send back in `If-Match`.
    #[must_use]
    pub fn version(self, version: Option<Version>) -> Self {
        match version {
            Some(version) => self.header(ETAG, &format!("\"{}\"", version.0)),
            None => self,
        }
    }

    /// With the position to send back in `Consistency-Token`.
    #[must_use]
    pub fn position(self, position: Position) -> Self {
        self.header(CONSISTENCY_TOKEN, &format!("\"{}\"", position.0))
    }

    /// With the address of the next page (RFC 8288).
    #[must_use]
    pub fn next_page(self, address: Option<&str>) -> Self {
        match address {
            Some(address) => self.header(LINK, &format!("<{address}>; rel=\"next\"")),
            None => self,
        }
    }

    /// With a header; one whose value cannot be written is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = match self.body {
            Body::Whole(body) => Response::new(body.into()),
            Body::File(file) => warp::reply::stream(Chunks(file)).into_response(),
        };
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// A file, part by part.
struct Chunks(File);

/// Bytes read at once.
const CHUNK_BYTES: usize = 16 * 1024;

impl Stream for Chunks {
    type Item = std::io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Bytes>>> {
        let mut space = [0; CHUNK_BYTES];
        let mut read = ReadBuf::new(&mut space);
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll_read(context, &mut read)) {
            Ok(()) if read.filled().is_empty() => None,
            Ok(()) => Some(Ok(Bytes::copy_from_slice(read.filled()))),
            Err(error) => Some(Err(error)),
        })
    }
}
