//! A store with injected failures. Those of appends are deterministic: the same seed and calls give
//! the same faults. Those of an outage last until they are ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::{
    AppendError, Appended, Cause, EventStore, Expected, NewEvent, ReadError, Recorded, StreamName,
    Unwritable, Version, limits,
};

/// An injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A conflict; nothing is written.
    Conflict,
    /// Unreachable before the write.
    UnreachableBefore,
    /// Unreachable after the write, before the response.
    UnreachableAfter,
    /// The queue is full.
    Busy,
}

/// How all calls fail during an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The engine does not answer.
    Unreachable,
    /// The engine refuses reads and appends.
    Refused,
    /// Reads find a damaged log; appends are made.
    Corrupt,
    /// Nothing can be appended, because the disk is full; reads succeed.
    Full,
}

/// Rate of each fault, per thousand appends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Chooses which appends fail.
    pub seed: u64,
    /// See [`Fault::Conflict`].
    pub conflict: u16,
    /// See [`Fault::UnreachableBefore`].
    pub unreachable_before: u16,
    /// See [`Fault::UnreachableAfter`].
    pub unreachable_after: u16,
    /// See [`Fault::Busy`].
    pub busy: u16,
}

/// See [`crate::EventStore::faulty`].
#[derive(Debug)]
pub struct Faulty {
    pub(super) inner: Box<EventStore>,
    faults: Faults,
    calls: AtomicU64,
    /// Reads of streams until one fails; 0 if none is to fail.
    reads_until_failure: AtomicU64,
    outage: Mutex<Option<Outage>>,
    /// Whether appends wait.
    held: watch::Sender<bool>,
}

impl Faulty {
    pub(super) fn new(inner: EventStore, faults: Faults) -> Self {
        Self {
            inner: Box::new(inner),
            faults,
            calls: AtomicU64::new(0),
            reads_until_failure: AtomicU64::new(0),
            outage: Mutex::new(None),
            held: watch::Sender::new(false),
        }
    }

    /// Appends wait from now on, as for a slow disk, until this is set to `false`. Reads do not.
    pub fn hold_appends(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// From now on, all calls fail in this way; `None` ends the outage.
    pub fn set_outage(&self, outage: Option<Outage>) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = outage;
    }

    /// The `number`th read of streams from now, counted from 1, does not reach the engine. Those
    /// before and after it do.
    pub fn fail_read(&self, number: u64) {
        self.reads_until_failure.store(number, Ordering::Relaxed);
    }

    fn outage(&self) -> Option<Outage> {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store to read from, or the error of the outage.
    pub(super) fn reads(&self) -> Result<&EventStore, ReadError> {
        let cause = || Cause::new("injected outage");
        match self.outage() {
            None | Some(Outage::Full) => Ok(&self.inner),
            Some(Outage::Unreachable) => Err(ReadError::Unreachable(cause())),
            Some(Outage::Refused) => Err(ReadError::Refused(cause())),
            Some(Outage::Corrupt) => Err(ReadError::Corrupt { position: None, cause: cause() }),
        }
    }

    /// The store to read streams from, or the error of the outage or of [`Faulty::fail_read`].
    fn reads_of_streams(&self) -> Result<&EventStore, ReadError> {
        let before = self.reads_until_failure.load(Ordering::Relaxed);
        self.reads_until_failure.store(before.saturating_sub(1), Ordering::Relaxed);
        if before == 1 {
            return Err(ReadError::unreachable("injected fault"));
        }
        self.reads()
    }

    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<Recorded>, ReadError> {
        self.reads_of_streams()?.read(stream, Some(after)).await
    }

    /// The events of the first stream alone, as an engine may return if the streams are long: the
    /// caller has to read the others after it.
    pub(super) async fn read_together(
        &self,
        streams: &[StreamName],
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let first = streams.get(..1).unwrap_or_default();
        self.reads_of_streams()?.read_together(first).await
    }

    /// The store to append to, or the reason of the outage.
    pub(super) fn writes(&self) -> Result<&EventStore, Unwritable> {
        let cause = || Cause::new("injected outage");
        match self.outage() {
            None | Some(Outage::Corrupt) => Ok(&self.inner),
            Some(Outage::Unreachable) => Err(Unwritable::Silent(cause())),
            Some(Outage::Refused) => Err(Unwritable::Refused(cause())),
            Some(Outage::Full) => Err(Unwritable::Full(cause())),
        }
    }

    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let gone = || AppendError::Unreachable(Cause::new("injected fault"));
        // The sender is in `self`, so that waiting cannot fail.
        drop(self.held.subscribe().wait_for(|held| !held).await);
        let inner = self.writes()?;
        match self.next() {
            None => inner.append(stream, expected, events).await,
            // The version that a competing writer would have created is unknown: report another
            // one.
            Some(Fault::Conflict) => Err(AppendError::Conflict { actual: None }),
            Some(Fault::UnreachableBefore) => Err(gone()),
            Some(Fault::UnreachableAfter) => {
                inner.append(stream, expected, events).await?;
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
            (self.faults.unreachable_before, Fault::UnreachableBefore),
            (self.faults.unreachable_after, Fault::UnreachableAfter),
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
