//! Limits of the HTTP layer.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::SignedDuration;

/// Attempts to decode an invalid body or query, to find all of its errors.
pub const DIAGNOSIS_ATTEMPTS_MAX: usize = 400;
/// Bytes that are decoded for that in all attempts together.
pub const DIAGNOSED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a request body, except uploads.
pub const BODY_BYTES_MAX: u64 = 512 * 1024;
/// Maximum size of a partner's message, in bytes.
pub const MESSAGE_BYTES_MAX: u64 = 64 * 1024;
/// Nesting depth of a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Characters of a text in a JSON body, whatever its field allows; rules files are the longest.
pub const JSON_TEXT_CHARS_MAX: usize = dossier::law::RULES_BYTES_MAX;
/// Characters of a key in a JSON body.
pub const JSON_KEY_CHARS_MAX: usize = 200;

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
/// Steps of a bulk that are executed at the same time: their appends share a sync.
pub const BULK_AT_ONCE: usize = 8;
/// Bytes of an `Idempotency-Key`.
pub const KEY_BYTES_MAX: usize = 200;
/// Reads that wait for a `Consistency-Token`.
pub const WAITS_MAX: u64 = 1_024;
/// The same per client.
pub const WAITS_OF_ONE_MAX: u64 = 64;
/// Long polls and event streams that follow changes.
pub const FOLLOWERS_MAX: u64 = 1_024;
/// The same per subject of a token.
pub const FOLLOWERS_OF_ONE_MAX: u64 = 4;
/// `Retry-After` of a step that is refused because the clock is wrong.
pub const CLOCK_RETRY_AFTER: Duration = Duration::from_secs(10);
/// Callers whose usage is tracked, by subject or address.
pub const QUOTA_CALLERS_MAX: NonZeroUsize = non_zero(32_768);
/// Largest number of a quota.
pub const QUOTA_MAX: u64 = 1 << 40;
/// Longest window of a quota, in seconds: a week.
pub const QUOTA_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// The size of a cache. Fails to compile if it is zero.
const fn non_zero(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("a cache has room for one entry")
}
/// Kinds of events in a filter of changes.
pub const KINDS_MAX: usize = 20;
