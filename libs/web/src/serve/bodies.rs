//! Bodies in transfer: a request body must arrive at a minimum rate, and a connection is not idle
//! while an answer is being sent.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::poll_fn;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connections::Activity;
use crate::body::BrokenOff;
use crate::crowd::{Crowd, Held};
use crate::limits::ServerLimits;

/// A request body that must bring a minimum of bytes in each interval, and end by a deadline.
pub(super) struct Paced {
    body: Incoming,
    bytes_min: u64,
    every: Duration,
    brought: u64,
    until: Pin<Box<Sleep>>,
    end_by: Instant,
    /// Dropped when the body ends.
    ended: Option<oneshot::Sender<()>>,
}

impl Paced {
    /// A body of `length` bytes; `ended` is dropped at its end.
    pub(super) fn new(
        body: Incoming,
        limits: &ServerLimits,
        length: u64,
        ended: oneshot::Sender<()>,
    ) -> Self {
        let (bytes_min, every, now) = (limits.body_bytes_min, limits.body_every, Instant::now());
        let end_by = now + limits.body_in(length);
        let until = Box::pin(sleep_until(end_by.min(now + every)));
        Self { body, bytes_min, every, brought: 0, until, end_by, ended: Some(ended) }
    }

    /// Reads all of it; `length` is the capacity to allocate.
    pub(super) async fn whole(mut self, length: usize) -> Result<Bytes, BrokenOff> {
        let mut bytes = BytesMut::with_capacity(length);
        while let Some(frame) = poll_fn(|context| Pin::new(&mut self).poll_frame(context)).await {
            if let Ok(part) = frame?.into_data() {
                bytes.extend_from_slice(&part);
            }
        }
        Ok(bytes.freeze())
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(part) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
                self.brought = self.brought.saturating_add(part.len() as u64);
            }
            if frame.is_none() {
                self.ended = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BrokenOff::from)));
        }
        while self.until.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if self.brought < self.bytes_min || now >= self.end_by {
                return Poll::Ready(Some(Err(BrokenOff::Slow)));
            }
            self.brought = 0;
            let until = self.end_by.min(now + self.every);
            self.until.as_mut().reset(until);
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads and drops the rest of a body, so that its sender goes on to read the answer.
pub(super) async fn discard(mut body: Incoming) {
    while let Some(Ok(_)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {}
}

/// The body of an answer. Until it is dropped its request is in flight; its parts count while they
/// are in memory.
pub(super) struct Answering {
    body: BoxBody<Bytes, warp::Error>,
    client: IpAddr,
    bytes: Arc<Crowd>,
    request: (Arc<Activity>, Option<Held>),
}

impl Answering {
    pub(super) fn new(
        body: impl Body<Data = Bytes, Error = warp::Error> + Send + Sync + 'static,
        client: IpAddr,
        bytes: Arc<Crowd>,
        request: (Arc<Activity>, Option<Held>),
    ) -> Self {
        Self { body: BoxBody::new(body), client, bytes, request }
    }
}

/// A part of an answer, counted while it is in memory.
struct Counted {
    part: Bytes,
    #[expect(dead_code, reason = "given back when it is dropped")]
    held: Held,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.part
    }
}

impl Body for Answering {
    type Data = Bytes;
    type Error = warp::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, warp::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        polled.map_ok(|frame| {
            frame.map_data(|part| {
                let held = self.bytes.count(self.client, part.len() as u64);
                Bytes::from_owner(Counted { part, held })
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.request.0.ends();
    }
}
