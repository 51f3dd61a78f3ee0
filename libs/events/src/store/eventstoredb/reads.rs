//! Reads of a stream or of the log, forwards or backwards. A read is cancelled once it has returned
//! what was wanted.

use std::time::Duration;

use tonic::Streaming;
use uuid::Uuid;

use super::failure::Failure;
use super::node::Node;
use super::record::{self, Oddities, PassedOver};
use super::wire::Place;
use super::wire::read::{
    AllOptions, Content, ControlOption, Count, Expression, Filter, FilterOptions, From, Of,
    ReadOptions, ReadResp, RecordedEvent, Revision, StreamOptions, Subscribed, UuidOption,
};
use crate::limits::{CALL_IN, FIND_TIMEOUT, READ_BYTES_MAX};
use crate::{Position, Recorded};

/// A subscription sends a checkpoint after this many times 32 scanned events (the server's page).
const CHECKPOINT_EVERY: u32 = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forwards,
    Backwards,
}

fn options(of: Of, direction: Direction, count: Count, filter: Filter) -> ReadOptions {
    let control_option = match &of {
        Of::Stream(_) => Some(ControlOption { compatibility: 1 }),
        Of::All(_) => None,
    };
    ReadOptions {
        of: Some(of),
        direction: i32::from(direction == Direction::Backwards),
        count: Some(count),
        filter: Some(filter),
        uuid_option: Some(UuidOption { text: Some(()) }),
        control_option,
    }
}

/// A read of at most `count` events of a stream of the server.
pub(super) fn of_stream(
    name: &str,
    from: Revision,
    direction: Direction,
    count: usize,
) -> ReadOptions {
    let stream_identifier = Some(name.into());
    let of = Of::Stream(StreamOptions { stream_identifier, revision: Some(from) });
    options(of, direction, Count::AtMost(count as u64), Filter::None(()))
}

/// A read of at most `count` events of the server's log.
pub(super) fn of_all(from: From, direction: Direction, count: usize) -> ReadOptions {
    let of = Of::All(AllOptions { from: Some(from) });
    options(of, direction, Count::AtMost(count as u64), Filter::None(()))
}

/// The same, of streams that begin with `prefix` by the server's comparison.
pub(super) fn of_log(prefix: &str, from: From, direction: Direction, count: usize) -> ReadOptions {
    ReadOptions { filter: Some(streams(prefix)), ..of_all(from, direction, count) }
}

/// A subscription to these streams, after a position.
pub(super) fn subscription(prefix: &str, behind: Option<Place>) -> ReadOptions {
    let from = behind.map_or(From::Start(()), From::Place);
    let of = Of::All(AllOptions { from: Some(from) });
    options(of, Direction::Forwards, Count::Subscription(Subscribed {}), streams(prefix))
}

fn streams(prefix: &str) -> Filter {
    Filter::Streams(FilterOptions {
        stream_identifier: Some(Expression { prefix: vec![prefix.to_owned()] }),
        count: Some(()),
        checkpoint_interval_multiplier: CHECKPOINT_EVERY,
    })
}

/// A page of a read.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) events: Vec<Recorded>,
    /// Position and revision of the last event that was read, of this log or not.
    pub(super) last: Option<(Position, u64)>,
    /// Whether there are no more events.
    pub(super) ended: bool,
}

/// When a read ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Events of this log.
    pub(super) events: usize,
    /// Ends at this position.
    pub(super) through: Option<Position>,
    /// Skips the event at this position.
    pub(super) but: Option<Position>,
}

impl Wanted {
    pub(super) const fn most(events: usize) -> Self {
        Self { events, through: None, but: None }
    }
}

/// Reads the events of this log that are wanted.
pub(super) async fn take(
    node: Node,
    options: ReadOptions,
    wanted: Wanted,
    (prefix, oddities): (&str, &Oddities),
) -> Result<Part, Failure> {
    let asked = match options.count {
        Some(Count::AtMost(count)) => count,
        _ => u64::MAX,
    };
    let mut read = node.read(options, Some(FIND_TIMEOUT)).await?;
    let (mut part, mut bytes, mut seen) = (Part::default(), 0, 0_u64);
    while bytes < READ_BYTES_MAX && part.events.len() < wanted.events {
        let Some(event) = next(&mut read).await? else {
            part.ended = seen < asked;
            break;
        };
        seen += 1;
        let position = Position(event.commit_position.saturating_add(1));
        part.last = Some((position, event.stream_revision));
        if wanted.but != Some(position) {
            match record::recorded(&event, prefix) {
                Ok(event) => {
                    bytes += event.bytes();
                    part.events.push(event);
                }
                Err(PassedOver::Odd(stream)) => oddities.note(stream),
                Err(PassedOver::Others) => {}
            }
        }
        if wanted.through.is_some_and(|through| position >= through) {
            part.ended = true;
            break;
        }
    }
    Ok(part)
}

async fn next(read: &mut Streaming<ReadResp>) -> Result<Option<RecordedEvent>, Failure> {
    while let Some(ReadResp { content }) = read.message().await? {
        match content {
            Some(Content::Event(event)) => {
                if let Some(event) = event.event {
                    return Ok(Some(event));
                }
            }
            Some(Content::StreamNotFound(())) => return Err(Failure::NoStream),
            Some(Content::Checkpoint(_)) | None => {}
        }
    }
    Ok(None)
}

/// The newest event of one of the adapter's own streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    pub(super) id: Uuid,
    /// When the server recorded it (since 1970).
    pub(super) created: Option<Duration>,
}

pub(super) async fn newest(node: Node, stream: String) -> Result<Option<Newest>, Failure> {
    let options = of_stream(&stream, Revision::End(()), Direction::Backwards, 1);
    let mut read = node.read(options, Some(CALL_IN)).await?;
    let event = match next(&mut read).await {
        Ok(Some(event)) => event,
        Ok(None) | Err(Failure::NoStream) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let id = event.id.as_ref().and_then(super::wire::Uuid::id);
    let id = id.ok_or_else(|| Failure::Final(format!("{stream}: an event without an id")))?;
    // Ticks of 100 ns.
    let ticks = event.metadata.get("created").and_then(|ticks| ticks.parse::<u64>().ok());
    Ok(Some(Newest { id, created: ticks.map(|ticks| Duration::from_micros(ticks / 10)) }))
}

/// The position of the newest event on the server, of this log or not.
pub(super) async fn end(node: Node) -> Result<Position, Failure> {
    let options = of_all(From::End(()), Direction::Backwards, 1);
    let mut read = node.read(options, Some(CALL_IN)).await?;
    let newest = next(&mut read).await?;
    Ok(newest.map_or(Position::START, |event| Position(event.commit_position.saturating_add(1))))
}
