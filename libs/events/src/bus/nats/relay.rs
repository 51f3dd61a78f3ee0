//! Publishes the events of a source to the bus, in order and once. The relay keeps no position of
//! its own: it asks the bus for the newest message.

use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{RawMessageErrorKind, State, Stream};

use super::message;
use super::seal::Kind;
use super::{Nats, unreachable};
use crate::bus::{BusError, cursor};
use crate::limits::{RELAY_EVENTS, RELAY_FOREIGN_MAX, RELAY_SAYS_EVERY};
use crate::{Cause, Filter, Page, Position, Recorded};

/// Result of a relay's step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relayed {
    /// There may be more events.
    More,
    /// Everything up to this position is published.
    Idle(Position),
}

/// The relay of one source. Several relays at once are harmless: a message is accepted only after
/// the sequence that its sender expects.
#[derive(Debug)]
pub struct Relay {
    nats: Nats,
    source: &'static str,
    filter: Filter,
    at: Option<At>,
}

/// State of a relay.
#[derive(Debug, Clone, Copy)]
struct At {
    /// Sequence of the newest message.
    sequence: u64,
    /// Position of that message's event.
    newest: Position,
    /// Position up to which the log was scanned.
    through: Position,
}

impl Relay {
    pub(super) fn new(nats: Nats, source: &'static str) -> Self {
        let filter = Filter { kinds: vec![format!("{source}.").into()] };
        Self { nats, source, filter, at: None }
    }

    /// The service whose events it publishes.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Publishes one page. After a failure, it asks the bus for its state.
    pub async fn step(&mut self) -> Result<Relayed, BusError> {
        let mut lost = self.nats.lost.clone();
        lost.mark_unchanged();
        if !self.nats.is_connected() {
            return Err(BusError::Unreachable(Cause::new("not connected")));
        }
        tokio::select! {
            carried = self.carry() => carried,
            // In-flight messages may be lost as well.
            Ok(()) = lost.changed() => Err(BusError::Unreachable(Cause::new("connection lost"))),
        }
    }

    async fn carry(&mut self) -> Result<Relayed, BusError> {
        let mut at = match self.at.take() {
            Some(at) => at,
            None => self.resume().await?,
        };
        let page = self.nats.store.read_all(at.through, &self.filter, RELAY_EVENTS).await?;
        self.publish(&mut at, &page).await?;
        let moved = page.through > at.through;
        at.through = page.through;
        self.tell(at).await;
        self.at = Some(at);
        Ok(if moved { Relayed::More } else { Relayed::Idle(at.through) })
    }

    /// Returns once there are events to publish, or an announcement is due.
    pub async fn wait_past(&self, position: Position) {
        let grown = self.nats.store.wait_past(position);
        let _ = tokio::time::timeout(RELAY_SAYS_EVERY, grown).await;
    }

    /// Publishes a page, each message with the expected sequence. If another relay publishes at the
    /// same time, a later message of the page may be accepted although an earlier one was not;
    /// followers detect the gap.
    ///
    /// An event that exceeds the message size is not published. The next event names it as its
    /// predecessor, so followers read it in the store.
    async fn publish(&self, at: &mut At, page: &Page) -> Result<(), BusError> {
        let mut under_way: Vec<PublishAckFuture> = Vec::with_capacity(page.events.len());
        let mut expected = at.sequence;
        for event in &page.events {
            let subject = format!("{}.{}", self.nats.prefix, event.kind);
            let message = message::write(event, at.newest, &self.nats)
                .expected_stream(self.nats.stream_name(self.source))
                .expected_last_sequence(expected);
            match self.nats.context.send_publish(subject, message).await {
                Ok(sent) => {
                    under_way.push(sent);
                    expected += 1;
                }
                // The client rejected it before sending.
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    self.leave_out(event, &error);
                }
                Err(error) => return Err(unreachable(error)),
            }
            at.newest = event.position;
        }
        for acked in under_way {
            let acked = acked.await.map_err(unreachable)?;
            if acked.duplicate || acked.sequence != at.sequence + 1 {
                let (found, expected) = (acked.sequence, at.sequence + 1);
                let reason = format!("the message has the sequence {found}, not {expected}");
                return Err(BusError::Unreachable(Cause::new(reason)));
            }
            at.sequence = acked.sequence;
        }
        Ok(())
    }

    fn leave_out(&self, event: &Recorded, error: &PublishError) {
        self.nats.left_out.fetch_add(1, Ordering::Relaxed);
        let (source, position, kind) = (self.source, event.position.0, &*event.kind);
        tracing::error!(
            source, position, kind, bytes = event.bytes(), %error,
            "event exceeds the bus's max_payload and was not published; raise max_payload on the servers"
        );
    }

    /// Announces the scanned position and the newest event's position.
    async fn tell(&self, at: At) {
        let subject = self.nats.looked(self.source);
        self.nats.say(Kind::Looked, self.source, subject, [at.through, at.newest]).await;
    }

    /// Reads the state of the stream.
    async fn resume(&self) -> Result<At, BusError> {
        let stream = self.nats.stream(self.source).await?;
        let what = format!("the stream {}", self.nats.stream_name(self.source));
        let State { last_sequence: sequence, first_sequence: first, .. } =
            stream.cached_info().state;
        let Some(newest) = self.newest(&stream, first.max(1)..=sequence, &what).await? else {
            let newest = self.lowest_cursor().await?;
            return Ok(At { sequence, newest, through: newest });
        };
        let head = self.nats.store.head();
        if newest > head
            && self.nats.store.read_all(head, &Filter::default(), 1).await?.events.is_empty()
        {
            return Err(BusError::Ahead { what, found: newest.0, head: head.0 });
        }
        Ok(At { sequence, newest, through: newest })
    }

    /// Position of the newest event in the stream; messages of other publishers are skipped.
    async fn newest(
        &self,
        stream: &Stream,
        sequences: RangeInclusive<u64>,
        what: &str,
    ) -> Result<Option<Position>, BusError> {
        let (own, mut other) = (message::source(self.nats.store.id()), None);
        for sequence in sequences.rev().take(RELAY_FOREIGN_MAX) {
            let message = match stream.get_raw_message(sequence).await {
                Ok(message) => message,
                Err(none) if none.kind() == RawMessageErrorKind::NoMessageFound => continue,
                Err(error) => return Err(unreachable(error)),
            };
            let origin = (self.source, &self.nats);
            if let Some(carried) = message::read(&message.headers, &message.payload, origin) {
                return Ok(Some(carried.event.position));
            }
            let of = message::source_of(&message.headers).filter(|of| *of != own);
            other = other.or_else(|| of.map(str::to_owned));
        }
        match other {
            Some(found) => Err(BusError::OtherStore { what: what.to_owned(), found, own }),
            None => Ok(None),
        }
    }

    /// The lowest cursor of all followers, where an empty stream starts.
    async fn lowest_cursor(&self) -> Result<Position, BusError> {
        let mut lowest: Option<Position> = None;
        for follower in self.nats.followers {
            let cursor = cursor(&self.nats.store, follower).await?;
            lowest = Some(lowest.map_or(cursor, |lowest| lowest.min(cursor)));
        }
        Ok(lowest.unwrap_or(Position::START))
    }
}
