//! What can be wrong with a log as the engine has it, whatever the events say.

use crate::Position;

/// Something in a log that no append leaves behind: somebody else wrote there, or a disk lost it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A stream is named, and no event is in it.
    #[error("the stream {0} has no event")]
    EmptyStream(String),
    /// Positions are missing, of an engine that gives them without gaps.
    #[error("no event stands between the positions {after} and {before}", after = .after.0, before = .before.0)]
    Gap {
        /// The position before the gap.
        after: Position,
        /// The position behind it.
        before: Position,
    },
    /// A stream's versions do not count up from one.
    #[error("the stream {stream} goes from version {after} to {before}")]
    VersionGap {
        /// Its name, or what else there is of it.
        stream: String,
        /// The version before the gap; zero before the first.
        after: u64,
        /// The version behind it.
        before: u64,
    },
    /// An event belongs to a stream that is not named anywhere.
    #[error("the event at {} belongs to no stream", .0.0)]
    NoStream(Position),
    /// The log is said to end elsewhere than it does.
    #[error("the log is said to end at {said} and ends at {found}", said = .said.0, found = .found.0)]
    End {
        /// Where it is said to end.
        said: Position,
        /// The position of its newest event.
        found: Position,
    },
    /// Somebody else has written where the log is, under a name as if it were of it. It is passed over.
    #[error("the stream {stream} is not of the log: {events} events in it are passed over")]
    Foreign {
        /// Its name, with what cannot be seen escaped.
        stream: String,
        /// How many events stand in it.
        events: u64,
    },
    /// What the engine itself finds in its file.
    #[error("the file is damaged: {0}")]
    Damaged(String),
}
