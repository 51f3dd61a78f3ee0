//! The HTTP server. It has its own accept loop because a public service has to limit the
//! connections, bytes and time of one client, and the duration of a drain.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use events::limits::REQUEST_WAIT;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, EXPECT, HeaderValue, TRANSFER_ENCODING,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method};
use http_body_util::Full as Whole;
use hyper::body::{Body as _, Incoming};
use jiff::Timestamp;
use platform::{Shutdown, TimeSource, telemetry};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use warp::reply::Response;

use super::body::{BrokenOff, Takes};
use super::headers::{has_one_host, trace_parent};
use super::problem::{BUSY, LENGTH_REQUIRED, TOO_MANY_AT_ONCE, TOO_SLOW, UNAVAILABLE};
use super::router::Admitted;
use super::{Language, Origins, Problem, Proxies, Router};
use crate::crowd::{Crowd, Full, Held};
use crate::limits::{ACCEPT_REST, DRAIN_MAX, LISTEN_QUEUE, SEND_BUFFER_BYTES, ServerLimits};

mod account;
mod bodies;
mod connection;
mod connections;
mod pace;
mod socket;

use account::Account;
use bodies::{Answering, Paced};
use connections::{Activity, Connections};
use pace::Pace;

/// An HTTP server that is bound to its address.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
    proxies: Proxies,
    origins: Origins,
    limits: ServerLimits,
    counted: bool,
}

/// State that all connections of a server share.
struct Shared {
    router: Router,
    proxies: Proxies,
    origins: Origins,
    limits: ServerLimits,
    /// Whether its connections and bytes are shown in metrics.
    counted: bool,
    connections: Arc<Connections>,
    /// Limits the request rate of each client.
    pace: Pace,
    /// Requests in progress, by client.
    requests: Arc<Crowd>,
    /// Bytes of request bodies in memory and of answers not sent yet, by client.
    bytes: Arc<Crowd>,
}

impl Server {
    /// Binds to an address; port 0 takes a free one. Needs a running runtime.
    pub fn bind(address: SocketAddr, router: Router) -> std::io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        // Accepted sockets inherit it.
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        socket.bind(address)?;
        let listener = socket.listen(LISTEN_QUEUE)?;
        let (proxies, origins) = (Proxies::default(), Origins::default());
        let limits = ServerLimits::default();
        Ok(Self { listener, router, proxies, origins, limits, counted: true })
    }

    /// Trusts the forwarding headers of these proxies.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// Lets pages of these sites use the API from a browser.
    #[must_use]
    pub fn open_to(self, origins: Origins) -> Self {
        Self { origins, ..self }
    }

    /// Replaces the default limits.
    #[must_use]
    pub fn limited(self, limits: ServerLimits) -> Self {
        Self { limits, ..self }
    }

    /// Leaves the metrics of connections and bytes to another server of the process.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }

    /// The address that it is bound to.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`, then waits at most [`DRAIN_MAX`] for requests in flight.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listener, router, proxies, origins, limits, counted } = self;
        let shared = Arc::new(Shared {
            router,
            proxies,
            origins,
            limits,
            counted,
            connections: Connections::new(limits.connections, limits.connections_of_one),
            pace: Pace::new(limits.requests_per_second_of_one, limits.turn_wait),
            requests: Crowd::new(u64::MAX, limits.requests_of_one),
            bytes: Crowd::new(limits.bytes, limits.bytes_of_one),
        });
        let connections = Shutdown::default();
        let _dropped = connections.guard();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => shared.take(stream, peer.ip(), &connections),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Retrying at once would fail too, for example if the process is out of file
                    // descriptors.
                    platform::clock::rest(ACCEPT_REST).await;
                }
            }
        }
        drop(listener);
        shared.router.context().closing().cancel();
        if !connections.stop(DRAIN_MAX).await {
            tracing::warn!("requests still in flight after {DRAIN_MAX:?} were dropped");
        }
    }
}

impl Shared {
    /// Spawns a connection, or answers 429 and closes it if no place is free. Never waits.
    fn take(self: &Arc<Self>, stream: TcpStream, peer: IpAddr, connections: &Shutdown) {
        let metrics = &self.router.context().engine.metrics;
        let Some(place) = self.connections.enter(peer, self.proxies.trust(peer)) else {
            metrics.turned_away("no-place");
            // A new socket has an empty send buffer; if the answer does not fit, it is dropped.
            let _ = stream.try_write(NO_PLACE);
            return;
        };
        self.show();
        // Without this option, small answers may be delayed but are sent.
        let _ = stream.set_nodelay(true);
        let stop = connections.asked().clone();
        connections.spawn(connection::attend(Arc::clone(self), stream, peer, place, stop));
    }

    /// Updates the metrics.
    fn show(&self) {
        let context = self.router.context();
        let metrics = &context.engine.metrics;
        if self.counted {
            metrics.connections(self.connections.count());
            metrics.bytes_in_flight(self.bytes.held());
            metrics.followers(context.followers());
        }
    }

    /// Answers a request, which counts towards the client's limits until the answer is sent.
    async fn answer(
        self: Arc<Self>,
        peer: IpAddr,
        activity: Arc<Activity>,
        unwanted: mpsc::Sender<Incoming>,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Answering>, Infallible> {
        let number = activity.begins();
        let client = self.proxies.client(peer, request.headers());
        let account = Account::open(&self.router, &request);
        let span = telemetry::request(
            request.method().as_str(),
            account.route(),
            trace_parent(request.headers()),
        );
        // A request that waits for the client's turn counts as in progress.
        let (held, refused) = match self.requests.enter(client, 1) {
            Ok(held) => (Some(held), self.turn(client, &activity).await.err()),
            Err(_) => (None, Some(Problem::at_once(TOO_MANY_AT_ONCE))),
        };
        let origin = self.origins.allowed(request.headers());
        let mut response = if let Some(problem) = refused {
            let language = Language::of(request.headers());
            leave(&unwanted, request);
            problem.into_response(language)
        } else if let Some(preflight) = self.origins.preflight(request.method(), request.headers())
        {
            leave(&unwanted, request);
            preflight
        } else {
            let work = self.respond(client, &activity, &unwanted, request);
            work.instrument(span.clone()).await
        };
        span.record("http.response.status_code", response.status().as_u16());
        span.in_scope(|| account.close(self.router.context(), &mut response));
        self.show();
        if number >= self.limits.requests_of_connection {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        guard(response.headers_mut());
        self.origins.mark(origin, response.headers_mut());
        let bytes = Arc::clone(&self.bytes);
        Ok(response.map(|body| Answering::new(body, client, bytes, (activity, held))))
    }

    /// Delays a request to keep the client's rate, or refuses it if the delay were too long. While
    /// it waits, the connection may be closed to make room for another client's.
    async fn turn(&self, client: IpAddr, activity: &Activity) -> Result<(), Problem> {
        let turn = self.pace.turn(client, Instant::now()).map_err(Problem::too_often)?;
        if !turn.wait.is_zero() {
            self.router.context().engine.metrics.paced();
            activity.waits(true);
            TimeSource::System.sleep_until(Timestamp::MAX, turn.wait).await;
            activity.waits(false);
        }
        turn.used();
        Ok(())
    }

    /// The order is: operation and caller from the head, length of the body, memory for it, and
    /// only then is the body read.
    async fn respond(
        &self,
        client: IpAddr,
        activity: &Activity,
        unwanted: &mpsc::Sender<Incoming>,
        request: http::Request<Incoming>,
    ) -> Response {
        let language = Language::of(request.headers());
        let path = request.uri().path();
        let admitted = if has_one_host(request.version(), request.headers()) {
            self.router.admit(request.method(), path, request.headers(), client)
        } else {
            Err(Problem::invalid_header("Host").into_response(language))
        };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(refused) => {
                leave(unwanted, request);
                return refused;
            }
        };
        let room = body_length(&request)
            .and_then(|length| Ok((length, self.room(client, length, admitted.takes())?)));
        let (length, _room) = match room {
            Ok(room) => room,
            Err(problem) => {
                leave(unwanted, request);
                return problem.into_response(language);
            }
        };
        let (ended, end) = oneshot::channel();
        let late = async {
            // The body's end is signalled by dropping the sender. A handler that does not read the
            // body gets no more time.
            let _ = tokio::time::timeout(self.limits.body_in(length), end).await;
            TimeSource::System.sleep_until(Timestamp::MAX, self.limits.request).await;
        };
        let call = self.call(admitted, activity, (length, ended), request);
        let called = tokio::select! {
            called = events::within(REQUEST_WAIT, call) => called,
            () = late => return Problem::at_once(UNAVAILABLE).into_response(language),
        };
        match called {
            Ok(response) => response,
            Err(BrokenOff::Slow) => {
                let mut response = Problem::new(TOO_SLOW).into_response(language);
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                response
            }
            // The client has disconnected and does not read this.
            Err(BrokenOff::Gone(_)) => Problem::new(LENGTH_REQUIRED).into_response(language),
        }
    }

    /// Reserves memory for the part of the body that will be held at once.
    fn room(&self, client: IpAddr, length: u64, takes: Takes) -> Result<Held, Problem> {
        let entered = match takes {
            Takes::Body => self.bytes.enter(client, length),
            // The number of uploads of one caller has a separate limit.
            Takes::Upload => {
                let buffered = length.min(self.router.context().documents.buffered_bytes());
                self.bytes.enter_beyond_share(buffered)
            }
        };
        entered.map_err(|full| match full {
            Full::One => Problem::at_once(TOO_MANY_AT_ONCE),
            Full::All => Problem::at_once(BUSY),
        })
    }

    async fn call(
        &self,
        admitted: Admitted<'_>,
        activity: &Activity,
        (length, ended): (u64, oneshot::Sender<()>),
        request: http::Request<Incoming>,
    ) -> Result<Response, BrokenOff> {
        let (parts, body) = request.into_parts();
        let paced = Paced::new(body, &self.limits, length, ended);
        match admitted.takes() {
            Takes::Upload => {
                let request = http::Request::from_parts(parts, paced);
                Ok(self.router.call(admitted, request).await)
            }
            Takes::Body => {
                activity.reads(true);
                let body = paced.whole(usize::try_from(length).unwrap_or(0)).await;
                activity.reads(false);
                let request = http::Request::from_parts(parts, Whole::<Bytes>::new(body?));
                Ok(self.router.call(admitted, request).await)
            }
        }
    }
}

/// Default headers of every answer: not to be cached, because most answers are about a person, and
/// not to be interpreted as another media type.
fn guard(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
}

/// Answer to a connection without a place, if it can be sent without blocking.
const NO_PLACE: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

/// Hands an unread body over to be discarded while the answer is sent: closing a socket with unread
/// data resets it, and the client may lose the answer.
fn leave(unwanted: &mpsc::Sender<Incoming>, request: http::Request<Incoming>) {
    // A client that waits for `100 Continue` sends no body.
    if !request.headers().contains_key(EXPECT) && !request.body().is_end_stream() {
        let _ = unwanted.try_send(request.into_body());
    }
}

/// The length of the body, or why it is refused before any of it is read.
fn body_length(request: &http::Request<Incoming>) -> Result<u64, Problem> {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return Err(Problem::new(LENGTH_REQUIRED));
    }
    let takes_body = *request.method() == Method::POST;
    let length = match request.headers().get(CONTENT_LENGTH) {
        None if takes_body => return Err(Problem::new(LENGTH_REQUIRED)),
        None => return Ok(0),
        Some(length) => length.to_str().ok().and_then(|length| length.parse::<u64>().ok()),
    };
    length.ok_or_else(|| Problem::invalid_header("Content-Length"))
}
