//! The only source of time. Everything that depends on time asks a [`Clock`], so that it can be virtual.

use std::sync::Arc;
use std::time::Duration;

use events::{EventStore, ReadError};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

mod gap;
mod guard;

pub use gap::Gap;
pub(crate) use guard::at_of;
pub use guard::{ClockGuard, ClockWrong, Reading, following, newest_recorded};

/// A clock: the machine's, or one that is moved by hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until it is moved.
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// A clock that shows `at` until it is moved.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(watch::Sender::new(at)))
    }

    /// Now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Manual(at) => *at.borrow(),
        }
    }

    /// What the machine's two clocks say now; nothing of a clock that is moved by hand.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        match self {
            Self::System => Some(Reading { wall: self.now(), up: up() }),
            Self::Manual(_) => None,
        }
    }

    /// How far this clock is ahead of that of the store's machine; zero if they are one, or time is virtual. What the question
    /// itself took does not count.
    pub async fn off(&self, store: &EventStore) -> Result<SignedDuration, ReadError> {
        let before = self.now();
        let (Self::System, Some(time)) = (self, store.time().await?) else {
            return Ok(SignedDuration::ZERO);
        };
        let after = self.now();
        let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::ZERO);
        let time = Timestamp::UNIX_EPOCH.checked_add(time).unwrap_or(before);
        Ok(before.duration_since(time).max(SignedDuration::ZERO)
            + after.duration_since(time).min(SignedDuration::ZERO))
    }

    /// Moves a manual clock forward; it never goes back. Nothing happens to the machine's.
    pub fn advance_to(&self, to: Timestamp) {
        if let Self::Manual(at) = self {
            at.send_if_modified(|at| {
                let later = to > *at;
                *at = to.max(*at);
                later
            });
        }
    }

    /// Returns once it is `until`, or after `at_most` of real time.
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
                // Either outcome means: look again.
                let _ = tokio::time::timeout(at_most, reached).await;
            }
        }
    }
}

/// Waits for real time to pass, whatever the clock shows.
#[expect(clippy::disallowed_methods, reason = "this is the one place that waits for time")]
pub(crate) async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// How long this machine has been up, suspended or not.
#[cfg(target_os = "linux")]
fn up() -> Duration {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    // Neither is negative.
    let (seconds, rest) = (u64::try_from(up.tv_sec), u32::try_from(up.tv_nsec));
    Duration::new(seconds.unwrap_or(0), rest.unwrap_or(0))
}

/// How long this process has been up: a suspended machine looks like a clock that was set.
#[cfg(not(target_os = "linux"))]
fn up() -> Duration {
    static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(std::time::Instant::now).elapsed()
}
