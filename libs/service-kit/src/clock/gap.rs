//! How long after the end of its log an office may go on without an operator saying that the clock is right. A start, and a clock
//! that was set while the process ran, are judged by this one rule (ADR 12).

use std::fmt;
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::limits::{CLOCK_AHEAD_MAX, CLOCK_ODD_MAX};

/// How long ago the newest event was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// At most [`CLOCK_AHEAD_MAX`]: it goes on.
    Short,
    /// At most [`CLOCK_ODD_MAX`]: it goes on if nothing fell due in between.
    Long,
    /// Longer: somebody must say that the clock is right, unless another clock does.
    Odd,
}

impl Gap {
    /// Between the newest event and now.
    #[must_use]
    pub fn between(newest: Timestamp, now: Timestamp) -> Self {
        let gap = now.duration_since(newest);
        if gap > CLOCK_ODD_MAX {
            Self::Odd
        } else if gap > CLOCK_AHEAD_MAX {
            Self::Long
        } else {
            Self::Short
        }
    }

    /// Whether an office goes on without asking; `due` counts what fell due in between.
    #[must_use]
    pub fn goes_on(self, due: impl FnOnce() -> usize) -> bool {
        match self {
            Self::Short => true,
            Self::Long => due() == 0,
            Self::Odd => false,
        }
    }
}

/// Counts what fell due after one instant and by another.
type Count = Box<dyn Fn(Timestamp, Timestamp) -> usize + Send + Sync>;

/// Who knows what falls due, once the services are there.
#[derive(Default)]
pub(super) struct Counts(OnceLock<Count>);

impl Counts {
    /// The first one stays.
    pub(super) fn by(&self, count: Count) {
        // A process has its services once.
        let _ = self.0.set(count);
    }

    /// While nobody knows, something may have fallen due.
    pub(super) fn between(&self, newest: Timestamp, now: Timestamp) -> usize {
        self.0.get().map_or(usize::MAX, |count| count(newest, now))
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counts").field(&self.0.get().is_some()).finish()
    }
}
