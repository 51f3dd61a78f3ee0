//! Cross-origin requests (Fetch, section 3.2, "CORS protocol"): the sites whose pages may use the
//! API from a browser. Tokens are sent in `Authorization`, never as cookies, so no answer allows
//! credentials.

use std::str::FromStr;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use http::{Method, StatusCode, Uri};
use warp::reply::Response;

/// Request headers that pages may send, besides those that Fetch always allows.
const SENT: &str = "authorization, consistency-token, content-type, credential, idempotency-key, \
                    if-match, if-none-match, last-event-id, mandate, traceparent";

/// Response headers that pages may read, besides those that Fetch always allows.
const READ: &str = "consistency-token, content-digest, content-disposition, etag, link, location, \
                    ratelimit, ratelimit-policy, retry-after, x-request-id";

const METHODS: &str = "GET, HEAD, POST";

/// How long a browser may remember a preflight, in seconds: the limit of Chromium.
const REMEMBERED_S: &str = "7200";

/// An origin (RFC 6454): scheme, host and port of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an origin such as https://portal.example: a scheme and a host in lower case, no path"
)]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let uri: Uri = text.parse().map_err(|_| NoOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NoOrigin);
        };
        // As browsers send it, because it is compared as text.
        let default_port = if scheme == "https" { Some(443) } else { Some(80) };
        let port = authority.port_u16().filter(|port| Some(*port) != default_port);
        let host = authority.host().to_ascii_lowercase();
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let sent = format!("{scheme}://{host}{port}");
        let is_origin = ["http", "https"].contains(&scheme) && sent == text;
        let value = HeaderValue::from_str(text).map_err(|_| NoOrigin)?;
        if is_origin { Ok(Self(value)) } else { Err(NoOrigin) }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// The allowed origins.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// Only these; none at all answers as if there were no cross-origin requests.
    #[must_use]
    pub const fn new(allowed: Vec<Origin>) -> Self {
        Self(allowed)
    }

    /// The origin of a request if it is an allowed one.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.0.iter().find(|allowed| allowed.0 == *origin).map(|allowed| allowed.0.clone())
    }

    /// The answer to a preflight; `None` if the request is none. A page of an origin that is not
    /// allowed learns it from the absence of `Access-Control-Allow-Origin`.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let is_preflight = method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if self.0.is_empty() || !is_preflight {
            return None;
        }
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        let into = response.headers_mut();
        into.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        into.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(SENT));
        into.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(REMEMBERED_S));
        Some(response)
    }

    /// Lets a page of `origin` read the answer. Every answer depends on the origin then, also one
    /// to another origin.
    pub(crate) fn mark(&self, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for origin in ["https://portal.example", "http://127.0.0.1:3000", "https://a.b.vn:8443"] {
            assert!(origin.parse::<Origin>().is_ok(), "{origin}");
        }
        for text in [
            "*",
            "portal.example",
            "https://portal.example/",
            "https://Portal.example",
            "https://portal.example:443",
            "ftp://portal.example",
            "https://user@portal.example",
            "null",
            "",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(NoOrigin), "{text}");
        }
    }
}
