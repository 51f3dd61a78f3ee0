//! EventStoreDB: against the server that `EVENTSTORE_URL` names, if there is one (each test has a log of its own there,
//! which stays), else against its double. What has to break is broken on the double alone.

use std::sync::Arc;
use std::time::Duration;

use events::{
    AppendError, Appended, EventStore, Expected, Filter, NewEvent, OpenError, Position, ReadError,
    StreamName, Version,
};
use eventstoredb_double::EventStoreDbDouble;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);

/// A store with a log of its own, and the double that it stands on, if it does.
#[expect(clippy::disallowed_methods, reason = "tests have no command line")]
pub(crate) async fn fresh() -> (EventStore, Option<EventStoreDbDouble>) {
    let Ok(url) = std::env::var("EVENTSTORE_URL") else {
        eprintln!("EVENTSTORE_URL names no server: this ran against the double");
        let double = EventStoreDbDouble::start().unwrap();
        return (EventStore::eventstoredb(&double.url("test")).await.unwrap(), Some(double));
    };
    let joint = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{joint}log=test_{}", Uuid::new_v4().simple());
    (EventStore::eventstoredb(&url).await.unwrap(), None)
}

pub(crate) async fn open(double: &EventStoreDbDouble) -> EventStore {
    EventStore::eventstoredb(&double.url("test")).await.unwrap()
}

pub(crate) fn event(id: u128) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: format!("{{\"n\":{id}}}"),
        meta: "{}".to_owned(),
    }
}

pub(crate) fn stream(n: u128) -> StreamName {
    StreamName::new(&format!("a-{n}")).unwrap()
}

pub(crate) async fn append(store: &EventStore, id: u128) -> Appended {
    store.append(&stream(id), Expected::NoStream, vec![event(id)]).await.unwrap()
}

pub(crate) async fn ids(store: &EventStore) -> Vec<u128> {
    let page = store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    page.events.iter().map(|event| event.id.as_u128()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_a_log_and_hear_of_each_other() {
    let double = EventStoreDbDouble::start().unwrap();
    let (one, other) = (open(&double).await, open(&double).await);
    assert_eq!(one.id(), other.id());
    let appended = append(&one, 1).await;
    timeout(LIMIT, other.wait_past(Position::START)).await.expect("not heard of");
    assert_eq!(other.head(), appended.position);
    let stale = other.append(&stream(1), Expected::NoStream, vec![event(2)]).await;
    assert!(matches!(stale, Err(AppendError::Conflict { .. })), "{stale:?}");
    let again = other.append(&stream(1), Expected::NoStream, vec![event(1)]).await.unwrap();
    assert_eq!(again, appended, "the same append from another process");
    let third = open(&double).await;
    assert_eq!(third.head(), appended.position, "known from the start");
    // Its tail begins at the head: this comes from the server.
    assert_eq!(ids(&third).await, [1]);
    let another = EventStore::eventstoredb(&double.url("another")).await.unwrap();
    assert_ne!(another.id(), one.id());
    append(&another, 1).await;
    assert_eq!((ids(&another).await, ids(&one).await), (vec![1], vec![1]), "logs are apart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_several_processes_are_read_in_one_order_without_late_events() {
    const EACH: u128 = 40;
    let double = EventStoreDbDouble::start().unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..4_u128 {
        let store = open(&double).await;
        writers.spawn(async move {
            for n in 1..=EACH {
                append(&store, writer * EACH + n).await;
            }
        });
    }
    let reader = open(&double).await;
    let (mut after, mut seen) = (Position::START, Vec::new());
    while seen.len() < usize::try_from(4 * EACH).unwrap() {
        timeout(LIMIT, reader.wait_past(after)).await.expect("nothing comes any more");
        for event in reader.read_all(after, &Filter::default(), 13).await.unwrap().events {
            assert!(event.position > after);
            after = event.position;
            seen.push(event.id.as_u128());
        }
    }
    writers.join_all().await;
    assert_eq!(ids(&open(&double).await).await, seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_is_lost_is_made_once() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    double.lose_answers(3);
    let first = append(&store, 1).await;
    assert_eq!(double.answers_to_lose(), 0, "no answer was lost");
    let (expected, next) = (Expected::At(first.version), vec![event(2), event(3)]);
    let next = store.append(&stream(1), expected, next).await.unwrap();
    assert!(next.position > first.position);
    assert_eq!(ids(&store).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_and_comes_back_loses_nothing_and_stops_nobody() {
    let mut double = EventStoreDbDouble::start().unwrap();
    let store = Arc::new(open(&double).await);
    append(&store, 1).await;
    double.kill();
    // Appends and reads wait for it, as long as a failover may take.
    let (appending, reading) = (Arc::clone(&store), Arc::clone(&store));
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { append(&appending, 2).await });
    let mut reads = JoinSet::new();
    reads.spawn(async move { reading.read(&stream(1), None).await.unwrap().len() });
    let under_way = async {
        while store.stats().waiting == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, under_way).await.expect("nothing was tried");
    double.revive().unwrap();
    let appended = timeout(LIMIT, waiting.join_all()).await.expect("not written");
    assert_eq!(timeout(LIMIT, reads.join_all()).await.expect("not read"), [1]);
    timeout(LIMIT, store.wait_past(Position(appended[0].position.0 - 1))).await.expect("unheard");
    assert_eq!(ids(&store).await, [1, 2]);
    append(&store, 3).await;
    assert_eq!(ids(&store).await, [1, 2, 3], "nothing was heard twice or not at all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_named_and_waited_for_at_the_next_opening() {
    let mut double = EventStoreDbDouble::start().unwrap();
    double.kill();
    let refused = EventStore::eventstoredb(&double.url("test")).await;
    let Err(OpenError::Unreachable { path, cause }) = refused else { panic!("{refused:?}") };
    assert!(path.starts_with("esdb://127.0.0.1:"), "{path}");
    assert!(cause.to_string().contains("Connection refused"), "{cause}");
    double.revive().unwrap();
    append(&open(&double).await, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_does_not_lead_sends_on_to_the_one_that_does() {
    let leader = EventStoreDbDouble::start().unwrap();
    let follower = leader.follower().unwrap();
    let store = EventStore::eventstoredb(&follower.url("test")).await.unwrap();
    append(&store, 1).await;
    assert_eq!(ids(&open(&leader).await).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_spoken_to_over_tls_if_its_certificate_is_what_it_should_be() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls");
    let pem = |name: &str| std::fs::read_to_string(format!("{keys}/{name}")).unwrap();
    let double = EventStoreDbDouble::start_encrypted(pem("server.crt"), pem("server.key")).unwrap();
    let trusting = |name: &str| format!("{}&tlsCaFile={keys}/{name}", double.url("test"));
    let store = EventStore::eventstoredb(&trusting("authority.crt")).await.unwrap();
    append(&store, 1).await;
    assert_eq!(ids(&store).await, [1]);
    // What is no certificate is seen before anybody is spoken to.
    let opened = EventStore::eventstoredb(&trusting("server.key")).await;
    assert!(matches!(opened, Err(OpenError::Unusable { .. })), "{opened:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_appended_in_order_stands_in_that_order_though_answers_are_lost() {
    const EACH: u128 = 150;
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    double.lose_answers(3);
    // Three streams by turns, so that each append but the first ones follows one that is not answered yet.
    let mut appends = Vec::new();
    for id in 1..=EACH {
        let version = Version(u64::try_from((id - 1) / 3).unwrap());
        let expected = if version.0 == 0 { Expected::NoStream } else { Expected::At(version) };
        appends.push((stream(id % 3), expected, vec![event(id)]));
    }
    store.append_in_order(appends.clone()).await.unwrap();
    assert_eq!(double.answers_to_lose(), 0, "no answer was lost");
    assert_eq!(ids(&store).await, (1..=EACH).collect::<Vec<_>>());
    // The same once more adds nothing; another event in the place of one is named.
    store.append_in_order(appends.clone()).await.unwrap();
    appends[7].2 = vec![event(1_000)];
    let (place, error) = store.append_in_order(appends).await.unwrap_err();
    assert!(place == 7 && matches!(error, AppendError::Conflict { .. }), "{place}: {error:?}");
    assert_eq!(ids(&open(&double).await).await, (1..=EACH).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_no_event_has_is_refused_without_a_scan() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    for id in 1..=50 {
        append(&store, id).await;
    }
    // A store that was opened later has none of them in memory but the newest.
    let later = open(&double).await;
    let page = later.read_all(Position::START, &Filter::default(), 100).await.unwrap();
    assert_eq!(page.events.len(), 50);
    let before = double.looked_at();
    for pair in page.events.windows(2) {
        let between = Position(pair[0].position.0 + 1);
        let refused = later.read_all(between, &Filter::default(), 3).await;
        let Err(ReadError::NoSuchPosition(position)) = refused else { panic!("{refused:?}") };
        assert_eq!(position, between);
        assert!(later.event_at(between).await.unwrap().is_none());
    }
    // What the follower looks at meanwhile is counted as well.
    let looked = double.looked_at() - before;
    assert!(looked < 200, "{looked} events were read");
    let beyond = Position(later.head().0 + 1);
    let found = later.read_all(beyond, &Filter::default(), 3).await.unwrap();
    assert_eq!((found.events.len(), found.through), (0, beyond));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_was_made_behind_one_that_follows_it_is_reported() {
    let double = EventStoreDbDouble::start().unwrap();
    let store = open(&double).await;
    let appends = |ids: std::ops::RangeInclusive<u128>| {
        ids.map(|id| (stream(id), Expected::NoStream, vec![event(id)])).collect::<Vec<_>>()
    };
    // The first one is tried again, when the others stand there.
    double.refuse_appends(1);
    let (place, error) = store.append_in_order(appends(1..=3)).await.unwrap_err();
    assert!(place == 1 && error.to_string().contains("order"), "{place}: {error}");
    store.append_in_order(appends(4..=6)).await.unwrap();
    assert_eq!(ids(&store).await, [2, 3, 1, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_stands_earlier_in_the_stream_is_refused_whoever_wrote_it() {
    let double = EventStoreDbDouble::start().unwrap();
    let (one, other) = (open(&double).await, open(&double).await);
    let mut expected = Expected::NoStream;
    for id in 1..=5 {
        let appended = one.append(&stream(1), expected, vec![event(id)]).await.unwrap();
        expected = Expected::At(appended.version);
    }
    // The other has read nothing of the stream; the server itself would take it.
    let again = other.append(&stream(1), expected, vec![event(3)]).await;
    assert!(matches!(again, Err(AppendError::IdReused(id)) if id.as_u128() == 3), "{again:?}");
    assert_eq!(ids(&one).await, [1, 2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_is_that_of_the_server() {
    let double = EventStoreDbDouble::start().unwrap();
    double.set_ahead(Duration::from_secs(600));
    let store = open(&double).await;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    let time = store.time().await.unwrap().unwrap();
    let ahead = time.checked_sub(now).expect("behind");
    assert!(ahead >= Duration::from_secs(600) && ahead < Duration::from_secs(610), "{ahead:?}");
    let later = store.time().await.unwrap().unwrap();
    assert!(later >= time);
    assert_eq!(ids(&store).await, [0_u128; 0], "what the adapter writes is not of the log");
}
