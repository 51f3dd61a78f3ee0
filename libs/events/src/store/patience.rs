//! Back-off while a server is unavailable.

use std::time::Duration;

use tokio::time::Instant;

use crate::budget;
use crate::limits::{RECONNECT_MAX, RECONNECT_PAUSE};
pub(super) use crate::rest::rest;

/// Back-off with the time limit of a failover.
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { until: budget::until(RECONNECT_MAX), pause: RECONNECT_PAUSE }
    }

    /// Waits longer each time; false once the time limit has passed.
    pub(super) async fn lasts(&mut self) -> bool {
        if Instant::now() + self.pause > self.until {
            return false;
        }
        rest(self.pause).await;
        self.pause = longer(self.pause);
        true
    }
}

/// The next wait: twice `pause`, up to 1 s.
pub(super) fn longer(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(Duration::from_secs(1))
}
