//! Every limit of the event store. They hold for all engines, so that what one accepts every other does.

use std::time::Duration;

use crate::wal::WalLimits;

/// Bytes of one event's data and metadata together.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Events in one append.
pub const APPEND_EVENTS_MAX: usize = 100;
/// Bytes of all data and metadata of one append.
pub const APPEND_BYTES_MAX: usize = 768 * 1024;
/// Bytes of a stream name, which is printable ASCII without spaces.
pub const STREAM_NAME_BYTES_MAX: usize = 200;
/// Bytes of an event's kind.
pub const KIND_BYTES_MAX: usize = 100;
/// Events returned by one read of a stream.
pub const READ_EVENTS_MAX: usize = 1_000;
/// Events looked at by one `read_all`.
pub const PAGE_EVENTS_MAX: usize = 10_000;

/// How long a server may take to accept a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a server may take for an answer before its connection is given up.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server that went away is waited for: as long as a failover takes.
pub const RECONNECT_MAX: Duration = Duration::from_secs(20);
/// The first wait before a connection is made anew; it doubles up to a second.
pub const RECONNECT_PAUSE: Duration = Duration::from_millis(50);
/// Appends waiting for the writer; one more is refused as busy.
pub const APPEND_QUEUE_MAX: usize = 4_096;
/// What a caller that was refused as busy is told to wait.
pub const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);
/// Events written in one transaction at the most.
pub const GROUP_EVENTS_MAX: usize = 1_024;
/// Newest events kept in memory, so that followers at the head do not read the disk.
pub const TAIL_EVENTS_MAX: usize = 8_192;
/// Bytes of the newest events kept in memory.
pub const TAIL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Streams whose version the writer remembers.
pub const VERSIONS_MAX: usize = 32_768;
/// Connections that read at the same time.
pub const READERS_MAX: usize = 4;
/// How many appends a group must have had for the writer to let the next one gather: fewer come too seldom, and with more
/// each has its share of a sync already.
pub const GATHER_AFTER: std::ops::Range<usize> = 6..64;
/// How long the writer waits for appends to gather.
pub const GATHER: Duration = Duration::from_millis(2);
/// Length of the write-ahead log, in pages of 4,096 bytes.
pub const WAL: WalLimits = WalLimits { copy: 8_192, wait: 65_536 };
