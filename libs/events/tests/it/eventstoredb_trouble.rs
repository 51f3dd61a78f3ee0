//! EventStoreDB: servers that are killed, frozen, cut off from their cluster, or without a leader.

use std::sync::Arc;
use std::time::Duration;

use events::{AppendError, EventStore, Expected, Position, ReadError};
use eventstoredb_double::{EventStoreDbDouble, Settings};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::eventstoredb::{append, event, ids, open, stream};

const LIMIT: Duration = Duration::from_secs(30);
/// Within which a request is answered, whatever is away.
const REFUSED_IN: Duration = Duration::from_secs(20);

/// Three servers of one cluster, and an address that names all of them.
fn cluster() -> ([EventStoreDbDouble; 3], String) {
    let one = EventStoreDbDouble::start_with(Settings::default()).unwrap();
    let (two, three) = (one.follower().unwrap(), one.follower().unwrap());
    let hosts = [&one, &two, &three].map(|server| server.address().to_string());
    let url = format!("esdb://{}?tls=false&log=test", hosts.join(","));
    ([one, two, three], url)
}

/// Appends under way while something happens, each repeated as a caller would until it is answered.
fn work(store: &Arc<EventStore>, numbers: std::ops::Range<u128>) -> JoinSet<()> {
    let mut work = JoinSet::new();
    for id in numbers {
        let store = Arc::clone(store);
        work.spawn(async move {
            let again = async || try_append(&store, id).await;
            while let Err(error) = again().await {
                assert!(error.is_retryable(), "{error}");
            }
        });
    }
    work
}

async fn try_append(store: &EventStore, id: u128) -> Result<(), AppendError> {
    store.append(&stream(id), Expected::NoStream, vec![event(id)]).await.map(drop)
}

async fn read_first(store: &EventStore) -> Result<usize, ReadError> {
    store.read(&stream(1), None).await.map(|events| events.len())
}

async fn all_of(store: &EventStore, count: u128) {
    let mut stands = ids(store).await;
    stands.sort_unstable();
    assert_eq!(stands, (1..=count).collect::<Vec<_>>(), "lost or twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_loses_nothing_and_another_one_is_found() {
    let ([mut one, two, _three], url) = cluster();
    let store = Arc::new(EventStore::eventstoredb(&url).await.unwrap());
    append(&store, 1).await;
    one.lose_answers(5);
    let working = work(&store, 2..40);
    one.kill();
    two.lead();
    timeout(LIMIT, working.join_all()).await.expect("not answered");
    all_of(&store, 39).await;
    all_of(&EventStore::eventstoredb(&url).await.unwrap(), 39).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_frozen_is_left_for_the_next_one() {
    let ([one, two, _three], url) = cluster();
    let store = Arc::new(EventStore::eventstoredb(&url).await.unwrap());
    append(&store, 1).await;
    one.freeze();
    let working = work(&store, 2..20);
    two.lead();
    timeout(LIMIT, working.join_all()).await.expect("not answered");
    all_of(&store, 19).await;
    one.thaw();
    all_of(&store, 19).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_was_cut_off_and_says_nothing_is_made_anew() {
    let ([one, two, three], url) = cluster();
    let store = EventStore::eventstoredb(&url).await.unwrap();
    append(&store, 1).await;
    one.cut_off();
    two.lead();
    let other = EventStore::eventstoredb(&two.url("test")).await.unwrap();
    for id in 2..=5 {
        let appended = append(&other, id).await;
        let before = Position(appended.position.0 - 1);
        timeout(LIMIT, store.wait_past(before)).await.expect("not heard of");
    }
    assert_eq!(ids(&store).await, [1, 2, 3, 4, 5]);
    drop((one, three));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_the_server_ends_is_made_anew() {
    let double = EventStoreDbDouble::start().unwrap();
    let (store, other) = (open(&double).await, open(&double).await);
    for id in 1..=20 {
        double.end_subscriptions();
        let appended = append(&other, id).await;
        let before = Position(appended.position.0 - 1);
        timeout(LIMIT, store.wait_past(before)).await.expect("not heard of");
    }
    assert_eq!(ids(&store).await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_given_up_are_closed() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    for id in 1..=20 {
        // It takes the connection with it.
        double.end_subscriptions();
        append(&store, id).await;
    }
    let settled = async {
        while double.connections() > 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, settled).await.expect("connections stay open");
    all_of(&store, 20).await;
    drop(store);
    let closed = async {
        while double.connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, closed).await.expect("a connection outlives its store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_brings_nothing_is_made_anew_under_load_as_well() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = Arc::new(open(&double).await);
    append(&store, 1).await;
    let subscribed = double.subscriptions();
    double.mute_subscriptions();
    // One append after the other: there is always somebody who waits for what the subscription does not bring.
    let anew = async {
        let mut id = 1;
        while double.subscriptions() == subscribed {
            id += 1;
            append(&store, id).await;
        }
        id
    };
    let count = timeout(LIMIT, anew).await.expect("it is never made anew");
    all_of(&store, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_refuses_in_time_and_is_known_to_be_away_at_once() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    append(&store, 1).await;
    double.freeze();
    let (appended, read, known) = tokio::join!(
        timeout(REFUSED_IN, try_append(&store, 2)),
        timeout(REFUSED_IN, read_first(&store)),
        timeout(REFUSED_IN, async {
            while store.time().await.is_ok() || store.writable().await.is_ok() {
                tokio::task::yield_now().await;
            }
            // Whoever asks from now on need not wait.
            for _ in 0..100 {
                let asked = async { (store.time().await.is_ok(), store.writable().await.is_ok()) };
                let asked = timeout(Duration::from_secs(1), asked).await;
                assert_eq!(asked.expect("waited for"), (false, false));
            }
        })
    );
    let appended = appended.expect("an append is not answered");
    assert!(matches!(appended, Err(AppendError::Unreachable(_))), "{appended:?}");
    let read = read.expect("a read is not answered").unwrap_err();
    assert!(matches!(read, ReadError::Unreachable(_)) && read.is_retryable(), "{read:?}");
    known.expect("not known to be away");
    double.thaw();
    let answers = async { while store.writable().await.is_err() {} };
    timeout(LIMIT, answers).await.expect("it counts as away");
    append(&store, 2).await;
    append(&store, 3).await;
    all_of(&store, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_reads_and_appends_is_refused_in_time() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    append(&store, 1).await;
    double.freeze();
    // Each call may take 18 s.
    let request = events::within(events::limits::REQUEST_WAIT, async {
        let read = (read_first(&store).await, read_first(&store).await);
        (read, try_append(&store, 2).await)
    });
    let answered = timeout(REFUSED_IN, request).await.expect("not answered");
    assert!(
        matches!(answered, ((Err(_), Err(_)), Err(AppendError::Unreachable(_)))),
        "{answered:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_without_a_quorum_are_refused_in_time_and_made_once_or_not_at_all() {
    for committed in [true, false] {
        let double = EventStoreDbDouble::start().unwrap();
        let store = Arc::new(open(&double).await);
        append(&store, 1).await;
        double.lose_quorum();
        let appended = try_append(&store, 2);
        let appended = timeout(REFUSED_IN, appended).await.expect("not answered");
        assert!(matches!(appended, Err(AppendError::Unreachable(_))), "{appended:?}");
        assert!(double.uncommitted() > 0, "nothing was tried");
        double.regain_quorum(committed);
        // The same again is what it was, whether the first was committed or cut off.
        append(&store, 2).await;
        append(&store, 3).await;
        all_of(&store, 3).await;
        all_of(&open(&double).await, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_without_a_leader_is_waited_for_and_then_refused() {
    let ([one, _two, _three], url) = cluster();
    let store = Arc::new(EventStore::eventstoredb(&url).await.unwrap());
    append(&store, 1).await;
    one.lose_leader();
    let (appended, read) = tokio::join!(
        timeout(REFUSED_IN, try_append(&store, 2)),
        timeout(REFUSED_IN, read_first(&store)),
    );
    assert!(appended.expect("an append is not answered").is_err());
    assert!(read.expect("a read is not answered").is_err());
    let working = work(&store, 2..10);
    one.regain_quorum(false);
    timeout(LIMIT, working.join_all()).await.expect("not answered");
    all_of(&store, 9).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_for_good_is_not_asked_again() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    // A nil id is refused by an exception of the server's.
    let refused = try_append(&store, 0);
    let refused = timeout(Duration::from_secs(10), refused).await.expect("asked again and again");
    assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
    assert!(!refused.unwrap_err().is_retryable());
    append(&store, 1).await;
    assert_eq!(ids(&store).await, [1]);
}
