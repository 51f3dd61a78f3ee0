//! Decides whether the clock's time may be recorded. Times that go backwards make deadlines
//! uncomputable; times in the future cannot be corrected, because events are never removed. So
//! nothing is recorded or enforced while the clock is known to be wrong (ADR 12).

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use events::{EventStore, Position, ReadError, Recorded};
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use platform::clock::Reading;
use serde::Deserialize;

use super::gap::{Counts, Gap};
use crate::limits::{
    CLOCK_BACK_MAX, CLOCK_JUMP_MAX, CLOCK_OFF_MAX, CLOCK_STEADY_FOR, NEWEST_LOOKED_AT,
};

/// Why nothing may be recorded now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockWrong {
    /// The clock is before the newest event of the log.
    #[error(
        "the clock is {} ms behind the newest recorded event; nothing is recorded until it is set right", .0.as_millis()
    )]
    Behind(SignedDuration),
    /// The clock was set by this much while the process ran.
    #[error(
        "the machine's clock was set by {} ms while the process ran; set it right, or restart or wait ten minutes if it is",
        .0.as_millis()
    )]
    Jumped(SignedDuration),
    /// The clock is this much ahead of that of the store's machine.
    #[error("the clock is {} ms away from that of the event store's machine; set both right", .0.as_millis())]
    Off(SignedDuration),
}

impl ClockWrong {
    /// By how much; positive if the clock is ahead or was set forward.
    #[must_use]
    pub fn by(self) -> SignedDuration {
        match self {
            Self::Behind(behind) => -behind,
            Self::Jumped(by) | Self::Off(by) => by,
        }
    }
}

/// How far a clock is ahead of that of the store's machine; 0 if they are the same or the
/// clock is virtual. The round trip is compensated.
pub async fn off(clock: &TimeSource, store: &EventStore) -> Result<SignedDuration, ReadError> {
    Ok(Comparison::make(clock, store).await?.map_or(SignedDuration::ZERO, Comparison::ahead))
}

/// The time of the store's machine, and readings of the clock before and after it was asked for.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    before: Reading,
    store: Timestamp,
    after: Reading,
}

impl Comparison {
    /// `None` if the clock is virtual or the store's machine is this one.
    async fn make(clock: &TimeSource, store: &EventStore) -> Result<Option<Self>, ReadError> {
        let Some(before) = clock.reading() else { return Ok(None) };
        let Some(time) = store.time().await? else { return Ok(None) };
        let Some(after) = clock.reading() else { return Ok(None) };
        let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::ZERO);
        let store = Timestamp::UNIX_EPOCH.checked_add(time).unwrap_or(before.wall);
        Ok(Some(Self { before, store, after }))
    }

    fn ahead(self) -> SignedDuration {
        self.before.wall.duration_since(self.store).max(SignedDuration::ZERO)
            + self.after.wall.duration_since(self.store).min(SignedDuration::ZERO)
    }

    /// Whether both clocks agree, and did so before and after. Says nothing if the clock was set
    /// in between.
    fn agrees(self) -> bool {
        self.after.set_since(self.before).abs() <= CLOCK_JUMP_MAX
            && self.ahead().abs() <= CLOCK_OFF_MAX
    }
}

/// Checks the clock before anything is recorded.
#[derive(Debug)]
pub struct ClockGuard {
    clock: TimeSource,
    /// Recording time of the newest known event at the head, in nanoseconds since 1970.
    newest: AtomicI64,
    head: AtomicU64,
    /// The last accepted reading. It follows a clock that is slewed, but not one that is set.
    believed: Mutex<Option<Reading>>,
    /// The first reading after the clock was set, if it has run steadily since.
    steady: Mutex<Option<Reading>>,
    /// How far the clock is ahead of that of the store's machine, in milliseconds.
    off: AtomicI64,
    refused: AtomicU64,
    wrong: AtomicBool,
    /// Whether enforcement waits for an operator's confirmation.
    held: AtomicBool,
    /// Counts what falls due.
    due: Counts,
}

impl ClockGuard {
    /// A guard of the clock for a `store`.
    pub async fn open(clock: TimeSource, store: &EventStore) -> Result<Self, ReadError> {
        let guard = Self {
            believed: Mutex::new(clock.reading()),
            steady: Mutex::default(),
            head: AtomicU64::new(store.head().0),
            clock,
            newest: AtomicI64::new(i64::MIN),
            off: AtomicI64::new(0),
            refused: AtomicU64::new(0),
            wrong: AtomicBool::new(false),
            held: AtomicBool::new(false),
            due: Counts::default(),
        };
        if let Some(newest) = newest_recorded(store).await? {
            guard.recorded(newest);
        }
        Ok(guard)
    }

    /// Suspends enforcement: keepers only index what is due. Used if the newest event is old or the
    /// clock is wrong.
    pub fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
    }

    /// Resumes enforcement.
    pub fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
    }

    /// Sets the function that counts the obligations of all services that fell due after one
    /// instant and by another.
    pub fn counts_due(
        &self,
        count: impl Fn(Timestamp, Timestamp) -> usize + Send + Sync + 'static,
    ) {
        self.due.by(Box::new(count));
    }

    /// Whether enforcement is suspended.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Recording time of the newest known event at the head.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let newest = self.newest.load(Ordering::Relaxed);
        (newest > i64::MIN).then(|| Timestamp::from_nanosecond(i128::from(newest)).ok()).flatten()
    }

    /// Notes an event that was appended now.
    pub fn appended(&self, at: Timestamp, position: Position) {
        self.head.fetch_max(position.0, Ordering::Relaxed);
        self.recorded(at);
    }

    /// Notes the newest of some events that were read. Ignored if it is not at the head: it may
    /// have been recorded long ago by a clock that was ahead.
    pub fn followed(&self, newest: Option<&Recorded>) {
        let Some(event) = newest else { return };
        let head = self.head.fetch_max(event.position.0, Ordering::Relaxed);
        let at_end = head.saturating_sub(event.position.0) < NEWEST_LOOKED_AT as u64;
        if let Some(at) = at_of(event).filter(|_| at_end) {
            self.recorded(at);
        }
    }

    /// Refuses an event that would follow, in its stream, one recorded by a clock that was ahead:
    /// it would have to take that later time, and nothing else could be recorded until then.
    pub fn may_follow(&self, now: Timestamp, last: Timestamp) -> Result<Timestamp, ClockWrong> {
        following(now, Some(last)).inspect_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn recorded(&self, at: Timestamp) {
        self.newest.fetch_max(nanoseconds(at), Ordering::Relaxed);
    }

    /// The present time, if it may be recorded.
    pub fn now(&self) -> Result<Timestamp, ClockWrong> {
        let (now, found) = self.look();
        let Some(wrong) = found else {
            if self.wrong.swap(false, Ordering::Relaxed) {
                tracing::info!(%now, "clock correct again; recording resumes");
            }
            return Ok(now);
        };
        self.refused.fetch_add(1, Ordering::Relaxed);
        if !self.wrong.swap(true, Ordering::Relaxed) {
            tracing::error!(%now, %wrong, "clock wrong; refusing steps");
        }
        Err(wrong)
    }

    /// What is wrong with the clock, if anything; not counted as a refusal.
    #[must_use]
    pub fn wrong(&self) -> Option<ClockWrong> {
        self.look().1
    }

    /// Number of refusals because of a wrong clock.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How far the clock was ahead of that of the store's machine at the last comparison.
    #[must_use]
    pub fn off(&self) -> SignedDuration {
        SignedDuration::from_millis(self.off.load(Ordering::Relaxed))
    }

    /// Compares the clock with that of the store's machine. If that is another machine and both
    /// agree, a change of the clock is accepted: a virtual machine that was paused, for example,
    /// has its clock set when it resumes.
    pub async fn compare(&self, store: &EventStore) -> Result<(), ReadError> {
        let made = Comparison::make(&self.clock, store).await?;
        let ahead = made.map_or(SignedDuration::ZERO, Comparison::ahead);
        let ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
        self.off.store(ms, Ordering::Relaxed);
        if let Some(made) = made {
            self.compared(made);
        }
        Ok(())
    }

    /// Accepts a clock that was set if it agrees with the store's.
    fn compared(&self, made: Comparison) {
        if self.believe(made.after).is_some() && made.agrees() {
            tracing::warn!("clock jumped and agrees with the event store's; accepting it");
            *self.believed() = Some(made.after);
        }
    }

    fn look(&self) -> (Timestamp, Option<ClockWrong>) {
        let reading = self.clock.reading();
        let now = reading.map_or_else(|| self.clock.now(), |reading| reading.wall);
        let jumped = reading.and_then(|reading| self.believe(reading)).map(ClockWrong::Jumped);
        let off = Some(self.off()).filter(|off| off.abs() > CLOCK_OFF_MAX);
        let wrong = jumped.or_else(|| off.map(ClockWrong::Off));
        (now, wrong.or_else(|| self.behind(now).map(ClockWrong::Behind)))
    }

    /// By how much the clock was set since the last accepted reading, if that is too much.
    /// Otherwise accepts it, also if it has run steadily since and a start at this time would need
    /// no confirmation.
    fn believe(&self, reading: Reading) -> Option<SignedDuration> {
        let mut believed = self.believed();
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        let set = reading.set_since(believed.unwrap_or(reading));
        if set.abs() > CLOCK_JUMP_MAX {
            let since = steady.filter(|since| reading.set_since(*since).abs() <= CLOCK_JUMP_MAX);
            let since = *steady.insert(since.unwrap_or(reading));
            let steady_for = reading.up.saturating_sub(since.up);
            if steady_for < CLOCK_STEADY_FOR || !self.would_start(reading.wall) {
                return Some(set);
            }
            let by_ms = set.as_millis();
            tracing::warn!(by_ms, "clock jumped and was steady since; accepting it");
        }
        (*believed, *steady) = (Some(reading), None);
        None
    }

    /// Whether a start at `now` would need no confirmation.
    fn would_start(&self, now: Timestamp) -> bool {
        self.newest().is_none_or(|newest| {
            let due = || self.due.between(newest, now);
            now >= newest && Gap::between(newest, now).goes_on(due)
        })
    }

    /// How far `now` is before the newest event, if that is too far.
    fn behind(&self, now: Timestamp) -> Option<SignedDuration> {
        let behind = self.newest.load(Ordering::Relaxed).saturating_sub(nanoseconds(now));
        let behind = SignedDuration::from_nanos(behind);
        (behind > CLOCK_BACK_MAX).then_some(behind)
    }

    fn believed(&self) -> std::sync::MutexGuard<'_, Option<Reading>> {
        self.believed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of an event that follows one of `last` in its stream: now, or `last` if the clock that
/// recorded it is slightly ahead, so that times in a stream never go backwards. An error if it is
/// ahead by more than [`CLOCK_BACK_MAX`].
pub fn following(now: Timestamp, last: Option<Timestamp>) -> Result<Timestamp, ClockWrong> {
    let Some(last) = last else { return Ok(now) };
    let ahead = last.duration_since(now);
    if ahead > CLOCK_BACK_MAX { Err(ClockWrong::Behind(ahead)) } else { Ok(last.max(now)) }
}

/// Recording time of the newest event: the latest of the last few, because some have none.
pub async fn newest_recorded(store: &EventStore) -> Result<Option<Timestamp>, ReadError> {
    let last = store.read_back(store.head(), NEWEST_LOOKED_AT).await?;
    Ok(last.iter().filter_map(at_of).max())
}

/// When an event was recorded; `None` for one that reserves a number.
pub(crate) fn at_of(event: &Recorded) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct When {
        at: Timestamp,
    }
    serde_json::from_str::<When>(&event.meta).ok().map(|when| when.at)
}

/// Nanoseconds since 1970; valid from the year 1678 to 2262, saturating outside.
fn nanoseconds(at: Timestamp) -> i64 {
    let beyond = if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(at.as_nanosecond()).unwrap_or(beyond)
}

#[cfg(test)]
mod tests;
