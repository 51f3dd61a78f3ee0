//! A store with injected append failures. Deterministic: the same seed and calls give the same
//! faults.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{AppendError, Appended, EventStore, Expected, NewEvent, StreamName, limits};

/// An injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A conflict; nothing is written.
    Conflict,
    /// Unavailable before the write.
    UnavailableBefore,
    /// Unavailable after the write, before the response.
    UnavailableAfter,
    /// The queue is full.
    Busy,
}

/// Rate of each fault, per thousand appends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Chooses which appends fail.
    pub seed: u64,
    /// See [`Fault::Conflict`].
    pub conflict: u16,
    /// See [`Fault::UnavailableBefore`].
    pub unavailable_before: u16,
    /// See [`Fault::UnavailableAfter`].
    pub unavailable_after: u16,
    /// See [`Fault::Busy`].
    pub busy: u16,
}

/// See [`crate::EventStore::faulty`].
#[derive(Debug)]
pub struct Faulty {
    pub(super) inner: Box<EventStore>,
    faults: Faults,
    calls: AtomicU64,
}

impl Faulty {
    pub(super) fn new(inner: EventStore, faults: Faults) -> Self {
        Self { inner: Box::new(inner), faults, calls: AtomicU64::new(0) }
    }

    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let gone = || AppendError::Unavailable("injected fault".to_owned());
        match self.next() {
            None => self.inner.append(stream, expected, events).await,
            // The version that a competing writer would have created is unknown: report another
            // one.
            Some(Fault::Conflict) => Err(AppendError::Conflict { actual: None }),
            Some(Fault::UnavailableBefore) => Err(gone()),
            Some(Fault::UnavailableAfter) => {
                self.inner.append(stream, expected, events).await?;
                Err(gone())
            }
            Some(Fault::Busy) => Err(AppendError::Busy(limits::BUSY_RETRY_AFTER)),
        }
    }

    /// The fault of the next call: splitmix64 of seed and call number, modulo 1,000.
    fn next(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut z = self.faults.seed.wrapping_add(call.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mut left = (z ^ (z >> 31)) % 1_000;
        let chances = [
            (self.faults.conflict, Fault::Conflict),
            (self.faults.unavailable_before, Fault::UnavailableBefore),
            (self.faults.unavailable_after, Fault::UnavailableAfter),
            (self.faults.busy, Fault::Busy),
        ];
        for (chance, fault) in chances {
            if left < u64::from(chance) {
                return Some(fault);
            }
            left -= u64::from(chance);
        }
        None
    }
}
