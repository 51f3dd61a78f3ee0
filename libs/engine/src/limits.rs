//! Limits of the engine.

use std::num::NonZeroUsize;
use std::time::Duration;

use events::limits::RECONNECT_MAX;
use jiff::SignedDuration;

/// Characters of a text in a form, whatever its schema allows.
pub const FORM_TEXT_CHARS_MAX: usize = 10_000;
/// Attempts of a command after conflicts or unknown outcomes.
pub const ATTEMPTS_MAX: u32 = 8;
/// Time after which an append with an unknown outcome is not retried. Together with the attempt in
/// flight, it is well below `REQUEST_TIMEOUT`.
pub const UNKNOWN_MAX: Duration = Duration::from_secs(15);
/// Streams whose state is cached, per category.
pub const STATES_MAX: NonZeroUsize = non_zero(1_024);
/// Bytes of the events behind these states, per category.
pub const STATES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Timeout of a request that waits until a position is visible.
pub const CONSISTENCY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Tolerated difference to the clock of the store's server. Less than half of [`CLOCK_BACK_MAX`],
/// or two machines within it would block each other.
pub const CLOCK_OFF_MAX: SignedDuration = SignedDuration::from_secs(2);
/// How much older than the newest recorded event a new event may be: the difference between correct
/// clocks of several machines.
pub const CLOCK_BACK_MAX: SignedDuration = SignedDuration::from_secs(5);
/// How much older an event in the log may be than one at a lower position: its time is taken before
/// its append, which may wait for an unavailable store while other processes append.
pub const RECORDED_BACK_MAX: SignedDuration =
    CLOCK_BACK_MAX.saturating_add(SignedDuration::from_secs(RECONNECT_MAX.as_secs().cast_signed()));
/// Tolerated jump between two checks of the clock: a time service slews by less.
pub const CLOCK_JUMP_MAX: SignedDuration = SignedDuration::from_secs(5);
/// How long a clock must be steady after a jump until it is trusted without another clock to
/// compare it with.
pub const CLOCK_STEADY_FOR: Duration = Duration::from_mins(10);
/// Gap between log and clock beyond which an operator must confirm the clock if deadlines fell due
/// since.
pub const CLOCK_AHEAD_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Gap beyond which an operator must confirm it in any case, if no other clock agrees: events that
/// a wrong clock dates ahead cannot be undone.
pub const CLOCK_ODD_MAX: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Interval of comparing the clock with the store's server.
pub const CLOCK_COMPARED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Events at the end of the log in which the newest time is searched.
pub const NEWEST_LOOKED_AT: usize = 100;
/// How long a task's step may take, or fail repeatedly, until the task counts as stalled.
pub const TASK_STANDS_AFTER: Duration = Duration::from_secs(30);
/// Events per page of a follower.
pub const PAGE_EVENTS: usize = 512;
/// Scanned events after which a follower saves its position at the latest.
pub const FOLLOWED_PER_SAVE: u64 = 1_000;
/// Events per page of a projection: larger transactions cost less.
pub const VIEW_PAGE_EVENTS: usize = 4_096;
/// Writes of a view that wait for its thread. A follower begins one while the one before it runs;
/// the view of cursors is shared by the followers of a service.
pub const VIEW_WRITES_WAITING_MAX: usize = 64;
/// Events between a follower and the head from which on it takes part in the scan of the process.
/// Those nearer to the head are in the store's memory.
pub const SCAN_FROM: u64 = 8_192;
/// Bytes of data and metadata after which a page of the scan ends: large enough that most dossiers
/// which are handled at the same time have their events in one or two pages.
pub const SCAN_PAGE_BYTES: usize = 3 * 1024 * 1024;
/// Events after which it ends.
pub const SCAN_PAGE_EVENTS: usize = 20_000;
/// Bytes of the pages of the scan from which on none is read before the oldest is no longer needed.
pub const SCAN_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Positions by which a follower may be behind the oldest page of the scan so that it is waited
/// for.
pub const SCAN_NEAR: u64 = 100_000;
/// How long the others wait for a follower that handles a page.
pub const SCAN_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long they wait for one that has handled a page and does not ask for the next.
pub const SCAN_RESTS: Duration = Duration::from_millis(100);
/// Concurrent queries for one row of a read model.
pub const LOOK_UPS_AT_ONCE: usize = 2;
/// Queued ones; further ones are refused as busy.
pub const LOOK_UPS_WAITING_MAX: usize = 1_024;
/// Concurrent queries for a page of a list.
pub const LISTS_AT_ONCE: usize = 2;
/// Queued ones.
pub const LISTS_WAITING_MAX: usize = 256;
/// Concurrent queries that aggregate many rows: each occupies a core.
pub const STATISTICS_AT_ONCE: usize = 2;
/// Queued ones.
pub const STATISTICS_WAITING_MAX: usize = 64;
/// Concurrent reactions per service.
pub const IN_FLIGHT_MAX: usize = 64;
/// Obligations enforced per group and service. With fewer, the cost of a sync is shared by too few
/// when many fall due at the same instant.
pub const ENFORCED_TOGETHER: usize = 256;
/// Concurrent groups: one is read, one decided, one synced.
pub const GROUPS_IN_FLIGHT: usize = 3;
/// Parked events per service.
pub const PARKED_MAX: usize = 10_000;
/// Reads of personal data that wait to be recorded.
pub const READS_WAITING_MAX: usize = 4_096;
/// Reads that one event records at most.
pub const READS_PER_APPEND: usize = 256;
/// Dossiers and complaints that one event names at most; one read may name more by itself.
pub const READS_NAMED_PER_APPEND: usize = 2_000;
/// Timeout of recording a read.
pub const READS_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long an unmatched notice that was assigned to a dossier waits for its match there, before it
/// may be assigned to another one. Longer than any request: the match is in the same request.
pub const ASSIGNED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Unmatched notices per page.
pub const UNMATCHED_PAGE_MAX: usize = 100;
/// Dead letters per page.
pub const DEAD_LETTERS_MAX: usize = 1_000;
/// How long an event may be parked before it becomes a dead letter.
pub const PARKED_FOR_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest back-off.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// Dossier codes reserved per block.
pub const CODES_PER_BLOCK: u32 = 100;

/// The size of a cache. Fails to compile if it is zero.
const fn non_zero(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("a cache has room for one entry")
}
