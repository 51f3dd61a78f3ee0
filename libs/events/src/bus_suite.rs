//! One test per rule of the bus's contract (see [`crate::bus`]), for any adapter.
//!
//! [`bus_tests!`] turns the list into tests; each gets a fresh store and a bus on it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::bus::{Bus, Feed};
use crate::{EventStore, Expected, Filter, NewEvent, Position, Recorded, StreamName};

/// Sources of the suite's events.
pub const SOURCES: &[&str] = &["front", "back"];
/// The followers of the suite.
pub const FOLLOWERS: &[&str] = &["one", "two"];
/// Timeout of every wait in the suite.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Declares the suite for one adapter: `bus_tests!(name, expression)`, where the expression returns
/// a fresh [`Office`] and whatever must live as long as it.
#[macro_export]
macro_rules! bus_tests {
    (@each $adapter:ident, $fresh:expr; $($sentence:ident,)+) => {
        mod $adapter {
            #[allow(unused_imports, clippy::allow_attributes, reason = "what `fresh` needs")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $sentence() {
                    let (office, _keep) = $fresh;
                    $crate::bus_suite::$sentence(office).await;
                }
            )+
        }
    };
    ($adapter:ident, $fresh:expr) => {
        $crate::bus_tests! { @each $adapter, $fresh;
            what_passes_comes_byte_for_byte,
            it_comes_in_commit_order_and_once,
            what_was_recorded_while_nobody_followed_comes,
            what_was_not_handled_comes_again,
            followers_are_independent,
            a_waiter_is_woken,
            two_relays_do_no_harm,
            nothing_is_left_out_with_many_writers,
        }
    };
}

/// A store with its bus, and relays if the bus has them.
#[derive(Debug)]
pub struct Office {
    pub store: Arc<EventStore>,
    pub bus: Bus,
    relays: JoinSet<()>,
}

impl Office {
    /// With a relay for each source.
    #[must_use]
    pub fn new(store: Arc<EventStore>, bus: Bus) -> Self {
        let mut office = Self { store, bus, relays: JoinSet::new() };
        office.relay();
        office
    }

    /// Starts another relay for each source.
    pub fn relay(&mut self) {
        #[cfg(feature = "nats")]
        if let Bus::Nats(nats) = &self.bus {
            for source in SOURCES {
                let mut relay = nats.relay(source);
                self.relays.spawn(async move {
                    loop {
                        let through = match relay.step().await {
                            Ok(crate::bus::nats::Relayed::More) => continue,
                            Ok(crate::bus::nats::Relayed::Idle(through)) => through,
                            Err(_) => Position(u64::MAX),
                        };
                        relay.wait_past(through).await;
                    }
                });
            }
        }
    }

    /// Stops all relays.
    pub async fn stop_relays(&mut self) {
        self.relays.shutdown().await;
    }

    /// A follower of one source.
    #[must_use]
    pub fn follow(&self, name: &'static str, source: &str) -> Feed {
        self.bus.follow(name, Filter { kinds: vec![format!("{source}.").into()] })
    }

    /// Appends events `ids` of `source`, each to a stream of its own.
    pub async fn record(&self, source: &str, ids: std::ops::Range<u128>) -> Position {
        let mut position = Position::START;
        for id in ids {
            let stream = StreamName::new(&format!("{source}-{id}")).unwrap();
            let event = event(source, id);
            let appended = self.store.append(&stream, Expected::NoStream, vec![event]).await;
            position = appended.unwrap().position;
        }
        position
    }
}

/// Its text contains characters that are awkward in headers.
fn event(source: &str, id: u128) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: format!("{source}.Happened.v1").into(),
        data: format!("{{\"hồ sơ\":{id},\n\"₫\":\"100 %\"}}"),
        meta: format!("{{\"n\":\"{id} %0A\r\n\"}} "),
    }
}

/// Reads from `after` to `until` in pages of `limit`.
///
/// # Panics
///
/// After a timeout, or if a page covers less than the previous one.
pub async fn take(
    feed: &mut Feed,
    mut after: Position,
    until: Position,
    limit: usize,
) -> Vec<Arc<Recorded>> {
    let mut taken = Vec::new();
    let taking = async {
        while after < until {
            let page = feed.page(after, limit).await.unwrap();
            assert!(page.through >= after, "{:?} after {after:?}", page.through);
            for event in &page.events {
                assert!(event.position > after && event.position <= page.through);
            }
            taken.extend(page.events);
            if page.through == after {
                feed.wait_past(after).await;
            }
            after = page.through;
        }
    };
    tokio::time::timeout(PATIENCE, taking).await.expect("not everything came");
    taken
}

fn ids(events: &[Arc<Recorded>]) -> Vec<u128> {
    events.iter().map(|event| event.id.as_u128()).collect()
}

/// Rule 1.
pub async fn what_passes_comes_byte_for_byte(office: Office) {
    let mut feed = office.follow("one", "front");
    office.record("back", 1..3).await;
    office.record("front", 3..6).await;
    let until = office.record("back", 6..7).await;
    let taken = take(&mut feed, Position::START, until, 100).await;
    let held = Filter { kinds: vec!["front.".into()] };
    let held = office.store.read_all(Position::START, &held, 100).await.unwrap();
    assert_eq!((taken.len(), taken), (3, held.events));
}

/// Rule 2.
pub async fn it_comes_in_commit_order_and_once(office: Office) {
    let both = Filter { kinds: vec!["front.".into(), "back.Happened".into()] };
    let mut feed = office.bus.follow("one", both);
    let (mut until, mut after, mut taken) = (Position::START, Position::START, Vec::new());
    for round in 0..20_u128 {
        let n = 1 + round * 10;
        office.record("front", n..n + 4).await;
        until = office.record("back", n + 4..n + 10).await;
        let part = take(&mut feed, after, until, 3).await;
        taken.extend(part);
        feed.handled(until).await;
        after = until;
    }
    assert_eq!(ids(&taken), (1..=200).collect::<Vec<_>>());
    assert!(taken.is_sorted_by(|a, b| a.position < b.position));
    let more = feed.page(until, 10).await.unwrap();
    assert!(more.events.is_empty(), "{more:?}");
}

/// Rule 3.
pub async fn what_was_recorded_while_nobody_followed_comes(office: Office) {
    let before = office.record("front", 1..20).await;
    let mut feed = office.follow("one", "front");
    assert_eq!(take(&mut feed, Position::START, before, 100).await.len(), 19);
    feed.handled(before).await;
    drop(feed);
    let meanwhile = office.record("front", 20..40).await;
    let mut feed = office.follow("one", "front");
    let taken = take(&mut feed, before, meanwhile, 100).await;
    assert_eq!(ids(&taken), (20..40).collect::<Vec<_>>());
}

/// Rule 4.
pub async fn what_was_not_handled_comes_again(office: Office) {
    let mut feed = office.follow("one", "front");
    let half = office.record("front", 1..6).await;
    let until = office.record("front", 6..11).await;
    assert_eq!(take(&mut feed, Position::START, until, 100).await.len(), 10);
    feed.handled(half).await;
    drop(feed);
    let mut feed = office.follow("one", "front");
    let again = take(&mut feed, half, until, 100).await;
    assert_eq!(ids(&again), (6..11).collect::<Vec<_>>());
    // A follower may request a page again that it could not handle, and continues after it.
    let (handed, further) =
        (take(&mut feed, half, until, 3).await, office.record("front", 11..13).await);
    assert_eq!(ids(&handed), (6..11).collect::<Vec<_>>());
    assert_eq!(ids(&take(&mut feed, until, further, 100).await), [11, 12]);
    // A follower that starts earlier gets older events as well.
    let mut feed = office.follow("one", "front");
    assert_eq!(take(&mut feed, Position::START, further, 100).await.len(), 12);
}

/// Rule 5.
pub async fn followers_are_independent(office: Office) {
    let until = office.record("front", 1..11).await;
    let (mut one, mut two) = (office.follow("one", "front"), office.follow("two", "front"));
    assert_eq!(take(&mut one, Position::START, until, 100).await.len(), 10);
    one.handled(until).await;
    assert_eq!(take(&mut two, Position::START, until, 100).await.len(), 10);
}

/// Rule 6.
pub async fn a_waiter_is_woken(office: Office) {
    let mut feed = office.follow("one", "front");
    let until = office.record("front", 1..2).await;
    take(&mut feed, Position::START, until, 100).await;
    let waiting = async {
        feed.wait_past(until).await;
        office.store.head()
    };
    let recording = office.record("front", 2..3);
    let (woken, recorded) =
        tokio::time::timeout(PATIENCE, async { tokio::join!(waiting, recording) })
            .await
            .expect("nobody was woken");
    assert!(woken >= recorded, "woken at {woken:?}, recorded at {recorded:?}");
}

/// Rule 7.
pub async fn two_relays_do_no_harm(mut office: Office) {
    office.relay();
    let mut feed = office.follow("one", "front");
    let (mut after, mut taken) = (Position::START, Vec::new());
    for round in 0..10_u128 {
        let until = office.record("front", round * 30 + 1..round * 30 + 31).await;
        taken.extend(take(&mut feed, after, until, 100).await);
        after = until;
    }
    assert_eq!(ids(&taken), (1..=300).collect::<Vec<_>>());
}

/// Rule 8.
pub async fn nothing_is_left_out_with_many_writers(office: Office) {
    let office = Arc::new(office);
    let mut writers = JoinSet::new();
    for writer in 0..8_u128 {
        let office = Arc::clone(&office);
        writers.spawn(async move {
            let source = if writer % 2 == 0 { "front" } else { "back" };
            office.record(source, writer * 100 + 1..writer * 100 + 51).await
        });
    }
    let both = Filter { kinds: vec!["front.".into(), "back.".into()] };
    let mut feed = office.bus.follow("one", both);
    let until = writers.join_all().await.into_iter().max().unwrap();
    let mut taken = ids(&take(&mut feed, Position::START, until, 7).await);
    assert_eq!(taken.len(), 400);
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 400);
}
