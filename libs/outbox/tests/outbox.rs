//! Partners that work, are slow, or are dead, in virtual time, with crashes at every step.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use outbox::limits::RESPONSE_BYTES_MAX;
use outbox::{
    Added, Filter, Full, Lane, Permit, Policy, Request, State, Store, StoreError, TryResult,
    Verdict, after,
};
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    "2026-11-26T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn request(partner: &str, id: &str, work: &str) -> Request {
    let [id, partner, about, work] = [id, partner, "event", work].map(ToOwned::to_owned);
    Request { id, partner, about, work }
}

fn policy() -> Policy {
    Policy {
        first_wait: SignedDuration::from_secs(5),
        wait_max: SignedDuration::from_hours(1),
        retry_for: SignedDuration::from_hours(6),
        calls_per_minute: 60,
        in_flight_max: 4,
        failures_max: 5,
        open_for: SignedDuration::from_secs(30),
    }
}

fn answer(status: u16) -> TryResult {
    TryResult::Response { status, understood: true, retry_after: None }
}

#[test]
fn a_request_is_added_once_with_its_exact_text_and_found_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let one = request("a", "1", "{\"text\":\"\u{7f}\\n\"}");
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.add(&one, at(0)).unwrap(), Added::New);
    assert_eq!(store.add(&request("a", "1", "other"), at(1)).unwrap(), Added::Known);
    drop(store);
    let store = Store::open(&path).unwrap();
    let due = store.due("a", at(0), 10).unwrap();
    assert_eq!((due.len(), &due[0].request), (1, &one));
    assert_eq!(store.due("b", at(9), 10).unwrap(), []);
    assert_eq!(store.next_at("a").unwrap(), Some(at(0)));
    assert_eq!(store.next_at("b").unwrap(), None);
}

#[test]
fn a_try_that_a_crash_cut_off_is_seen_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let mut store = Store::open(&path).unwrap();
    store.add(&request("a", "1", "{}"), at(0)).unwrap();
    assert_eq!(store.begin("1", at(0), at(60)).unwrap(), Some(1));
    drop(store);
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.due("a", at(59), 10).unwrap(), [], "the try may still be on its way");
    assert_eq!(store.due("a", at(60), 10).unwrap().len(), 1);
    assert_eq!(store.begin("1", at(60), at(120)).unwrap(), Some(2));
    let long = vec![b'x'; 2 * RESPONSE_BYTES_MAX];
    store.end(("1", 2), "200", &long, (State::Done, at(61)), at(61)).unwrap();
    let tries = store.tries("1").unwrap();
    assert_eq!((tries[0].ended_at, tries[0].result.as_deref()), (None, None));
    assert_eq!(
        (tries[1].result.as_deref(), tries[1].response.len()),
        (Some("200"), RESPONSE_BYTES_MAX)
    );
    assert_eq!(store.begin("1", at(61), at(99)).unwrap(), None, "it has ended");
}

#[test]
fn the_end_of_an_older_try_decides_nothing_unless_it_is_done() {
    let mut store = Store::open(Path::new(":memory:")).unwrap();
    let state = |store: &Store| store.list(&Filter::default(), 1).unwrap()[0].state;
    for id in ["1", "2"] {
        store.add(&request("a", id, "{}"), at(0)).unwrap();
        assert_eq!(store.begin(id, at(0), at(60)).unwrap(), Some(1));
        assert_eq!(store.begin(id, at(60), at(120)).unwrap(), Some(2));
    }
    // The first try ends late, without success: the second is on its way.
    store.end(("1", 1), "500", b"", (State::GivenUp, at(61)), at(61)).unwrap();
    assert_eq!(state(&store), State::Waiting);
    store.end(("1", 1), "500", b"", (State::Waiting, at(70)), at(62)).unwrap();
    assert_eq!(store.due("a", at(119), 10).unwrap(), [], "not before the second has ended");
    assert_eq!(store.tries("1").unwrap()[0].result.as_deref(), Some("500"), "it is recorded");
    store.end(("1", 2), "500", b"", (State::GivenUp, at(80)), at(80)).unwrap();
    assert_eq!(state(&store), State::GivenUp);
    // A try that is done has reached the partner, whatever the others did.
    store.end(("1", 1), "200", b"", (State::Done, at(90)), at(90)).unwrap();
    assert_eq!(state(&store), State::Done);
    store.end(("1", 2), "500", b"", (State::GivenUp, at(91)), at(91)).unwrap();
    assert_eq!(state(&store), State::Done);
}

#[test]
fn requests_are_listed_cancelled_and_replayed() {
    let mut store = Store::open(Path::new(":memory:")).unwrap();
    for (partner, id) in [("a", "1"), ("b", "2"), ("a", "3")] {
        store.add(&request(partner, id, ""), at(0)).unwrap();
    }
    let ids = |store: &Store, filter: &Filter, max| -> Vec<String> {
        store.list(filter, max).unwrap().into_iter().map(|one| one.request.id).collect()
    };
    let of_a = Filter { partner: Some("a".to_owned()), ..Filter::default() };
    assert_eq!(ids(&store, &of_a, 10), ["1", "3"]);
    let first = store.list(&Filter::default(), 1).unwrap();
    let rest = Filter { after: first[0].place, ..Filter::default() };
    assert_eq!(ids(&store, &rest, 10), ["2", "3"]);

    let number = store.begin("1", at(0), at(60)).unwrap().unwrap();
    assert!(store.cancel("1", at(1)).unwrap() && !store.cancel("1", at(1)).unwrap());
    store.end(("1", number), "200", b"", (State::Waiting, at(5)), at(2)).unwrap();
    let cancelled = Filter { state: Some(State::Cancelled), ..Filter::default() };
    assert_eq!(ids(&store, &cancelled, 10), ["1"], "what is cancelled stays so");
    assert!(store.replay("1", at(100)).unwrap() && !store.replay("3", at(100)).unwrap());
    assert_eq!(store.due("a", at(100), 10).unwrap().len(), 2);
    assert!(!store.cancel("9", at(0)).unwrap());
}

#[test]
fn what_has_ended_is_removed_after_thirty_days_and_what_waits_never() {
    let mut store = Store::open(Path::new(":memory:")).unwrap();
    for id in ["1", "2"] {
        store.add(&request("a", id, ""), at(0)).unwrap();
    }
    let number = store.begin("1", at(0), at(1)).unwrap().unwrap();
    store.end(("1", number), "200", b"", (State::Done, at(1)), at(1)).unwrap();
    let month = 30 * 24 * 3_600;
    assert_eq!(store.prune(at(month)).unwrap(), 0);
    assert_eq!(store.prune(at(month + 2)).unwrap(), 1);
    assert_eq!(store.tries("1").unwrap(), []);
    assert_eq!(store.prune(at(12 * month)).unwrap(), 0);
    assert_eq!(store.list(&Filter::default(), 10).unwrap().len(), 1);
    let large = store.add(&request("a", "3", &"x".repeat(70_000)), at(0));
    assert!(matches!(large, Err(StoreError::Full(Full::Request))), "{large:?}");
}

/// How a partner behaves.
#[derive(Debug, Clone, Copy)]
enum Mood {
    Works,
    /// Nobody answers.
    Dead,
    /// Takes the request, and its answer is lost.
    Loses,
}

/// Sends in virtual time, one second after another. `mood` tells how a partner behaves in a second,
/// `crash` whether the process ends after a request was sent. Gives how often each id was taken, and
/// when it was done.
struct World {
    path: std::path::PathBuf,
    taken: BTreeMap<String, u32>,
    calls: BTreeMap<(String, i64), u32>,
    done: BTreeMap<String, i64>,
}

impl World {
    fn run(
        &mut self,
        partners: &[&str],
        seconds: std::ops::Range<i64>,
        mood: impl Fn(&str, i64) -> Mood,
        crash: impl Fn(i64) -> bool,
    ) {
        let mut store = Store::open(&self.path).unwrap();
        let fresh = || -> BTreeMap<String, Lane> {
            partners.iter().map(|one| ((*one).to_owned(), Lane::new(policy()))).collect()
        };
        let mut lanes = fresh();
        for second in seconds {
            if partners.iter().all(|one| store.next_at(one).unwrap().is_none()) {
                return;
            }
            for partner in partners {
                let lane = lanes.get_mut(*partner).unwrap();
                if lane.permit(at(second)) != Permit::Now {
                    continue;
                }
                let Some(entry) = store.due(partner, at(second), 1).unwrap().pop() else {
                    continue;
                };
                let id = entry.request.id;
                let number = store.begin(&id, at(second), at(second + 30)).unwrap().unwrap();
                lane.begin(at(second));
                *self.calls.entry(((*partner).to_owned(), second / 60)).or_default() += 1;
                let result = match mood(partner, second) {
                    Mood::Works => answer(200),
                    Mood::Dead | Mood::Loses => TryResult::NoResponse("timed out".to_owned()),
                };
                if !matches!(mood(partner, second), Mood::Dead) {
                    *self.taken.entry(id.clone()).or_default() += 1;
                }
                if crash(second) {
                    store = Store::open(&self.path).unwrap();
                    lanes = fresh();
                    break;
                }
                let tries = (number, entry.added_at);
                let follows = match after(&policy(), &result, tries, at(second), 7) {
                    Verdict::Done => (State::Done, at(second)),
                    Verdict::GivenUp => (State::GivenUp, at(second)),
                    Verdict::Again(again_at) => (State::Waiting, again_at),
                };
                if follows.0 == State::Done {
                    self.done.insert(id.clone(), second);
                }
                store.end((&id, number), "tried", b"", follows, at(second)).unwrap();
                lane.end(&result, at(second));
            }
        }
    }
}

fn world(folder: &Path) -> World {
    World {
        path: folder.join("outbox.db"),
        taken: BTreeMap::new(),
        calls: BTreeMap::new(),
        done: BTreeMap::new(),
    }
}

#[test]
fn a_dead_partner_delays_nobody_and_is_hardly_called() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(folder.path());
    let mut store = Store::open(&world.path).unwrap();
    for id in 0..200 {
        store.add(&request("dead", &format!("d{id}"), ""), at(0)).unwrap();
        store.add(&request("works", &format!("w{id}"), ""), at(0)).unwrap();
    }
    drop(store);
    let mood = |partner: &str, _| if partner == "dead" { Mood::Dead } else { Mood::Works };
    world.run(&["dead", "works"], 0..7 * 3_600, mood, |_| false);
    let works: Vec<i64> = (0..200).map(|id| world.done[&format!("w{id}")]).collect();
    assert_eq!(works.iter().max(), Some(&199), "one a second, as its rate permits");
    let calls: u32 =
        world.calls.iter().filter(|((partner, _), _)| partner == "dead").map(|(_, n)| n).sum();
    assert!(calls < 30, "{calls} calls of a dead partner in seven hours");
    let per_minute = world.calls.values().max().unwrap();
    assert!(*per_minute <= policy().calls_per_minute, "{per_minute}");
}

#[test]
fn what_was_not_sent_in_time_is_given_up_and_can_be_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(folder.path());
    Store::open(&world.path).unwrap().add(&request("a", "1", ""), at(0)).unwrap();
    let hours = 3_600;
    world.run(&["a"], 0..8 * hours, |_, _| Mood::Dead, |_| false);
    let mut store = Store::open(&world.path).unwrap();
    let given_up = Filter { state: Some(State::GivenUp), ..Filter::default() };
    assert_eq!(store.list(&given_up, 10).unwrap().len(), 1);
    assert!(store.replay("1", at(9 * hours)).unwrap());
    drop(store);
    world.run(&["a"], 9 * hours..10 * hours, |_, _| Mood::Works, |_| false);
    assert_eq!(world.done.get("1"), Some(&(9 * hours)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever partners do for some minutes, and whenever the process ends: each request is taken
    /// at least once, with one id, and done.
    #[test]
    fn nothing_is_lost(moods in prop::collection::vec(0_u8..3, 60), crashes in prop::collection::vec(0_i64..600, 0..12)) {
        let folder = tempfile::tempdir().unwrap();
        let mut world = world(folder.path());
        let mut store = Store::open(&world.path).unwrap();
        for id in 0..20 {
            store.add(&request(["a", "b"][id % 2], &format!("{id}"), ""), at(0)).unwrap();
        }
        drop(store);
        let mood = |partner: &str, second: i64| {
            let place = usize::try_from(second / 10).unwrap() + usize::from(partner == "b") * 7;
            match moods.get(place) {
                Some(0) => Mood::Dead,
                Some(1) => Mood::Loses,
                _ => Mood::Works,
            }
        };
        world.run(&["a", "b"], 0..5 * 3_600, mood, |second| crashes.contains(&second));
        prop_assert_eq!((world.done.len(), world.taken.len()), (20, 20));
        let store = Store::open(&world.path).unwrap();
        let waiting = Filter { state: Some(State::Waiting), ..Filter::default() };
        prop_assert_eq!(store.list(&waiting, 10).unwrap(), []);
    }
}

#[test]
fn slow_partners_do_not_take_the_calls_of_a_fast_one() {
    let (calls_max, partners) = (10, 5_usize);
    let policy = policy().shared(calls_max, partners);
    // Four partners answer after 20 seconds, in time, and have more to send than they can.
    let mut lanes: Vec<Lane> = (0..partners).map(|_| Lane::new(policy)).collect();
    let mut ends: Vec<Vec<i64>> = vec![Vec::new(); partners];
    let mut sent = 0;
    for second in 0..120 {
        for (place, lane) in lanes.iter_mut().enumerate() {
            ends[place].retain(|end| {
                let is_over = *end <= second;
                if is_over {
                    lane.end(&answer(200), at(second));
                }
                !is_over
            });
            let on_their_way = ends.iter().map(Vec::len).sum::<usize>();
            if on_their_way < calls_max && lane.permit(at(second)) == Permit::Now {
                let is_fast = place + 1 == partners;
                lane.begin(at(second));
                ends[place].push(second + if is_fast { 1 } else { 20 });
                sent += usize::from(is_fast);
            }
        }
    }
    assert_eq!(sent, 120, "one a second, as its rate permits");
}
