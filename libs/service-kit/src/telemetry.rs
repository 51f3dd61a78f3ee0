//! Logs: one JSON object a line on standard error, with no personal data: only ids, kinds, positions and durations.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging at `level` (a `tracing` filter such as `info` or `warn,service_kit=debug`). A second start in the same
/// process changes nothing.
pub fn start(level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    // An error means that logging runs already.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}
