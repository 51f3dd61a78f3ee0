//! Answers that are not problems.

use events::{Position, Version};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use warp::reply::Response;

const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");

/// An answer.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
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

    /// 200 with a body of another media type.
    #[must_use]
    pub fn bytes(media_type: &str, body: Vec<u8>) -> Self {
        let headers = HeaderMap::new();
        Self { status: StatusCode::OK, headers, body }.header(CONTENT_TYPE, media_type)
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Replies are structs with text keys: writing them cannot fail.
        let body = serde_json::to_vec(body).unwrap_or_default();
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
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
