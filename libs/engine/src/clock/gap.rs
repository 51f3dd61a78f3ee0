//! How long after the end of the log a process may continue without an operator's confirmation of
//! the clock. Applies to a start, and after the clock jumped in a running process (ADR 12).

use std::fmt;
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::limits::{CLOCK_AHEAD_MAX, CLOCK_ODD_MAX};

/// Gap between the newest event and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// At most [`CLOCK_AHEAD_MAX`]: continues.
    Short,
    /// At most [`CLOCK_ODD_MAX`]: continues if nothing fell due in between.
    Long,
    /// Longer: needs a confirmation, unless another clock agrees.
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

    /// Whether the process continues without confirmation; `due` counts what fell due in between.
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

/// Counts what falls due, once the services exist.
#[derive(Default)]
pub(super) struct Counts(OnceLock<Count>);

impl Counts {
    /// The first one stays.
    pub(super) fn by(&self, count: Count) {
        // A process has its services once.
        let _ = self.0.set(count);
    }

    /// While the count is unknown, something may have fallen due.
    pub(super) fn between(&self, newest: Timestamp, now: Timestamp) -> usize {
        self.0.get().map_or(usize::MAX, |count| count(newest, now))
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counts").field(&self.0.get().is_some()).finish()
    }
}
