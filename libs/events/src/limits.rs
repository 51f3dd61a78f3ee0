//! The limits of the event store and the bus. They are the same for all engines, so that an event
//! that one accepts can be copied to any other.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Limits of a write-ahead log's length, in pages of 4,096 bytes.
#[derive(Debug, Clone, Copy)]
pub struct WalLimits {
    /// From here on, it is checkpointed.
    pub copy: u64,
    /// From here on, the writer waits for a checkpoint.
    pub wait: u64,
    /// From here on, an alarm is raised if a reader blocks the reset.
    pub alarm: u64,
    /// From here on, appends are refused.
    pub most: u64,
}

/// Bytes of data and metadata of one event.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Events per append.
pub const APPEND_EVENTS_MAX: usize = 100;
/// Bytes of data and metadata per append.
pub const APPEND_BYTES_MAX: usize = 768 * 1024;
/// Bytes of a stream name: printable ASCII without spaces.
pub const STREAM_NAME_BYTES_MAX: usize = 200;
/// Bytes of an event's kind.
pub const KIND_BYTES_MAX: usize = 100;
/// Events per read of one stream.
pub const READ_EVENTS_MAX: usize = 1_000;
/// Bytes of data and metadata after which a read ends. The event that reaches the limit is
/// included, so every read returns at least one event and exceeds the limit by less than one event.
pub const READ_BYTES_MAX: usize = 1024 * 1024;
/// The same for a read of several streams, which ends with a whole stream.
pub const TOGETHER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Streams that one reader is given at least: fewer are not worth a second transaction.
pub const TOGETHER_PART_MIN: usize = 12;
/// Events scanned by one `read_all`.
pub const PAGE_EVENTS_MAX: usize = 10_000;

/// Timeout for connecting to a server.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout for diagnosing why a server is unreachable.
pub const REACH_WITHIN: Duration = Duration::from_secs(4);
/// Timeout for one response; after it the connection is closed.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an operation retries while the server is unavailable: the time a failover takes.
pub const RECONNECT_MAX: Duration = Duration::from_secs(20);
/// First back-off before reconnecting; it doubles up to 1 s.
pub const RECONNECT_PAUSE: Duration = Duration::from_millis(50);
/// Appends queued for the writer; further ones are refused as busy.
pub const APPEND_QUEUE_MAX: usize = 4_096;
/// `Retry-After` of an append that was refused as busy.
pub const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);
/// `Retry-After` where an operator has to act first: a full or read-only disk.
pub const MENDED_RETRY_AFTER: Duration = Duration::from_secs(30);
/// Timeout for a lock that another process holds. Appends queued behind it are refused at the same
/// time.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// PostgreSQL `idle_in_transaction_session_timeout` of our sessions: a process that hangs loses its
/// locks.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);
/// Timeout for the check whether the log can be written to.
pub const PROBE_WAIT: Duration = Duration::from_secs(1);
/// How long the result of such a check, or a commit, counts as proof that it can.
pub const PROBE_FRESH: Duration = Duration::from_secs(1);
/// The same for servers where each check writes something that stays.
pub const PROBE_FRESH_KEPT: Duration = Duration::from_secs(10);
/// Bytes that the check reserves in the database file.
pub const PROBE_BYTES: u32 = 64 * 1024;
/// Free bytes on the disk below which the log counts as not writable.
pub const DISK_FREE_MIN: u64 = 8 * 1024 * 1024;
/// Findings listed per kind.
pub const FLAWS_MAX: usize = 100;
/// Events per transaction of the writer (group commit).
pub const GROUP_EVENTS_MAX: usize = 1_024;
/// Bytes of data and metadata after which no further append joins a transaction.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of data and metadata of all queued appends; further ones are refused as busy.
pub const APPEND_QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Newest events cached in memory, so that followers near the head do not read the disk.
pub const TAIL_EVENTS_MAX: usize = 8_192;
/// How often a server's clock is read; in between, its time is extrapolated by the monotonic clock.
pub const TIME_EVERY: Duration = Duration::from_secs(60);
/// Total time for one operation on `EventStoreDB`, retries included: longer than a leader election
/// (13 s on three nodes) and short enough to fail within 20 s.
pub const ANSWERED_IN: Duration = Duration::from_secs(18);
/// How long all calls of the event store that one request makes may take together: it is answered
/// within 20 s, with a 503 if need be.
pub const REQUEST_WAIT: Duration = Duration::from_secs(19);
/// Timeout of one gRPC call for a single event or append.
pub const CALL_IN: Duration = Duration::from_secs(5);
/// Timeout for finding the leader, or the fault of every node.
pub const FOUND_IN: Duration = Duration::from_millis(4_500);
/// The part of [`FOUND_IN`] that nodes have to answer the gossip request.
pub const GOSSIP_IN: Duration = Duration::from_millis(2_500);
/// A server without a response for this long counts as unavailable.
pub const KNOWN_IN: Duration = Duration::from_secs(3);
/// Interval of keep-alive pings.
pub const ALIVE_EVERY: Duration = Duration::from_secs(2);
/// Timeout of a keep-alive ping.
pub const ALIVE_IN: Duration = Duration::from_secs(3);
/// Timeout for finding events of this log among those of other programs on the server.
pub const FIND_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an append waits for our own subscription to deliver it before the leader is asked.
pub const HEARD_SOON: Duration = Duration::from_millis(100);
/// How long it waits after that before it is read back.
pub const HEARD_IN: Duration = Duration::from_millis(500);
/// Streams read concurrently for one caller.
pub const READ_AT_ONCE: usize = 16;
/// Streams whose newest event ids are cached.
pub const KNOWN_STREAMS_MAX: NonZeroUsize = non_zero(4_096);
/// Poll interval for a log that other processes write to, in case a notification was lost.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long notifications of commits are collected before the events are read.
pub const GATHER_COMMITS: Duration = Duration::from_millis(10);
/// Bytes of the newest events cached in memory.
pub const TAIL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Streams whose version the writer caches.
pub const VERSIONS_MAX: NonZeroUsize = non_zero(32_768);
/// Concurrent connections for reading.
pub const READERS_MAX: usize = 4;
/// Concurrent connections for tables beside the log.
pub const SESSIONS_MAX: usize = 2;
/// Sizes of a group after which the writer waits [`GATHER`] for more appends. After smaller groups
/// there are too few appends to wait for; in larger ones the cost of the sync is already shared.
pub const GATHER_AFTER: std::ops::Range<usize> = 6..64;
/// How long the writer waits for further appends before it commits.
pub const GATHER: Duration = Duration::from_millis(2);

/// Publish timeout for periodic announcements; a lost one is superseded by the next.
pub const SAID_IN: Duration = Duration::from_secs(1);
/// Retention of messages on the bus.
pub const BUS_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Timeout for a publish acknowledgement; after it the relay asks the bus for its last message.
pub const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Waits before an unacknowledged message is delivered again.
pub const BUS_REDELIVERY: [Duration; 3] =
    [Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(300)];
/// Unacknowledged messages per source and follower.
pub const BUS_UNACKED_MAX: i64 = 4_096;
/// Messages fetched per pull.
pub const BUS_BATCH: usize = 512;
/// Bytes fetched per pull. Must exceed the largest message, or that message is never delivered.
pub const BUS_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Received messages of all sources queued for their follower.
pub const BUS_ARRIVALS: usize = 64;
/// Bytes of events that a follower buffers while earlier ones are missing; beyond that it reads the
/// store.
pub const FEED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the bus may lag behind the store before the follower reads the store.
pub const BUS_GRACE: Duration = Duration::from_millis(500);
/// Back-off before a follower retries the bus.
pub const BUS_PAUSE: Duration = Duration::from_millis(500);
/// Events that a relay publishes before it waits for their acknowledgements.
pub const RELAY_EVENTS: usize = 256;
/// Messages of other publishers that a relay skips when it searches its stream for its own newest.
pub const RELAY_FOREIGN_MAX: usize = 1_000;
/// How often an idle relay announces its position.
pub const RELAY_SAYS_EVERY: Duration = Duration::from_secs(1);
/// How long a lease is valid without renewal.
pub const LEASE: Duration = Duration::from_secs(6);
/// How often the leader renews its lease, and a standby tries to acquire it.
pub const LEASE_RENEW: Duration = Duration::from_secs(1);

/// Size of SQLite's write-ahead log in pages of 4 KiB: checkpoints begin at 32 MiB, an alarm is
/// raised at 256 MiB, appends are refused at 4 GiB.
pub const WAL: WalLimits =
    WalLimits { copy: 8_192, wait: u64::MAX, alarm: 65_536, most: 1_048_576 };
/// Wait before a checkpoint is retried that a reader blocked.
pub const CHECKPOINT_AGAIN: Duration = Duration::from_millis(50);
/// Longest back-off of failed checkpoints.
pub const CHECKPOINT_FAILED_PAUSE_MAX: Duration = Duration::from_secs(30);

/// The size of a cache. Fails to compile if it is zero.
const fn non_zero(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("a cache has room for one entry")
}
