//! How a follower reads and saves.

use std::time::Duration;

use events::Filter;

use super::{Saved, Source};
use crate::limits::{FOLLOWED_PER_SAVE, PAGE_EVENTS};
use crate::tasks::{GATHER, Work};

/// How a [`Follower`](super::Follower) reads and saves.
#[derive(Debug)]
pub struct Following {
    /// Name in logs and metrics.
    pub name: &'static str,
    /// Kind of work, for metrics.
    pub work: Work,
    /// Kinds of events to read.
    pub filter: Filter,
    pub source: Source,
    pub saved: Saved,
    /// Events of a page, at most.
    pub page_events: usize,
    /// Scanned events after which the position is saved even if nothing requires it.
    pub save_after: u64,
    /// How long to collect new events before a page is read.
    pub gather: Duration,
}

impl Following {
    /// Following with the usual limits.
    #[must_use]
    pub fn new(name: &'static str, kinds: &[&'static str], source: Source, saved: Saved) -> Self {
        Self {
            name,
            work: Work::Other,
            filter: Filter { kinds: kinds.iter().map(|kind| (*kind).into()).collect() },
            source,
            saved,
            page_events: PAGE_EVENTS,
            save_after: FOLLOWED_PER_SAVE,
            gather: GATHER,
        }
    }
}
