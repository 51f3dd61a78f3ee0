//! Limits of deliveries to subscribers.

use std::time::Duration;

use jiff::SignedDuration;

/// How long a receiver may take to answer.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// Messages on their way to all subscribers: each has a part of it, at least one.
pub(crate) const CALLS_MAX: usize = 1_000;
/// Messages on their way to one subscriber.
pub(crate) const CALLS_OF_ONE_MAX: u32 = 4;
/// Messages a minute to one subscriber.
pub(crate) const CALLS_PER_MINUTE: u32 = 6_000;
/// Messages to one subscriber in memory; further ones are read from the log again.
pub(crate) const WAITING_MAX: usize = 64;
/// Their size, in bytes.
pub(crate) const WAITING_BYTES_MAX: usize = 64 * 1024;
/// Failures in a row after which only one message at a time is tried.
pub(crate) const FAILURES_MAX: u32 = 5;
/// Wait after the first failed try of a message; it doubles with each one.
pub(crate) const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// Longest wait between two tries.
pub(crate) const WAIT_MAX: SignedDuration = SignedDuration::from_mins(30);
/// How long an address is asked to answer its challenge.
pub(crate) const CHALLENGED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Tries of a message that are kept; of more, the newest.
pub(crate) const TRIES_MAX: usize = 10;
/// Kept of an answer, in characters.
pub(crate) const ANSWER_CHARS_MAX: usize = 200;
/// Events of the log that are read at once.
pub(crate) const PAGE_EVENTS: usize = 500;
/// Events that are read at once for one subscriber that is behind.
pub(crate) const BEHIND_EVENTS: usize = 250;
/// How often it is written how far subscribers are.
pub(crate) const SAVED_EVERY: Duration = Duration::from_millis(500);
/// How often it is written of a subscriber for which there was nothing, in positions of the log.
pub(crate) const SAVED_POSITIONS: u64 = 10_000;
/// Messages after which what is kept of older ones is removed.
pub(crate) const PRUNED_AFTER: usize = 200;
/// How often what is too old is removed.
pub(crate) const PRUNED_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How often the rights of subscribers are derived again by the law in force.
pub(crate) const RIGHTS_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Longest sleep while messages are on their way.
pub(crate) const SENDER_WAIT_MAX: Duration = Duration::from_millis(500);
/// How long a step waits for the list of subscribers at the start.
pub(crate) const LIST_WAIT_MAX: Duration = Duration::from_millis(200);
