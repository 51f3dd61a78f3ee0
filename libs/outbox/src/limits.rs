//! Limits of the store.

/// How long requests that have ended are kept, in days.
pub const KEPT_DAYS: i64 = 30;
/// Maximum number of requests of a partner that wait.
pub const WAITING_MAX: i64 = 100_000;
/// Maximum size of the requests of a partner that wait, in bytes.
pub const WAITING_BYTES_MAX: i64 = 256 * 1024 * 1024;
/// Maximum number of requests that have ended.
pub const ENDED_MAX: i64 = 1_000_000;
/// Maximum size of the requests that have ended, with their responses, in bytes.
pub const ENDED_BYTES_MAX: i64 = 1024 * 1024 * 1024;
/// Maximum size of a request, in bytes.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// Kept of a response, in bytes.
pub const RESPONSE_BYTES_MAX: usize = 4 * 1024;
/// Maximum number of requests that one transaction removes.
pub const PRUNE_MAX: i64 = 1_000;
/// Maximum number of such transactions in a row: 100,000 requests an hour keep up with 27 a second.
pub const PRUNES_MAX: usize = 100;
/// Maximum number of entries of a page.
pub const PAGE_MAX: usize = 200;
/// Tries that are kept of a request; of more, the first and the newest.
pub const TRIES_MAX: i64 = 100;
/// Messages to a subscriber of which it is kept what became of them; of more, the newest.
pub const SENT_MAX: i64 = 1_000;
/// Size of what is kept of a message and its tries, in bytes.
pub const SENT_BYTES_MAX: usize = 8 * 1024;
