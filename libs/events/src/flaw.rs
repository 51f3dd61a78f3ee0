//! Defects of a log at the level of the engine, whatever its events mean.

use crate::Position;

/// A defect that no append causes: another program wrote to the log, or a disk lost data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A registered stream without events.
    #[error("stream {0} has no events")]
    EmptyStream(String),
    /// Missing positions, for an engine without gaps.
    #[error("no event between positions {after} and {before}", after = .after.0, before = .before.0)]
    Gap {
        /// The position before the gap.
        after: Position,
        /// The position after the gap.
        before: Position,
    },
    /// A stream's versions are not consecutive from 1.
    #[error("stream {stream} skips from version {after} to {before}")]
    VersionGap {
        /// Its name, or another identification if it has none.
        stream: String,
        /// Version before the gap; 0 before the first.
        after: u64,
        /// Version after the gap.
        before: u64,
    },
    /// An event of an unregistered stream.
    #[error("the event at position {} belongs to no stream", .0.0)]
    NoStream(Position),
    /// The recorded head differs from the last event.
    #[error("the recorded head is {said}, the last event is at {found}", said = .said.0, found = .found.0)]
    End { said: Position, found: Position },
    /// A stream of another program under the log's prefix. It is skipped.
    #[error("stream {stream} does not belong to this log; its {events} events are skipped")]
    Foreign {
        /// Its name, with invisible characters escaped.
        stream: String,
        events: u64,
    },
    /// Result of the engine's own integrity check.
    #[error("the file is damaged: {0}")]
    Damaged(String),
}
