//! Limits of telemetry and calls to others.

use std::time::Duration;

/// Timeout for exporting spans.
pub const TRACES_SENT_IN: Duration = Duration::from_secs(5);
/// The same at shutdown.
pub const TRACES_SHUT_DOWN_IN: Duration = Duration::from_secs(3);
