//! The limits of the engine and of the HTTP server.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::SignedDuration;

/// Attempts to decode an invalid body or query, to find all of its errors.
pub const DIAGNOSIS_ATTEMPTS_MAX: usize = 400;
/// Bytes that are decoded for that in all attempts together.
pub const DIAGNOSED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of a request body, except uploads.
pub const BODY_BYTES_MAX: u64 = 512 * 1024;
/// Nesting depth of a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Characters of a text in a JSON body, whatever its field allows; rules files are the longest.
pub const JSON_TEXT_CHARS_MAX: usize = dossier::law::RULES_BYTES_MAX;
/// Characters of a key in a JSON body.
pub const JSON_KEY_CHARS_MAX: usize = 200;
/// Characters of a text in a form, whatever its schema allows.
pub const FORM_TEXT_CHARS_MAX: usize = 10_000;
/// Bytes of an uploaded document.
pub const DOCUMENT_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Documents whose records are cached.
pub const DOCUMENTS_MAX: NonZeroUsize = non_zero(4_096);
/// How long a cached record is valid. Far below [`ORPHAN_GONE_FOR`], or a step could refer to a
/// document that is being removed.
pub const DOCUMENT_KNOWN_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Bytes of a document's record.
pub const DOCUMENT_RECORD_BYTES_MAX: u64 = 4_096;
/// Age at which a document without a recorded step is marked for removal.
pub const ORPHAN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How long it is marked before it is removed: far longer than any request that may still know it.
pub const ORPHAN_GONE_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Interval of the search for such documents.
pub const ORPHANS_LOOKED_FOR_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// Shortest time between two searches.
pub const ORPHANS_PAUSE_MIN: SignedDuration = SignedDuration::from_mins(10);
/// Documents per step of the search.
pub const ORPHANS_PAGE: usize = 256;
/// Uploads without a step that are counted per person; the oldest are dropped beyond that.
pub const UNNAMED_MAX: NonZeroUsize = non_zero(65_536);
/// Attempts to find a name for an upload while a document of that name is being removed.
pub const DOCUMENT_GENERATIONS_MAX: u8 = 8;

/// Limits of a server; tests may use smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Concurrent connections. A further one replaces an idle one of the address with the most.
    pub connections: usize,
    /// Concurrent connections per client (an IPv4 address or an IPv6 /64). Trusted proxies have no
    /// such limit.
    pub connections_of_one: usize,
    /// Requests per connection.
    pub requests_of_connection: u64,
    /// Concurrent requests per client.
    pub requests_of_one: u64,
    /// Requests per second and client, with bursts of twice as many; further ones are delayed. 0:
    /// no limit.
    pub requests_per_second_of_one: u32,
    /// Longest delay of a request; a longer one is refused with `Retry-After`.
    pub turn_wait: Duration,
    /// Bytes of request bodies and responses in memory, in total.
    pub bytes: u64,
    /// The same per client.
    pub bytes_of_one: u64,
    /// Bytes of a request head.
    pub head_bytes: usize,
    /// Timeout for a request head, and idle timeout of a connection.
    pub head: Duration,
    /// Idle timeout of a trusted proxy's connection.
    pub proxy_idle: Duration,
    /// Interval in which a body must make progress by `body_bytes_min`.
    pub body_every: Duration,
    /// Bytes per `body_every`, unless the body ends.
    pub body_bytes_min: u64,
    /// Timeout for a body of any length, and then for the handler.
    pub request: Duration,
    /// Minimum rate of a body after that time.
    pub body_bytes_per_second: u64,
    /// Timeout for a client that does not read its response.
    pub stalled: Duration,
    /// Age at which a connection accepts no further requests.
    pub connection_age: Duration,
    /// Age at which a connection is closed.
    pub connection_end: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_of_one: 1_024,
            requests_of_connection: 10_000,
            requests_of_one: 1_024,
            requests_per_second_of_one: 1_000,
            turn_wait: Duration::from_secs(5),
            bytes: 64 * 1024 * 1024,
            bytes_of_one: 16 * 1024 * 1024,
            head_bytes: 32 * 1024,
            head: Duration::from_secs(10),
            proxy_idle: Duration::from_secs(300),
            body_every: Duration::from_secs(10),
            body_bytes_min: 8 * 1024,
            request: REQUEST_TIMEOUT,
            body_bytes_per_second: 64 * 1024,
            stalled: Duration::from_secs(20),
            connection_age: Duration::from_secs(15 * 60),
            connection_end: Duration::from_secs(60 * 60),
        }
    }
}

impl ServerLimits {
    /// Timeout for a body of this length: 15 minutes for the largest upload.
    #[must_use]
    pub fn body_in(&self, length: u64) -> Duration {
        self.request + Duration::from_secs(length / self.body_bytes_per_second.max(1))
    }
}

/// Listen backlog.
pub const LISTEN_QUEUE: u32 = 4_096;
/// Bytes of a socket's send buffer: unread responses are in kernel memory, and a slow client's
/// progress is visible in steps of a third of it.
pub const SEND_BUFFER_BYTES: u32 = 128 * 1024;
/// Wait after a failed accept.
pub const ACCEPT_REST: Duration = Duration::from_millis(50);
/// How long an unwanted body is drained, so that the client reads the response.
pub const DISCARD_MAX: Duration = Duration::from_secs(2);
/// Interval of checks of a connection.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The same during shutdown.
pub const LOOK_EVERY_STOPPING: Duration = Duration::from_millis(250);
/// Timeout for a client that does not read its response, during shutdown.
pub const STOPPING_STALLED_MAX: Duration = Duration::from_secs(2);
/// Timeout for a request head during shutdown.
pub const STOPPING_IDLE_MAX: Duration = Duration::from_secs(1);
/// Timeout for a body during shutdown.
pub const STOPPING_BODY_MAX: Duration = Duration::from_secs(3);
/// Timeout for a small body, and then for the handler.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Time for requests in flight at shutdown.
pub const DRAIN_MAX: Duration = Duration::from_secs(25);
/// Time for tasks to finish their current step at shutdown; unfinished work is found again at the
/// next start.
pub const TASKS_END_MAX: Duration = Duration::from_secs(8);
/// Time for blocked threads after that; then the process exits without them.
pub const THREADS_END_MAX: Duration = Duration::from_secs(2);

/// Attempts of a command after conflicts or unknown outcomes.
pub const ATTEMPTS_MAX: u32 = 8;
/// Time after which an append with an unknown outcome is not retried. Together with the attempt in
/// flight, it is well below [`REQUEST_TIMEOUT`].
pub const UNKNOWN_MAX: Duration = Duration::from_secs(15);
/// Streams whose state is cached, per category.
pub const STATES_MAX: NonZeroUsize = non_zero(1_024);
/// Bytes of the events behind these states, per category.
pub const STATES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Verified tokens that are cached.
pub const TOKENS_MAX: NonZeroUsize = non_zero(16_384);
/// Bytes of a token.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a token's subject, and of the represented subject.
pub const SUBJECT_BYTES_MAX: usize = 200;
/// Tolerated difference between the clocks of issuer and service.
pub const CLOCK_LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// Interval of reading the identity provider's keys.
pub const KEYS_FRESH_FOR: Duration = Duration::from_secs(300);
/// The same after a failure.
pub const KEYS_RETRY: Duration = Duration::from_secs(30);
/// Shortest time between two readings.
pub const KEYS_REST: Duration = Duration::from_secs(10);
/// How long keys are trusted if they cannot be read again; then requests are refused.
pub const KEYS_TRUSTED_FOR_MAX: SignedDuration = SignedDuration::from_secs(60 * 60);
/// Timeout for reading the keys.
pub const KEYS_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a key set.
pub const KEYS_BYTES_MAX: u64 = 1024 * 1024;
/// Keys per set; a token without a key id is verified with each.
pub const KEYS_MAX: usize = 64;
/// Minimum bits of an RSA key (NIST SP 800-131A).
pub const RSA_BITS_MIN: usize = 2_048;
/// Minimum bytes of an installation's secret.
pub const SECRET_BYTES_MIN: usize = 16;
/// Log messages about refused tokens per second.
pub const REFUSED_TOKENS_LOGGED_PER_SECOND: u32 = 10;
/// Bytes of an `Idempotency-Key`.
pub const KEY_BYTES_MAX: usize = 200;

// Long-running requests, limited in total and per client; event streams belong here too.

/// Reads that wait for a `Consistency-Token`.
pub const WAITS_MAX: u64 = 1_024;
/// The same per client.
pub const WAITS_OF_ONE_MAX: u64 = 64;
/// Timeout of such a wait.
pub const CONSISTENCY_WAIT_MAX: Duration = Duration::from_secs(5);

/// Tolerated difference to the clock of the store's server. Less than half of [`CLOCK_BACK_MAX`],
/// or two machines within it would block each other.
pub const CLOCK_OFF_MAX: SignedDuration = SignedDuration::from_secs(2);
/// How much older than the newest recorded event a new event may be: the difference between correct
/// clocks of several machines.
pub const CLOCK_BACK_MAX: SignedDuration = SignedDuration::from_secs(5);
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
/// `Retry-After` of a step that is refused because the clock is wrong.
pub const CLOCK_RETRY_AFTER: Duration = Duration::from_secs(10);
/// Interval of comparing the clock with the store's server.
pub const CLOCK_COMPARED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Interval of checking which rules expire soon.
pub const ENDINGS_LOOKED_AT_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Days before the expiry of a certificate, or of the identity provider's last key, from which it
/// is reported.
pub const CERTIFICATE_WARNED_DAYS: i64 = 30;
/// Events at the end of the log in which the newest time is searched.
pub const NEWEST_LOOKED_AT: usize = 100;
/// How long a task's step may take, or fail repeatedly, until the task counts as stalled.
pub const TASK_STANDS_AFTER: Duration = Duration::from_secs(30);
/// Timeout of each query for health and metrics; they run concurrently, so that a probe responds
/// within 2 s.
pub const PROBE_ASKS_MAX: Duration = Duration::from_millis(1_500);
/// How long a probe's result for an object store is cached: each query is a listing and costs
/// money.
pub const PROBE_DOCUMENTS_FRESH_FOR: Duration = Duration::from_secs(15);
/// How long a probe's result is cached, so that frequent probes are cheap.
pub const PROBE_FRESH_FOR: Duration = Duration::from_millis(250);
/// Free bytes on a disk below which a warning is reported.
pub const DISK_FREE_MIN: u64 = 512 * 1024 * 1024;
/// Timeout for exporting spans.
pub const TRACES_SENT_IN: Duration = Duration::from_secs(5);
/// The same at shutdown.
pub const TRACES_SHUT_DOWN_IN: Duration = Duration::from_secs(3);

/// Events per page of a follower.
pub const PAGE_EVENTS: usize = 512;
/// Scanned events after which a follower saves its position at the latest.
pub const FOLLOWED_PER_SAVE: u64 = 1_000;
/// Events per page of a projection: larger transactions cost less.
pub const VIEW_PAGE_EVENTS: usize = 4_096;
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

/// Callers whose usage is tracked, by subject or address.
pub const QUOTA_CALLERS_MAX: NonZeroUsize = non_zero(32_768);
/// Largest number of a quota.
pub const QUOTA_MAX: u64 = 1 << 40;
/// Longest window of a quota, in seconds: a week.
pub const QUOTA_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// Concurrent uploads; each is buffered on disk until it is complete.
pub const UPLOADS_MAX: usize = 32;
/// Concurrent uploads per person, and per address.
pub const UPLOADS_OF_ONE_MAX: usize = 8;
/// How long an upload waits for its turn.
pub const UPLOAD_WAIT_MAX: Duration = Duration::from_secs(1);
/// Age without progress at which an unfinished upload counts as abandoned by a killed process: far
/// beyond a client's timeout.
pub const UPLOAD_ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);
/// Buffer of an upload into a folder, in bytes.
pub const UPLOAD_BUFFER_BYTES: u64 = 128 * 1024;
/// Bytes of a part of a multipart upload, which are held in memory. Object stores require at least
/// 5 MiB.
pub const OBJECT_PART_BYTES: u64 = 6 * 1024 * 1024;
/// Timeout for connecting to an object store.
pub const OBJECT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout of one request to it.
pub const OBJECT_ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request to it is retried; the caller is waiting.
pub const OBJECT_RETRY_FOR: Duration = Duration::from_secs(3);
/// Attempts of such a request.
pub const OBJECT_RETRIES: usize = 4;

/// The size of a cache. Fails to compile if it is zero.
const fn non_zero(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("a cache has room for one entry")
}
