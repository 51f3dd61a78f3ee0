//! Limits of the process and its probes.

use std::time::Duration;

use jiff::SignedDuration;

/// Time for tasks to finish their current step at shutdown; unfinished work is found again at the
/// next start.
pub const TASKS_END_MAX: Duration = Duration::from_secs(8);
/// Time for blocked threads after that; then the process exits without them.
pub const THREADS_END_MAX: Duration = Duration::from_secs(2);
/// Interval of checking which rules expire soon.
pub const ENDINGS_LOOKED_AT_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Days before the expiry of a certificate, or of the identity provider's last key, from which it
/// is reported.
pub const CERTIFICATE_WARNED_DAYS: i64 = 30;
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
