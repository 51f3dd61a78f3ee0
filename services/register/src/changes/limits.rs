//! Limits of the change feed.

use std::time::Duration;

use jiff::SignedDuration;

/// Longest wait of a long poll, in seconds.
pub(crate) const WAIT_S_MAX: u8 = 30;
/// Longest duration of an event stream; the client continues with a new one.
pub(super) const STREAM_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Time between two signs of life of a stream without changes.
pub(super) const HEARTBEAT: SignedDuration = SignedDuration::from_secs(15);
/// How long a client waits before it continues with a new stream.
pub(super) const RETRY: Duration = Duration::from_secs(3);
/// Changes of one message of a stream, which bounds its memory.
pub(super) const CHANGES_OF_MESSAGE: usize = 100;
/// Newest events in memory, for clients that wait.
pub(super) const RECENT_MAX: usize = 8_192;
/// Events of the log that are read at once.
pub(super) const EVENTS_AT_ONCE: usize = 1_000;
/// Pages of older events that are read for one answer: after them it may be empty, with the cursor
/// to go on from.
pub(super) const PAGES_OF_ANSWER: usize = 4;
/// Clients that read older events at the same time; others wait for their turn.
pub(super) const SCANS_AT_ONCE: usize = 4;
