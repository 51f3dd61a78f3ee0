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
/// Bytes of data and metadata after which a read ends, however many events were asked for: with the event with which it
/// comes to them, so that it always brings one. It is larger than this by less than one event.
pub const READ_BYTES_MAX: usize = 1024 * 1024;
/// The same for a read of several streams, which ends with a stream.
pub const TOGETHER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events looked at by one `read_all`.
pub const PAGE_EVENTS_MAX: usize = 10_000;

/// How long a server may take to accept a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take to find out whether a server can be reached, and why not.
pub const REACH_WITHIN: Duration = Duration::from_secs(4);
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
/// What a caller is told to wait where somebody has to see to the engine first: a full disk, one that can only be read.
pub const MENDED_RETRY_AFTER: Duration = Duration::from_secs(30);
/// How long a writer waits for a lock that somebody else holds; whoever waits behind it is refused at the same time.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// For how long a session of ours may say nothing to its server inside a transaction: then it loses its locks, and others go on.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);
/// How long the answer to whether the log can be written may take.
pub const PROBE_WAIT: Duration = Duration::from_secs(1);
/// For how long such an answer, or a commit, says that it can be.
pub const PROBE_FRESH: Duration = Duration::from_secs(1);
/// For how long the answer of a server is believed that keeps all that it is asked to write for the answer.
pub const PROBE_FRESH_KEPT: Duration = Duration::from_secs(10);
/// Bytes for which room is looked for in the file by whoever asks whether the log can be written.
pub const PROBE_BYTES: u32 = 64 * 1024;
/// Free bytes on its disk below which the log counts as not writable.
pub const DISK_FREE_MIN: u64 = 8 * 1024 * 1024;
/// Flaws of each kind that are listed.
pub const FLAWS_MAX: usize = 100;
/// Events written in one transaction at the most.
pub const GROUP_EVENTS_MAX: usize = 1_024;
/// Bytes of data and metadata after which no further append joins a transaction.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of data and metadata of appends that wait for the writer, in all; one more is refused as busy.
pub const APPEND_QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Newest events kept in memory, so that followers at the head do not read the disk.
pub const TAIL_EVENTS_MAX: usize = 8_192;
/// How often a server is asked for its time; in between, time passes here as there.
pub const TIME_EVERY: Duration = Duration::from_secs(60);
/// How long whoever asks `EventStoreDB` waits for an answer in all, however often it is asked: longer than it takes to find
/// another leader (13 s on a cluster of three), and short enough for a refusal within 20 s.
pub const ANSWERED_IN: Duration = Duration::from_secs(18);
/// How long one answer to a question of one event or one append may take.
pub const CALL_IN: Duration = Duration::from_secs(5);
/// How long it may take to find the node that leads, or what is wrong with each.
pub const FOUND_IN: Duration = Duration::from_millis(4_500);
/// How much of that the nodes have to say who leads.
pub const GOSSIP_IN: Duration = Duration::from_millis(2_500);
/// After how long without an answer a server counts as silent.
pub const KNOWN_IN: Duration = Duration::from_secs(3);
/// How often a connection is tried whether somebody is at its other end.
pub const ALIVE_EVERY: Duration = Duration::from_secs(2);
/// How long that may take.
pub const ALIVE_IN: Duration = Duration::from_secs(3);
/// How long before its end a certificate is warned of.
pub const CERTIFICATE_ENDS_SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How often.
pub const CERTIFICATE_SAID_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a server may take to find events of ours among those of others.
pub const FIND_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an append waits to be heard of before the server is asked for it.
pub const HEARD_SOON: Duration = Duration::from_millis(100);
/// And how long after that before it is read back.
pub const HEARD_IN: Duration = Duration::from_millis(500);
/// Streams that are read from a server at the same time for one caller.
pub const READ_AT_ONCE: usize = 16;
/// Streams whose newest event ids are remembered.
pub const KNOWN_STREAMS_MAX: usize = 4_096;
/// How often a shared log is looked at although nothing was heard of it.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how long commits of other processes gather before their events are asked for.
pub const GATHER_COMMITS: Duration = Duration::from_millis(10);
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

/// How long it may take to say something that will be said again.
pub const SAID_IN: Duration = Duration::from_secs(1);
/// For how long the bus keeps a message.
pub const BUS_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long the bus may take to acknowledge a message before it is asked what it has.
pub const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long the bus brings a message again that was not reported as handled.
pub const BUS_REDELIVERY: [Duration; 3] =
    [Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(300)];
/// Messages of one source that a follower may have without having reported them as handled.
pub const BUS_UNACKED_MAX: i64 = 4_096;
/// Messages that are asked for at once.
pub const BUS_BATCH: usize = 512;
/// Bytes of them: more than the largest message has, or it would never come.
pub const BUS_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Messages of all sources that came and that their follower has not looked at.
pub const BUS_ARRIVALS: usize = 64;
/// Bytes of events that a follower keeps because others before them are missing; what comes beyond that is read in the store.
pub const FEED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the bus may take to bring what the store has: then it is read there.
pub const BUS_GRACE: Duration = Duration::from_millis(500);
/// How long a follower waits before it tries again to reach the bus.
pub const BUS_PAUSE: Duration = Duration::from_millis(500);
/// Events that a relay publishes before it waits for their acknowledgements.
pub const RELAY_EVENTS: usize = 256;
/// Messages of others that a relay looks behind for the newest of its own.
pub const RELAY_FOREIGN_MAX: usize = 1_000;
/// How often a relay says how far it has come when nothing happens.
pub const RELAY_SAYS_EVERY: Duration = Duration::from_secs(1);
/// How long a replica leads without renewing its lease.
pub const LEASE: Duration = Duration::from_secs(6);
/// How often it renews it, or another one tries to get it.
pub const LEASE_RENEW: Duration = Duration::from_secs(1);

/// Length of the log's write-ahead log: copied from 32 MiB on, an alarm at 256 MiB, and no more than 4 GiB.
pub const WAL: WalLimits = WalLimits { copy: 8_192, alarm: 65_536, most: 1_048_576 };
/// How long it takes until a checkpoint is tried again that a reader kept from coming to the end.
pub const CHECKPOINT_AGAIN: Duration = Duration::from_millis(50);
/// The longest wait before a checkpoint is tried again that failed.
pub const CHECKPOINT_FAILED_PAUSE_MAX: Duration = Duration::from_secs(30);
