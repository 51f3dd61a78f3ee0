//! A client of one address, and what it is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use dossier_client::{
    Addresses, Client, ETag, HttpTransport, Language, Retries, Service, Transport, TransportError,
};
use http::{Method, Request, StatusCode};
use serde_json::Value;

/// A client of one address. Its steps and uploads have the headers of the real client; `send` sends
/// exactly what it is given, for requests that a client never sends.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    transport: HttpTransport,
    client: Client<HttpTransport>,
    pub(crate) address: SocketAddr,
    keys: Arc<AtomicU64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl From<dossier_client::Answer> for Answer {
    fn from(answer: dossier_client::Answer) -> Self {
        Self { status: answer.status, headers: answer.headers, body: answer.body }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag")
    }

    pub(crate) fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or("").trim_start_matches("urn:dossier:problem:")
    }

    /// The body of a successful answer.
    #[track_caller]
    pub(crate) fn granted(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    /// Status and code of a problem. One of an invalid input names every field, parameter or header
    /// that must change.
    #[track_caller]
    pub(crate) fn refused(&self) -> (u16, &str) {
        assert!(!self.status.is_success(), "{} {}", self.status, self.body);
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
            let places = ["pointer", "parameter", "header"];
            let is_placed = |error: &Value| places.iter().any(|place| error[place].is_string());
            assert!(!errors.is_empty() && errors.iter().all(is_placed), "{}", self.body);
        }
        assert_eq!(self.header("content-type"), "application/problem+json");
        (self.status.as_u16(), self.problem())
    }
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let addresses = Addresses::new(&format!("http://{address}"));
        let client = HttpTransport::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let transport = HttpTransport::with_client(client, addresses);
        let client = Client::over(transport.clone())
            .with_language(Language::English)
            .with_retries(Retries::NONE);
        Self { transport, client, address, keys: Arc::default() }
    }

    /// The client of a caller; it does not wait for reactions, which the tests run.
    pub(crate) fn caller(&self, token: &str) -> Client<HttpTransport> {
        self.client.independent().with_token(token)
    }

    /// A new idempotency key.
    pub(crate) fn key(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, TransportError> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body)).unwrap();
        let (parts, bytes) = self.transport.send(Service::Process, request).await?.into_parts();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// Gets a resource in this media type, as bytes.
    pub(crate) async fn raw(
        &self,
        path: &str,
        token: &str,
        accept: &str,
    ) -> (StatusCode, http::HeaderMap, Vec<u8>) {
        let request = Request::builder().uri(path).header("accept", accept);
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.body(Bytes::new()).unwrap();
        let answer = self.transport.send(Service::Process, request).await.unwrap();
        let (parts, bytes) = answer.into_parts();
        (parts.status, parts.headers, bytes.to_vec())
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        let caller = self.caller(token);
        caller.call(Service::Process, Method::GET, path).answer().await.unwrap().into()
    }

    /// Gets a resource in Vietnamese, which is the default.
    pub(crate) async fn get_vietnamese(&self, path: &str, token: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", &*authorization)];
        self.send(Method::GET, path, &headers, Vec::new()).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, token: &str, etag: &str, body: Value) -> Answer {
        self.post_with(path, token, &self.key(), etag, body).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        token: &str,
        key: &str,
        etag: &str,
        body: Value,
    ) -> Answer {
        let caller = self.caller(token);
        let mut step = caller.call(Service::Process, Method::POST, path).idempotency_key(key);
        if let Some(seen) = ETag::new(etag) {
            step = step.if_match(&seen);
        }
        step.json(&body).answer().await.unwrap().into()
    }

    /// Uploads a PDF; returns its name.
    pub(crate) async fn upload(&self, token: &str, content: &str) -> String {
        let (caller, content) = (self.caller(token), format!("%PDF-1.7 {content}"));
        let upload = caller.upload_document("application/pdf", content);
        upload.idempotency_key(self.key()).await.unwrap().body.document
    }

    /// Uploads content with an idempotency key and headers.
    pub(crate) async fn upload_as(
        &self,
        token: &str,
        key: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let authorization = format!("Bearer {token}");
        let own = [
            ("authorization", &*authorization),
            ("idempotency-key", key),
            ("accept-language", "en"),
        ];
        let headers = [&own, headers].concat();
        self.send(Method::POST, "/v1/documents", &headers, body).await.unwrap()
    }
}
