//! An HTTP client with one connection and one request at a time.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

pub(crate) struct Client {
    address: SocketAddr,
    link: Link,
    /// The newest consistency token, sent with every request.
    pub(crate) consistency: String,
    /// Latency of each write, in µs.
    pub(crate) latencies_us: Vec<u32>,
    /// Requests sent.
    pub(crate) requests: u64,
}

/// A connection and its driver task.
type Link = (SendRequest<Full<Bytes>>, JoinSet<()>);

async fn open(address: SocketAddr) -> Result<Link> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, driven) = handshake(TokioIo::new(stream)).await?;
    let mut running = JoinSet::new();
    running.spawn(async move {
        // A closed connection is noticed at the next request.
        let _ = driven.await;
    });
    Ok((sender, running))
}

pub(crate) struct Answer {
    pub(crate) etag: String,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let link = open(address).await?;
        let (consistency, latencies_us) = (String::new(), Vec::new());
        Ok(Self { address, link, consistency, latencies_us, requests: 0 })
    }

    /// The readiness response, whatever its status.
    pub(crate) async fn health(&mut self) -> Result<Value> {
        let (status, answer) = self
            .exchange(
                Method::GET,
                "/health/ready",
                ("", "", ""),
                ("application/json", Bytes::new()),
            )
            .await?;
        let known = status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE;
        if !known || answer.body.get("head").is_none() {
            bail!("/health/ready: {status} {}", answer.body);
        }
        Ok(answer.body)
    }

    pub(crate) async fn get(&mut self, path: &str, token: &str) -> Result<Answer> {
        self.send(Method::GET, path, (token, "", ""), ("application/json", Bytes::new())).await
    }

    /// Sends a write; its latency counts from `since`, or from now.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        (token, key, etag): (&str, &str, &str),
        body: &Value,
        since: Option<Instant>,
    ) -> Result<Answer> {
        let started = since.unwrap_or_else(Instant::now);
        let body = ("application/json", Bytes::from(body.to_string()));
        let answer = self.send(Method::POST, path, (token, key, etag), body).await?;
        let elapsed = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.latencies_us.push(elapsed);
        Ok(answer)
    }

    pub(crate) async fn upload(&mut self, token: &str, key: &str) -> Result<String> {
        let pdf = ("application/pdf", Bytes::from_static(b"%PDF-1.7 a document"));
        let answer = self.send(Method::POST, "/v1/documents", (token, key, ""), pdf).await?;
        let name = answer.body.get("document").and_then(Value::as_str).context("no document")?;
        Ok(name.to_owned())
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: (&str, &str, &str),
        body: (&str, Bytes),
    ) -> Result<Answer> {
        let (status, answer) = self.exchange(method, path, headers, body).await?;
        if !status.is_success() {
            bail!("{path}: {status} {}", answer.body);
        }
        Ok(answer)
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        (token, key, etag): (&str, &str, &str),
        (media_type, body): (&str, Bytes),
    ) -> Result<(StatusCode, Answer)> {
        self.requests += 1;
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        let headers = [
            ("authorization", token),
            ("content-type", media_type),
            ("idempotency-key", key),
            ("if-match", etag),
            ("consistency-token", &self.consistency),
        ];
        for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(name, value);
        }
        // The server closes old connections.
        if self.link.0.ready().await.is_err() {
            self.link = open(self.address).await?;
        }
        let response = self.link.0.send_request(request.body(Full::new(body))?).await?;
        let (parts, body) = response.into_parts();
        let header =
            |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
        let (etag, position) = (header("etag").to_owned(), header("consistency-token").to_owned());
        let body = body.collect().await?.to_bytes();
        if parts.status.is_success() && !position.is_empty() {
            self.consistency = position;
        }
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok((parts.status, Answer { etag, body }))
    }
}
