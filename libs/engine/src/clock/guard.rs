//! Decides whether the clock's time may be recorded. Times that go backwards make deadlines
//! uncomputable; times in the future cannot be corrected, because events are never removed. So
//! nothing is recorded or enforced while the clock is known to be wrong (ADR 12).

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
    let before = clock.now();
    let (TimeSource::System, Some(time)) = (clock, store.time().await?) else {
        return Ok(SignedDuration::ZERO);
    };
    let after = clock.now();
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::ZERO);
    let time = Timestamp::UNIX_EPOCH.checked_add(time).unwrap_or(before);
    Ok(before.duration_since(time).max(SignedDuration::ZERO)
        + after.duration_since(time).min(SignedDuration::ZERO))
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
        let before = self.clock.reading();
        let ahead = off(&self.clock, store).await?;
        let after = self.clock.reading();
        let ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
        self.off.store(ms, Ordering::Relaxed);
        if let (Some(before), Some(after)) = (before, after)
            && self.believe(after).is_some()
            && store.time().await?.is_some()
        {
            self.agreed(before, after, ahead);
        }
        Ok(())
    }

    /// Accepts a clock that was set if it was within `off` of the store's between two readings,
    /// unless it was set in between: then the comparison does not apply to the present clock.
    fn agreed(&self, before: Reading, after: Reading, off: SignedDuration) {
        let steady = after.set_since(before).abs() <= CLOCK_JUMP_MAX;
        if steady && off.abs() <= CLOCK_OFF_MAX {
            tracing::warn!("clock jumped and agrees with the event store's; accepting it");
            *self.believed() = Some(after);
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
mod tests {
    use events::{Expected, NewEvent, StreamName};
    use uuid::Uuid;

    use super::*;

    const START: Reading = Reading { wall: Timestamp::UNIX_EPOCH, up: Duration::from_secs(1_000) };

    fn after(up: u64, wall: i64) -> Reading {
        let wall = START.wall.checked_add(SignedDuration::from_secs(wall)).unwrap();
        Reading { wall, up: START.up + Duration::from_secs(up) }
    }

    async fn guard(clock: &TimeSource) -> ClockGuard {
        ClockGuard::open(clock.clone(), &EventStore::memory()).await.unwrap()
    }

    #[tokio::test]
    async fn a_clock_that_is_set_is_not_believed_until_it_is_set_back() {
        let guard = guard(&TimeSource::manual(START.wall)).await;
        let set = |up, wall| guard.believe(after(up, wall)).map(|set| set.as_secs());
        assert_eq!(set(0, 0), None);
        assert_eq!(set(60, 64), None, "slewed by a time service");
        assert_eq!(set(61, 65 - 2 * 86_400), Some(-2 * 86_400), "set back two days");
        assert_eq!(set(62, 66 + 86_400), Some(86_400), "forward a day");
        assert_eq!(set(3_661, 65), Some(-3_600), "it stands still");
        assert_eq!(set(3_662, 3_666), None, "set right");
    }

    #[tokio::test]
    async fn a_clock_that_was_set_is_believed_once_it_is_steady_and_a_start_would_believe_it() {
        let guard = guard(&TimeSource::manual(START.wall)).await;
        guard.recorded(after(0, 0).wall);
        let set = |up, wall| guard.believe(after(up, wall)).map(|set| set.as_secs());
        assert_eq!(set(0, 0), None);
        assert_eq!(set(10, 70), Some(60), "set forward a minute");
        assert_eq!(set(609, 669), Some(60));
        assert_eq!(set(610, 670), None, "steady for ten minutes");
        assert_eq!(set(620, 1_680), Some(1_000));
        assert_eq!(set(630, 1_790), Some(1_100), "and again");
        assert_eq!(set(1_229, 2_389), Some(1_100), "that counts anew");
        assert_eq!(set(1_230, 2_390), None);
        let week = 8 * 86_400;
        assert_eq!(set(1_240, week), Some(week - 2_400), "eight days after the newest event");
        assert_eq!(set(9_240, week + 8_000), Some(week - 2_400));
        assert_eq!(set(9_250, -5_000), Some(-15_410), "behind the newest event");
        assert_eq!(set(9_900, -4_350), Some(-15_410));
    }

    #[tokio::test]
    async fn after_a_week_without_an_event_a_clock_that_was_set_is_believed_where_a_start_goes_on()
    {
        let (week, year) = (8 * 86_400, 366 * 86_400);
        for (due, later, believed) in [
            (Some(0), week, true),
            (Some(1), week, false),
            (None, week, false),
            (Some(0), year, false),
        ] {
            let guard = guard(&TimeSource::manual(START.wall)).await;
            guard.recorded(after(0, 0).wall);
            if let Some(due) = due {
                guard.counts_due(move |newest, now| {
                    assert!(newest < now);
                    due
                });
            }
            let up = u64::try_from(later).unwrap();
            assert_eq!(guard.believe(after(up, later)), None, "nobody came for long");
            assert!(guard.believe(after(up + 10, later + 70)).is_some(), "set forward a minute");
            let steady = guard.believe(after(up + 610, later + 670));
            assert_eq!(steady.is_none(), believed, "{due:?} {later}");
        }
    }

    #[tokio::test]
    async fn an_event_that_was_dated_ahead_long_ago_stops_nothing() {
        let ahead = "{\"at\":\"2026-11-20T02:00:00Z\"}";
        let store = EventStore::memory();
        for n in 0..=(NEWEST_LOOKED_AT as u128) {
            let meta = if n == 0 { ahead } else { "{\"at\":\"1970-01-01T00:00:00Z\"}" };
            let event = NewEvent {
                id: Uuid::from_u128(n),
                kind: "test.Happened.v1".into(),
                data: "{}".to_owned(),
                meta: meta.to_owned(),
            };
            let stream = StreamName::new(&format!("test-{n}")).unwrap();
            store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
        }
        let guard = ClockGuard::open(TimeSource::manual(START.wall), &store).await.unwrap();
        let old = store.event_at(Position(1)).await.unwrap().unwrap();
        guard.followed(Some(&old));
        assert_eq!(guard.now(), Ok(START.wall));
        let last = at_of(&old).unwrap();
        assert!(guard.may_follow(START.wall, last).is_err(), "its own stream waits");
        let new = Recorded { position: store.head(), ..Recorded::clone(&old) };
        guard.followed(Some(&new));
        assert!(guard.now().is_err(), "at the end of the log it counts");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_while_it_is_compared_is_not_believed() {
        let guard = guard(&TimeSource::manual(START.wall)).await;
        assert_eq!(guard.believe(START), None);
        guard.agreed(after(10, 10), after(10, 610), SignedDuration::ZERO);
        let ahead = guard.believe(after(11, 611)).map(|ahead| ahead.as_secs());
        assert_eq!(ahead, Some(600), "it agreed before it was set");
        guard.agreed(after(12, 612), after(12, 612), SignedDuration::from_secs(600));
        assert!(guard.believe(after(13, 613)).is_some(), "it does not agree");
        guard.agreed(after(14, 614), after(14, 614), SignedDuration::ZERO);
        assert_eq!(guard.believe(after(15, 615)), None, "both were set");
    }

    #[tokio::test]
    async fn a_machine_that_was_suspended_goes_on() {
        let guard = guard(&TimeSource::manual(START.wall)).await;
        assert_eq!(guard.believe(START), None);
        assert_eq!(guard.believe(after(86_400, 86_401)), None);
    }

    #[tokio::test]
    async fn what_is_more_than_five_seconds_older_than_the_newest_event_is_not_recorded() {
        let clock = TimeSource::manual(START.wall);
        let guard = guard(&clock).await;
        let seconds = |s| START.wall.checked_add(SignedDuration::from_secs(s)).unwrap();
        guard.recorded(seconds(5));
        assert_eq!(guard.now(), Ok(START.wall), "others may be a little ahead");
        guard.recorded(seconds(6));
        assert_eq!(guard.now(), Err(ClockWrong::Behind(SignedDuration::from_secs(6))));
        assert_eq!(guard.refused(), 1);
        clock.advance_to(seconds(2));
        assert_eq!(guard.now(), Ok(seconds(2)));
    }

    #[tokio::test]
    async fn the_newest_time_is_found_behind_events_that_carry_none() {
        let store = EventStore::memory();
        for (n, meta) in ["{\"at\":\"2026-11-20T02:00:00Z\"}", "{}", "{\"taken_by\":\"x\"}"]
            .into_iter()
            .enumerate()
        {
            let event = NewEvent {
                id: Uuid::from_u128(n as u128),
                kind: "test.Happened.v1".into(),
                data: "{}".to_owned(),
                meta: meta.to_owned(),
            };
            let stream = StreamName::new(&format!("test-{n}")).unwrap();
            store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
        }
        let clock = TimeSource::manual("2026-11-20T01:00:00Z".parse().unwrap());
        let guard = ClockGuard::open(clock.clone(), &store).await.unwrap();
        assert!(matches!(guard.wrong(), Some(ClockWrong::Behind(_))), "{:?}", guard.wrong());
        clock.advance_to("2026-11-20T02:00:00Z".parse().unwrap());
        assert_eq!(guard.wrong(), None);
    }

    #[test]
    fn an_event_is_never_dated_before_the_one_that_it_follows() {
        let at = |s| START.wall.checked_add(SignedDuration::from_secs(s)).unwrap();
        assert_eq!(following(at(9), None), Ok(at(9)));
        assert_eq!(following(at(9), Some(at(3))), Ok(at(9)));
        assert_eq!(following(at(9), Some(at(14))), Ok(at(14)), "another clock is a little ahead");
        let ahead = ClockWrong::Behind(SignedDuration::from_secs(6));
        assert_eq!(following(at(9), Some(at(15))), Err(ahead));
    }

    #[test]
    fn a_machine_counts_how_long_it_has_been_up() {
        let (one, two) =
            (TimeSource::System.reading().unwrap(), TimeSource::System.reading().unwrap());
        assert!(one.up > Duration::ZERO && two.up >= one.up);
        assert_eq!(TimeSource::manual(START.wall).reading(), None);
    }
}
