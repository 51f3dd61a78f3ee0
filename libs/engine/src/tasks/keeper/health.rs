//! Access to the deadline index, independent of the keeper.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use events::Position;
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use uuid::Uuid;

use super::index::Index;
use super::lock;
use crate::tasks::Progress;

/// Access to the deadline index, independent of the keeper.
#[derive(Debug, Clone)]
pub struct KeeperHealth {
    pub(super) index: Arc<Mutex<Index>>,
    pub(super) clock: TimeSource,
    pub(super) progress: Progress,
}

impl KeeperHealth {
    /// Number of open obligations.
    #[must_use]
    pub fn open(&self) -> usize {
        lock(&self.index).len()
    }

    /// Ids of streams with open obligations.
    #[must_use]
    pub fn streams(&self) -> BTreeSet<Uuid> {
        lock(&self.index).streams()
    }

    /// Position up to which the index is complete.
    #[must_use]
    pub fn reached(&self) -> Position {
        self.progress.now()
    }

    /// Number of obligations that are due and not enforced yet.
    #[must_use]
    pub fn due(&self) -> usize {
        let behind_now = self.clock.now().checked_add(SignedDuration::from_nanos(1));
        lock(&self.index).count_before(behind_now.unwrap_or(Timestamp::MAX))
    }

    /// Number of obligations that fell due after `after` and not later than `by`, and are not
    /// enforced yet; including those that an outage or a consultation suspends.
    #[must_use]
    pub fn due_between(&self, after: Timestamp, by: Timestamp) -> usize {
        lock(&self.index).count_between(after, by)
    }

    /// Number of obligations that have been due for more than a minute.
    #[must_use]
    pub fn overdue(&self) -> usize {
        let minute_ago = self.clock.now().checked_sub(SignedDuration::from_secs(60));
        lock(&self.index).count_before(minute_ago.unwrap_or(Timestamp::MIN))
    }
}
