//! The only source of time. All code that depends on time gets it from a [`TimeSource`], which may
//! be virtual.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The machine's wall clock and its time since start, read at the same moment. The latter includes
/// suspension and cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub wall: Timestamp,
    /// Since the machine was started, including suspension.
    pub up: Duration,
}

impl Reading {
    /// How far the wall clock was set between `before` and this reading.
    #[must_use]
    pub fn set_since(self, before: Self) -> SignedDuration {
        let passed = SignedDuration::try_from(self.up.saturating_sub(before.up));
        let passed = passed.unwrap_or(SignedDuration::MAX);
        self.wall.duration_since(before.wall).saturating_sub(passed)
    }
}

/// The machine's clock, or a virtual one.
#[derive(Debug, Clone)]
pub enum TimeSource {
    System,
    /// Virtual: shows the same instant until it is moved.
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl TimeSource {
    /// A virtual clock that shows `at`.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(watch::Sender::new(at)))
    }

    /// The present time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Manual(at) => *at.borrow(),
        }
    }

    /// A reading of the machine's two clocks; `None` if the clock is virtual.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        match self {
            Self::System => Some(Reading { wall: self.now(), up: up() }),
            Self::Manual(_) => None,
        }
    }

    /// Moves a virtual clock forward, never back. Does nothing for the machine's clock.
    pub fn advance_to(&self, to: Timestamp) {
        if let Self::Manual(at) = self {
            at.send_if_modified(|at| {
                let later = to > *at;
                *at = to.max(*at);
                later
            });
        }
    }

    /// Returns at `until`, or after `at_most` of real time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that waits for time")]
    pub async fn sleep_until(&self, until: Timestamp, at_most: Duration) {
        match self {
            Self::System => {
                let left = Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
                tokio::time::sleep(left.min(at_most)).await;
            }
            Self::Manual(at) => {
                let mut at = at.subscribe();
                let reached = at.wait_for(|now| *now >= until);
                // The caller checks the time again in both cases.
                let _ = tokio::time::timeout(at_most, reached).await;
            }
        }
    }
}

/// Waits in real time, also if the clock is virtual.
#[expect(clippy::disallowed_methods, reason = "this is the one place that waits for time")]
pub async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// Time since the machine was started, including suspension.
#[cfg(target_os = "linux")]
fn up() -> Duration {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    // Neither is negative.
    let (seconds, rest) = (u64::try_from(up.tv_sec), u32::try_from(up.tv_nsec));
    Duration::new(seconds.unwrap_or(0), rest.unwrap_or(0))
}

/// Time since the process began. Suspension is not included, so after it the clock seems to have
/// been set.
#[cfg(not(target_os = "linux"))]
fn up() -> Duration {
    static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(std::time::Instant::now).elapsed()
}
