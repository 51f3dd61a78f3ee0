//! Limits of subscribers.

use jiff::SignedDuration;

/// Subscribers of one subject that have not ended. Counted from a read model, so that a few more
/// are possible if they are added at the same time.
pub const OF_SUBJECT_MAX: u32 = 20;
/// Subscribers of an installation that have not ended; counted likewise.
pub const ALL_MAX: u32 = 1_000;
/// Kinds of events of a filter.
pub const KINDS_MAX: usize = 20;
/// Procedures of a filter.
pub const PROCEDURES_MAX: usize = 100;
/// Agencies of a filter.
pub const AGENCIES_MAX: usize = 100;
/// Characters of an address.
pub const ADDRESS_CHARS_MAX: usize = 500;
/// Characters of a detail that the service records.
pub const DETAIL_CHARS_MAX: usize = 200;
/// How long a former secret still signs.
pub const FORMER_SECRET_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long rights count that nobody confirmed with a token: tokens end, subscribers would not.
pub const RIGHTS_FOR: SignedDuration = SignedDuration::from_hours(24 * 365);
/// How long no delivery may succeed before a subscriber is disabled.
pub const FAILING_FOR: SignedDuration = SignedDuration::from_hours(24 * 5);
