use std::time::Duration;

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
async fn after_a_week_without_an_event_a_clock_that_was_set_is_believed_where_a_start_goes_on() {
    let (week, year) = (8 * 86_400, 366 * 86_400);
    for (due, later, believed) in
        [(Some(0), week, true), (Some(1), week, false), (None, week, false), (Some(0), year, false)]
    {
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
    let compare = |before: Reading, store: Reading, after: Reading| {
        guard.compared(Comparison { before, store: store.wall, after });
    };
    let ahead = |reading: Reading| guard.believe(reading).map(|ahead| ahead.as_secs());
    compare(after(10, 10), after(10, 10), after(10, 610));
    assert_eq!(ahead(after(11, 611)), Some(600), "it agreed before it was set");
    compare(after(12, 612), after(12, 12), after(12, 612));
    assert_eq!(ahead(after(13, 613)), Some(600), "it does not agree");
    compare(after(14, 614), after(14, 614), after(14, 614));
    assert_eq!(ahead(after(15, 615)), None, "both were set");
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
    for (n, meta) in
        ["{\"at\":\"2026-11-20T02:00:00Z\"}", "{}", "{\"taken_by\":\"x\"}"].into_iter().enumerate()
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
    let (one, two) = (TimeSource::System.reading().unwrap(), TimeSource::System.reading().unwrap());
    assert!(one.up > Duration::ZERO && two.up >= one.up);
    assert_eq!(TimeSource::manual(START.wall).reading(), None);
}
