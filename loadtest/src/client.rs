//! The API's client over one connection with one request at a time, with the latency of each write.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Result, bail};
use bytes::Bytes;
use dossier_client::{Answer, ETag, Request, Retries, Service, Transport, TransportError};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

pub(crate) struct Client {
    client: dossier_client::Client<Connection>,
    /// Latency of each write, in µs.
    pub(crate) latencies_us: Vec<u32>,
    /// Requests sent.
    pub(crate) requests: u64,
}

/// The connection, without the pool of the usual transport: its cost would count as the server's.
struct Connection {
    address: SocketAddr,
    link: Mutex<Link>,
}

/// What the actors' tokens begin with, for requests that are written by hand.
const BEARER: &str = "Bearer ";

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

impl Transport for Connection {
    async fn send(
        &self,
        _service: Service,
        mut request: hyper::Request<Bytes>,
    ) -> Result<hyper::Response<Bytes>, TransportError> {
        let mut link = self.link.lock().await;
        // The server closes old connections.
        if link.0.ready().await.is_err() {
            *link = open(self.address).await.map_err(TransportError::failed)?;
        }
        request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("localhost"));
        let sent = link.0.send_request(request.map(Full::new)).await;
        let (parts, body) = sent.map_err(TransportError::failed)?.into_parts();
        let body = body.collect().await.map_err(TransportError::failed)?.to_bytes();
        Ok(hyper::Response::from_parts(parts, body))
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let link = Mutex::new(open(address).await?);
        let client = dossier_client::Client::over(Connection { address, link });
        let client = client.with_retries(Retries::NONE);
        Ok(Self { client, latencies_us: Vec::new(), requests: 0 })
    }

    /// Reads from now on wait for this position.
    pub(crate) fn wait_for(&mut self, position: u64) {
        self.client.set_consistency_token(Some(format!("\"{position}\"")));
    }

    /// The readiness response, whatever its status.
    pub(crate) async fn health(&mut self) -> Result<Value> {
        self.requests += 1;
        let request = self.client.call(Service::Process, Method::GET, "/health/ready");
        let answer = request.answer().await?;
        let status = answer.status;
        let known = status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE;
        if !known || answer.body.get("head").is_none() {
            bail!("/health/ready: {status} {}", answer.body);
        }
        Ok(answer.body)
    }

    pub(crate) async fn get(&mut self, path: &str, token: &str) -> Result<Answer> {
        self.requests += 1;
        let request = self.client.call(Service::Process, Method::GET, path);
        succeeded(with_token(request, token).answer().await?)
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
        self.requests += 1;
        let step = self.client.call(Service::Process, Method::POST, path).idempotency_key(key);
        let mut step = with_token(step, token).json(body);
        if let Some(seen) = ETag::new(etag) {
            step = step.if_match(&seen);
        }
        let answer = succeeded(step.answer().await?)?;
        let elapsed = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.latencies_us.push(elapsed);
        Ok(answer)
    }

    pub(crate) async fn upload(&mut self, token: &str, key: &str) -> Result<String> {
        self.requests += 1;
        let pdf = Bytes::from_static(b"%PDF-1.7 a document");
        let upload = self.client.upload_document("application/pdf", pdf).idempotency_key(key);
        Ok(upload.token(token.trim_start_matches(BEARER)).send().await?.body.document)
    }
}

fn with_token<'a>(
    request: Request<'a, Connection, Value>,
    token: &str,
) -> Request<'a, Connection, Value> {
    match token.strip_prefix(BEARER) {
        Some(token) => request.token(token),
        None => request,
    }
}

fn succeeded(answer: Answer) -> Result<Answer> {
    if !answer.status.is_success() {
        bail!("{}: {} {}", answer.request, answer.status, answer.body);
    }
    Ok(answer)
}
