//! The server: our own accept loop, because a public service needs a time limit on the head of a request, a limit on
//! connections, and a drain that ends.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use http::Method;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::Instrument;
use warp::reply::Response;

use super::endpoint::Takes;
use super::problem::{HEADER_INVALID, LENGTH_REQUIRED, TOO_LARGE, UNAVAILABLE};
use super::{Language, Problem, Proxies, Router};
use crate::limits::{
    BODY_BYTES_MAX, CONNECTIONS_MAX, DOCUMENT_BYTES_MAX, DRAIN_MAX, HEAD_TIMEOUT, REQUEST_TIMEOUT,
};
use crate::metrics::Refused;
use crate::telemetry;

/// A bound server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Arc<Router>,
    proxies: Arc<Proxies>,
}

impl Server {
    /// Binds to an address; port 0 takes any.
    pub async fn bind(address: SocketAddr, router: Router) -> std::io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            router: Arc::new(router),
            proxies: Arc::default(),
        })
    }

    /// Believes these proxies for whom they ask.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Self {
        Self { proxies: Arc::new(proxies), ..self }
    }

    /// The address that it is bound to.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is true, then lets requests in flight finish, for at most [`DRAIN_MAX`].
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let Self { listener, router, proxies } = self;
        let graceful = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = accept(&listener, &permits) => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let Some((stream, peer, permit)) = accepted else { continue };
            let (router, proxies) = (Arc::clone(&router), Arc::clone(&proxies));
            let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
                let client = proxies.client(peer, request.headers());
                measure((Arc::clone(&router), client), request)
            });
            let connection = graceful
                .watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
            connections.spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(error, "a connection ended early");
                }
                drop(permit);
            });
        }
        drop(listener);
        if tokio::time::timeout(DRAIN_MAX, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests still in flight after {DRAIN_MAX:?} are dropped");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers must not wait for more; a socket without this option still works.
            let _ = stream.set_nodelay(true);
            Some((stream, peer.ip(), permit))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::task::yield_now().await;
            None
        }
    }
}

async fn measure(
    (router, client): (Arc<Router>, IpAddr),
    request: http::Request<Incoming>,
) -> Result<Response, Infallible> {
    let begun = Instant::now();
    let span = telemetry::request(&request, || router.address(request.uri().path()));
    let response = respond(&router, client, request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let refused = response.extensions().get::<Refused>().copied();
    router.kit().metrics.answered(response.status(), refused, begun.elapsed());
    Ok(response)
}

/// First the head says whether there is such an operation and whether the sender may call it, then how long the body
/// is, and only then is any of the body read.
async fn respond(router: &Router, client: IpAddr, request: http::Request<Incoming>) -> Response {
    let language = Language::of(request.headers());
    let path = request.uri().path();
    let admitted = match router.admit(request.method(), path, request.headers(), client) {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    if let Some(problem) = refuse_body(&request, admitted.takes()) {
        return problem.into_response(language);
    }
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, router.call(admitted, request)).await;
    answered.unwrap_or_else(|_| Problem::new(UNAVAILABLE).into_response(language))
}

/// The limits on a body, before any of it is read.
fn refuse_body(request: &http::Request<Incoming>, takes: Takes) -> Option<Problem> {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return Some(Problem::new(LENGTH_REQUIRED));
    }
    let takes_body = *request.method() == Method::POST;
    let length = match request.headers().get(CONTENT_LENGTH) {
        None if takes_body => return Some(Problem::new(LENGTH_REQUIRED)),
        None => return None,
        Some(length) => length.to_str().ok().and_then(|length| length.parse::<u64>().ok()),
    };
    let Some(length) = length else {
        return Some(Problem::new(HEADER_INVALID).about("Content-Length"));
    };
    let max = match takes {
        Takes::Upload => DOCUMENT_BYTES_MAX,
        Takes::Body => BODY_BYTES_MAX,
    };
    (length > max).then(|| Problem::new(TOO_LARGE).about(format!("{max} bytes")))
}
