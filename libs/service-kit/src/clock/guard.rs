//! Whether what the clock says may be recorded. A log whose times go backwards cannot be reckoned with, and one whose times run
//! ahead cannot be put right: events are never taken back. So nothing is recorded and nothing is enforced while the clock is
//! known to be wrong.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use events::{EventStore, Position, ReadError, Recorded};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Clock;
use super::gap::{Counts, Gap};
use crate::limits::{
    CLOCK_BACK_MAX, CLOCK_JUMP_MAX, CLOCK_OFF_MAX, CLOCK_STEADY_FOR, NEWEST_LOOKED_AT,
};

/// Why nothing may be recorded now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockWrong {
    /// It is before the newest event of the log.
    #[error(
        "the clock is {} ms behind the newest recorded event; nothing is recorded until it is set right", .0.as_millis()
    )]
    Behind(SignedDuration),
    /// It was set while the process ran, by this much.
    #[error(
        "the machine's clock was set by {} ms while the process ran; set it right, or restart or wait ten minutes if it is",
        .0.as_millis()
    )]
    Jumped(SignedDuration),
    /// It is this much ahead of that of the store's machine.
    #[error("the clock is {} ms away from that of the event store's machine; set both right", .0.as_millis())]
    Off(SignedDuration),
}

impl ClockWrong {
    /// By how much; positive if it is ahead, or was set forward.
    #[must_use]
    pub fn by(self) -> SignedDuration {
        match self {
            Self::Behind(behind) => -behind,
            Self::Jumped(by) | Self::Off(by) => by,
        }
    }
}

/// What the machine's two clocks say in one moment. The one that counts since the machine was started goes on while the machine
/// is suspended, and nobody can set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The time of day.
    pub wall: Timestamp,
    /// How long the machine has been up, suspended or not.
    pub up: Duration,
}

impl Reading {
    /// How far the time of day was set between `before` and this one.
    fn set_since(self, before: Self) -> SignedDuration {
        let passed = SignedDuration::try_from(self.up.saturating_sub(before.up));
        let passed = passed.unwrap_or(SignedDuration::MAX);
        self.wall.duration_since(before.wall).saturating_sub(passed)
    }
}

/// Looks at the clock before anything is recorded.
#[derive(Debug)]
pub struct ClockGuard {
    clock: Clock,
    /// When the newest event at the end of the log was recorded, as far as it is known here, in nanoseconds since 1970.
    newest: AtomicI64,
    /// The highest position that is known here.
    head: AtomicU64,
    /// The last reading that was believed. A time service that slews moves it along; a clock that is set leaves it behind.
    believed: Mutex<Option<Reading>>,
    /// The first reading after the clock was set, since when it has gone on steadily.
    steady: Mutex<Option<Reading>>,
    /// How far the clock is ahead of that of the store's machine, in milliseconds.
    off: AtomicI64,
    refused: AtomicU64,
    wrong: AtomicBool,
    /// Whether nothing is enforced until it is known what fell due while nobody served.
    held: AtomicBool,
    /// Who knows what falls due.
    due: Counts,
}

impl ClockGuard {
    /// Of a clock that records into `store`.
    pub async fn open(clock: Clock, store: &EventStore) -> Result<Self, ReadError> {
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

    /// From now on keepers take note of what is due and enforce none of it: the log ended long ago, or the clock is wrong.
    pub fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
    }

    /// What is due is enforced again.
    pub fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
    }

    /// From now on it is known what fell due: `count` says how much of it did after one instant and by another, in all services.
    pub fn counts_due(
        &self,
        count: impl Fn(Timestamp, Timestamp) -> usize + Send + Sync + 'static,
    ) {
        self.due.by(Box::new(count));
    }

    /// Whether what is due is only taken note of.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// When the newest event at the end of the log was recorded, as far as it is known here.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let newest = self.newest.load(Ordering::Relaxed);
        (newest > i64::MIN).then(|| Timestamp::from_nanosecond(i128::from(newest)).ok()).flatten()
    }

    /// Takes note of an event that was appended now.
    pub fn appended(&self, at: Timestamp, position: Position) {
        self.head.fetch_max(position.0, Ordering::Relaxed);
        self.recorded(at);
    }

    /// Takes note of the newest of some events that were read. One that does not stand at the end of the log says nothing of
    /// now: it may have been recorded long ago, by a clock that was ahead.
    pub fn followed(&self, newest: Option<&Recorded>) {
        let Some(event) = newest else { return };
        let head = self.head.fetch_max(event.position.0, Ordering::Relaxed);
        let at_end = head.saturating_sub(event.position.0) < NEWEST_LOOKED_AT as u64;
        if let Some(at) = at_of(event).filter(|_| at_end) {
            self.recorded(at);
        }
    }

    /// Refuses what would follow in its stream on an event that was recorded by a clock that was ahead: it would get that time
    /// too, and nothing else could be recorded until then.
    pub fn may_follow(&self, now: Timestamp, last: Timestamp) -> Result<Timestamp, ClockWrong> {
        following(now, Some(last)).inspect_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn recorded(&self, at: Timestamp) {
        self.newest.fetch_max(nanoseconds(at), Ordering::Relaxed);
    }

    /// Now, if that may be recorded.
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

    /// What is wrong with the clock, if something is; nobody is refused by that.
    #[must_use]
    pub fn wrong(&self) -> Option<ClockWrong> {
        self.look().1
    }

    /// How often something was not recorded because the clock was wrong.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How far the clock is ahead of that of the store's machine, when it was last compared.
    #[must_use]
    pub fn off(&self) -> SignedDuration {
        SignedDuration::from_millis(self.off.load(Ordering::Relaxed))
    }

    /// Compares the clock with that of the store's machine. Where that is another machine and both agree, a clock that was set
    /// was set right: a virtual machine that was stopped and goes on knows no better.
    pub async fn compare(&self, store: &EventStore) -> Result<(), ReadError> {
        let before = self.clock.reading();
        let off = self.clock.off(store).await?;
        let after = self.clock.reading();
        let ms = i64::try_from(off.as_millis()).unwrap_or(i64::MAX);
        self.off.store(ms, Ordering::Relaxed);
        if let (Some(before), Some(after)) = (before, after)
            && self.believe(after).is_some()
            && store.time().await?.is_some()
        {
            self.agreed(before, after, off);
        }
        Ok(())
    }

    /// Believes a clock that was set, and was `off` from the store's between two readings. If it was set between them, the
    /// comparison does not apply to the clock as it is now.
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

    /// How far the clock was set since the last reading that was believed, if that is too far; believes it otherwise, or if it
    /// has gone on steadily since and a start would believe it too.
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

    /// Whether a start would go on with the log at `now` without asking.
    fn would_start(&self, now: Timestamp) -> bool {
        self.newest().is_none_or(|newest| {
            let due = || self.due.between(newest, now);
            now >= newest && Gap::between(newest, now).goes_on(due)
        })
    }

    /// How far `now` is behind the newest event, if that is too far.
    fn behind(&self, now: Timestamp) -> Option<SignedDuration> {
        let behind = self.newest.load(Ordering::Relaxed).saturating_sub(nanoseconds(now));
        let behind = SignedDuration::from_nanos(behind);
        (behind > CLOCK_BACK_MAX).then_some(behind)
    }

    fn believed(&self) -> std::sync::MutexGuard<'_, Option<Reading>> {
        self.believed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of an event that follows in its stream on one of `last`: now, or `last` where the clock of the process that recorded it
/// is a little ahead, so that times in a stream never go backwards. An error if it is ahead by more than [`CLOCK_BACK_MAX`].
pub fn following(now: Timestamp, last: Option<Timestamp>) -> Result<Timestamp, ClockWrong> {
    let Some(last) = last else { return Ok(now) };
    let ahead = last.duration_since(now);
    if ahead > CLOCK_BACK_MAX { Err(ClockWrong::Behind(ahead)) } else { Ok(last.max(now)) }
}

/// When the newest event of a log was recorded: the latest of the last ones, of which some carry no time.
pub async fn newest_recorded(store: &EventStore) -> Result<Option<Timestamp>, ReadError> {
    let last = store.read_back(store.head(), NEWEST_LOOKED_AT).await?;
    Ok(last.iter().filter_map(at_of).max())
}

/// When an event was recorded, if it says so: one that takes a number does not.
pub(crate) fn at_of(event: &Recorded) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct When {
        at: Timestamp,
    }
    serde_json::from_str::<When>(&event.meta).ok().map(|when| when.at)
}

/// Nanoseconds since 1970, which fit from the year 1678 to 2262.
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

    async fn guard(clock: &Clock) -> ClockGuard {
        ClockGuard::open(clock.clone(), &EventStore::memory()).await.unwrap()
    }

    #[tokio::test]
    async fn a_clock_that_is_set_is_not_believed_until_it_is_set_back() {
        let guard = guard(&Clock::manual(START.wall)).await;
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
        let guard = guard(&Clock::manual(START.wall)).await;
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
            let guard = guard(&Clock::manual(START.wall)).await;
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
        let guard = ClockGuard::open(Clock::manual(START.wall), &store).await.unwrap();
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
        let guard = guard(&Clock::manual(START.wall)).await;
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
        let guard = guard(&Clock::manual(START.wall)).await;
        assert_eq!(guard.believe(START), None);
        assert_eq!(guard.believe(after(86_400, 86_401)), None);
    }

    #[tokio::test]
    async fn what_is_more_than_five_seconds_older_than_the_newest_event_is_not_recorded() {
        let clock = Clock::manual(START.wall);
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
        let clock = Clock::manual("2026-11-20T01:00:00Z".parse().unwrap());
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
        let (one, two) = (Clock::System.reading().unwrap(), Clock::System.reading().unwrap());
        assert!(one.up > Duration::ZERO && two.up >= one.up);
        assert_eq!(Clock::manual(START.wall).reading(), None);
    }
}
