//! Carries what a source has recorded from the store onto the bus, each event once and in order. Where it stands it asks the
//! bus itself: no position is kept beside it that could disagree.

use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{RawMessageErrorKind, State, Stream};

use super::message;
use super::seal::Kind;
use super::{Nats, unavailable};
use crate::bus::{BusError, cursor};
use crate::limits::{RELAY_EVENTS, RELAY_FOREIGN_MAX, RELAY_SAYS_EVERY};
use crate::{Filter, Page, Position, Recorded};

/// What is left after a step of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relayed {
    /// There may be more.
    More,
    /// Everything up to here is on the bus.
    Idle(Position),
}

/// The relay of one source. Several at once do no harm: the bus takes a message only behind the one that its sender has
/// seen.
#[derive(Debug)]
pub struct Relay {
    nats: Nats,
    source: &'static str,
    filter: Filter,
    at: Option<At>,
}

/// Where a relay stands.
#[derive(Debug, Clone, Copy)]
struct At {
    /// The number of the newest message in the stream.
    sequence: u64,
    /// The position of the event in it.
    newest: Position,
    /// Up to where the log was looked through.
    through: Position,
}

impl Relay {
    pub(super) fn new(nats: Nats, source: &'static str) -> Self {
        let filter = Filter { kinds: vec![format!("{source}.").into()] };
        Self { nats, source, filter, at: None }
    }

    /// The source.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Carries one page. After a failure it asks the bus where it stands.
    pub async fn step(&mut self) -> Result<Relayed, BusError> {
        let mut lost = self.nats.lost.clone();
        lost.mark_unchanged();
        if !self.nats.is_connected() {
            return Err(BusError::Unavailable("there is no connection".to_owned()));
        }
        tokio::select! {
            carried = self.carry() => carried,
            // What was sent over it may be lost too: nobody answers.
            Ok(()) = lost.changed() => Err(BusError::Unavailable("the connection was lost".to_owned())),
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

    /// Returns once there is something to carry, or it is time to say again how far this has come.
    pub async fn wait_past(&self, position: Position) {
        let grown = self.nats.store.wait_past(position);
        let _ = tokio::time::timeout(RELAY_SAYS_EVERY, grown).await;
    }

    /// The events of a page, one behind the other: the bus refuses each that would not stand where it should. Where somebody
    /// else has published meanwhile, one in the middle of the page may fit: what it lacks is missing, and followers see that.
    ///
    /// One that is larger than the servers take is left out: what stands behind it names it as the one before, so that followers
    /// see that it is missing and read it in the store.
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
                // Nothing of it was sent.
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    self.leave_out(event, &error);
                }
                Err(error) => return Err(unavailable(error)),
            }
            at.newest = event.position;
        }
        for acked in under_way {
            let acked = acked.await.map_err(unavailable)?;
            if acked.duplicate || acked.sequence != at.sequence + 1 {
                let reason = format!("{} behind {}", acked.sequence, at.sequence);
                return Err(BusError::Unavailable(format!("an unexpected place: {reason}")));
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
            "an event is larger than the bus takes and is left out there: raise max_payload of its servers"
        );
    }

    /// Says up to where the log was looked through, and which event was the newest.
    async fn tell(&self, at: At) {
        let subject = self.nats.looked(self.source);
        self.nats.say(Kind::Looked, self.source, subject, [at.through, at.newest]).await;
    }

    /// Where the bus stands.
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

    /// The position of the newest event in the stream; what others have published behind it is passed over.
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
                Err(error) => return Err(unavailable(error)),
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

    /// How far every follower has surely come: where an empty stream begins.
    async fn lowest_cursor(&self) -> Result<Position, BusError> {
        let mut lowest: Option<Position> = None;
        for follower in self.nats.followers {
            let cursor = cursor(&self.nats.store, follower).await?;
            lowest = Some(lowest.map_or(cursor, |lowest| lowest.min(cursor)));
        }
        Ok(lowest.unwrap_or(Position::START))
    }
}
