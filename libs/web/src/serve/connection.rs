//! One connection. It is closed when it is too old, when the peer does not read, when another
//! client needs its place, and when the process stops.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::OptionFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::bodies::discard;
use super::connections::{Activity, Place};
use super::socket::Socket;
use crate::limits::{
    DISCARD_MAX, LOOK_EVERY, LOOK_EVERY_STOPPING, STOPPING_BODY_MAX, STOPPING_IDLE_MAX,
    STOPPING_STALLED_MAX, ServerLimits,
};

/// Result of a periodic check of a connection.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Goes,
    /// Ends after the present request.
    Finishes,
    /// Ends now, for the reason.
    Ends(&'static str),
}

/// Serves a connection until it ends.
pub(super) async fn attend(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: IpAddr,
    place: Place,
    stop: CancellationToken,
) {
    let activity = Arc::clone(place.activity());
    let limits = shared.limits;
    // Trusted proxies keep idle connections for later; other peers must send a request soon.
    let head_in = if shared.proxies.trust(peer) { limits.proxy_idle } else { limits.head };
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_in).max_buf_size(limits.head_bytes);
    let (unwanted, mut rests) = mpsc::channel::<Incoming>(1);
    let (served, at) = (Arc::clone(&shared), Arc::clone(&activity));
    let service = hyper::service::service_fn(move |request| {
        let (shared, activity) = (Arc::clone(&served), Arc::clone(&at));
        shared.answer(peer, activity, unwanted.clone(), request)
    });
    let socket = TokioIo::new(Socket::new(stream, Arc::clone(&activity)));
    let mut connection = Box::pin(builder.serve_connection(socket, service));
    let mut look = every(LOOK_EVERY);
    let (mut finishing, mut stopping) = (false, None);
    let mut discarding = OptionFuture::default();
    let reason = loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                break None;
            }
            () = activity.evicted() => break Some("evicted"),
            Some(rest) = rests.recv() => {
                discarding = Some(Box::pin(timeout(DISCARD_MAX, discard(rest)))).into();
            }
            Some(_) = &mut discarding => discarding = OptionFuture::default(),
            () = stop.cancelled(), if stopping.is_none() => {
                stopping = Some(Instant::now());
                look = every(LOOK_EVERY_STOPPING);
                connection.as_mut().graceful_shutdown();
            }
            _ = look.tick() => match verdict(&activity, &limits, stopping) {
                Verdict::Goes => {}
                Verdict::Finishes if finishing => {}
                Verdict::Finishes => {
                    finishing = true;
                    connection.as_mut().graceful_shutdown();
                }
                Verdict::Ends(reason) => break Some(reason),
            },
        }
    };
    drop(connection);
    drop(place);
    shared.show();
    if let Some(reason) = reason {
        shared.router.context().engine.metrics.turned_away(reason);
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn verdict(activity: &Activity, limits: &ServerLimits, stopping: Option<Instant>) -> Verdict {
    let (age, blocked) = (activity.age(), activity.blocked_for());
    if let Some(since) = stopping.map(|stopping| stopping.elapsed()) {
        return match () {
            () if blocked > STOPPING_STALLED_MAX => Verdict::Ends("stalled"),
            () if activity.is_idle() && since > STOPPING_IDLE_MAX => Verdict::Ends("stopping"),
            () if activity.is_reading() && since > STOPPING_BODY_MAX => Verdict::Ends("stopping"),
            () => Verdict::Goes,
        };
    }
    match () {
        () if blocked > limits.stalled => Verdict::Ends("stalled"),
        () if age > limits.connection_end => Verdict::Ends("age"),
        () if age > limits.connection_age => Verdict::Finishes,
        () => Verdict::Goes,
    }
}
