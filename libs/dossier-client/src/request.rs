//! One request: its parts, its attempts, and its response.

use std::fmt::Write;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::{HeaderMap, Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::error::{header, retry_after};
use crate::retries::is_temporary;
use crate::{Answer, Client, Content, ETag, Error, Reply, Service, Transport, TransportError};

type Cause = Box<dyn std::error::Error + Send + Sync>;
type Read<R> = fn(&HeaderMap, Bytes) -> serde_json::Result<R>;

/// An operation with its parameters. It is sent by `.await` or [`Request::send`].
#[must_use = "a request is sent by `.await`"]
pub struct Request<'a, T, R> {
    client: &'a Client<T>,
    service: Service,
    method: Method,
    path: String,
    headers: Vec<(&'static str, Result<HeaderValue, Cause>)>,
    key: Option<String>,
    body: Result<Bytes, Cause>,
    read: Read<R>,
}

impl<'a, T: Transport, R> Request<'a, T, R> {
    pub(crate) fn new(
        client: &'a Client<T>,
        service: Service,
        method: Method,
        path: String,
        read: Read<R>,
    ) -> Self {
        let (headers, body) = (Vec::new(), Ok(Bytes::new()));
        let request = Self { client, service, method, path, headers, key: None, body, read };
        match &client.token {
            Some(token) => request.token(token),
            None => request,
        }
    }

    /// The key under which a step is taken once, 1 to 200 visible ASCII characters. Store it before
    /// sending if the step must be repeated after a crash of this program.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Uses this key unless the request has one.
    pub(crate) fn idempotency_key_or(mut self, key: &str) -> Self {
        self.key.get_or_insert_with(|| key.to_owned());
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, HeaderValue::from_str(value).map_err(Cause::from)));
        self
    }

    /// Requires that the resource still has this version (`If-Match`).
    pub fn if_match(mut self, seen: &ETag) -> Self {
        self.headers.push(("if-match", Ok(seen.value().clone())));
        self
    }

    /// The bearer token of this request, in place of the client's.
    pub fn token(mut self, token: &str) -> Self {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"));
        if let Ok(value) = &mut value {
            value.set_sensitive(true);
        }
        self.headers.push(("authorization", value.map_err(Cause::from)));
        self
    }

    /// Sends this as the JSON body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).map(Bytes::from).map_err(Cause::from);
        self.header("content-type", "application/json")
    }

    /// Sets a body that is not JSON.
    pub fn content(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Ok(body.into());
        self.header("content-type", media_type)
    }

    pub(crate) fn query(mut self, query: &impl Serialize) -> Self {
        match serde_urlencoded::to_string(query) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                let _ = write!(self.path, "?{text}");
            }
            Err(error) => self.body = Err(error.into()),
        }
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] and [`Error::Unexpected`] for responses that are not successful, and all
    /// others that have a request.
    pub async fn send(self) -> Result<Reply<R>, Error> {
        let (read, service, name) = (self.read, self.service, self.name());
        let (parts, body) = self.exchange().await?.into_parts();
        if !parts.status.is_success() {
            return Err(Error::of(name, parts.status, &parts.headers, &body));
        }
        let etag = ETag::of(&parts.headers);
        let body = read(&parts.headers, body)
            .map_err(|source| Error::Undecodable { request: name, source })?;
        Ok(Reply { status: parts.status, headers: parts.headers, body, etag, service })
    }

    /// Sends the request; the answer may have any status.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] and [`Error::Invalid`].
    pub async fn answer(self) -> Result<Answer, Error> {
        let request = self.name();
        let (parts, body) = self.exchange().await?.into_parts();
        let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| text());
        Ok(Answer { request, status: parts.status, headers: parts.headers, body })
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// All attempts.
    async fn exchange(self) -> Result<Response<Bytes>, Error> {
        let (client, service, name) = (self.client, self.service, self.name());
        let request = match self.prepare() {
            Ok(request) => request,
            Err(source) => return Err(Error::Invalid { request: name, source }),
        };
        let begun = Instant::now();
        let mut attempt = 0;
        loop {
            let sent = client.transport.send(service, request.clone());
            let timed_out = |_| Err(TransportError::TimedOut(client.timeout));
            let outcome = timeout(client.timeout, sent).await.unwrap_or_else(timed_out);
            let named = outcome.as_ref().ok().and_then(|response| retry_after(response.headers()));
            let temporary = match &outcome {
                Ok(response) => is_temporary(response.status(), named),
                Err(error) => error.is_temporary(),
            };
            let random = random::<1>()[0];
            let pause = client.retries.pause(attempt, begun.elapsed(), named, random);
            match pause.filter(|_| temporary) {
                Some(pause) => rest(pause).await,
                None => return settle(client, name, outcome),
            }
            attempt += 1;
        }
    }

    /// The request as all attempts send it.
    fn prepare(self) -> Result<http::Request<Bytes>, Cause> {
        let client = self.client;
        let mut request = http::Request::builder().method(&self.method).uri(self.path);
        if let Some(headers) = request.headers_mut() {
            headers.insert("accept-language", HeaderValue::from_static(client.language.tag()));
            let acting = [("mandate", &client.mandate), ("credential", &client.credential)];
            for (name, id) in acting {
                if let Some(id) = id {
                    headers.insert(name, HeaderValue::from_str(id)?);
                }
            }
            if let Some(seen) = client.consistency_token() {
                headers.insert("consistency-token", HeaderValue::from_str(&seen)?);
            }
            if self.method == Method::POST || self.key.is_some() {
                let key = self.key.unwrap_or_else(new_key);
                headers.insert("idempotency-key", HeaderValue::from_str(&key)?);
            }
            for (name, value) in self.headers {
                headers.insert(name, value?);
            }
        }
        Ok(request.body(self.body?)?)
    }
}

impl<'a, T: Transport, R: Send + 'a> IntoFuture for Request<'a, T, R> {
    type Output = Result<Reply<R>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The outcome of the last attempt.
fn settle<T: Transport>(
    client: &Client<T>,
    request: String,
    outcome: Result<Response<Bytes>, TransportError>,
) -> Result<Response<Bytes>, Error> {
    let response = outcome.map_err(|source| Error::Unreachable { request, source })?;
    if let Some(token) = header(response.headers(), "consistency-token")
        && response.status().is_success()
    {
        client.received(token);
    }
    Ok(response)
}

pub(crate) async fn rest(pause: Duration) {
    #[expect(clippy::disallowed_methods, reason = "nothing announces that a service is back")]
    tokio::time::sleep(pause).await;
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    // Fails only on systems without a source of randomness, where TLS fails as well.
    getrandom::getrandom(&mut bytes).expect("the system has a source of randomness");
    bytes
}

/// A new idempotency key of 128 random bits.
pub(crate) fn new_key() -> String {
    format!("{:032x}", u128::from_be_bytes(random()))
}

/// A path parameter with its reserved characters escaped.
pub(crate) fn segment(value: impl ToString) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(&value.to_string(), RESERVED).to_string()
}

pub(crate) fn read_json<R: DeserializeOwned>(_: &HeaderMap, body: Bytes) -> serde_json::Result<R> {
    serde_json::from_slice(&body)
}

#[expect(clippy::unnecessary_wraps, reason = "one signature for all readers of bodies")]
pub(crate) fn read_content(headers: &HeaderMap, bytes: Bytes) -> serde_json::Result<Content> {
    let media_type = header(headers, "content-type").unwrap_or_default().to_owned();
    Ok(Content { media_type, bytes })
}

#[expect(clippy::unnecessary_wraps, reason = "one signature for all readers of bodies")]
pub(crate) fn read_text(_: &HeaderMap, body: Bytes) -> serde_json::Result<String> {
    Ok(String::from_utf8_lossy(&body).into_owned())
}
