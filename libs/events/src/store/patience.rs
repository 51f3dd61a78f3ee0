//! How long a server that went away is waited for.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{RECONNECT_MAX, RECONNECT_PAUSE};

#[expect(
    clippy::disallowed_methods,
    reason = "a server that is gone gives no sign when it is back"
)]
pub(super) async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// How long a failover is waited for.
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { until: Instant::now() + RECONNECT_MAX, pause: RECONNECT_PAUSE }
    }

    /// Waits a little longer than the last time; false if it has been long enough.
    pub(super) async fn lasts(&mut self) -> bool {
        if Instant::now() + self.pause > self.until {
            return false;
        }
        rest(self.pause).await;
        self.pause = longer(self.pause);
        true
    }
}

/// The pause behind `pause`: twice that, up to a second.
pub(super) fn longer(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(Duration::from_secs(1))
}
