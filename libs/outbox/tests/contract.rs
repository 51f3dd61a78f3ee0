//! What every outbox does, in a file and in PostgreSQL.

#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use outbox::limits::{PRUNE_MAX, RESPONSE_BYTES_MAX, SENT_MAX};
use outbox::{
    Added, Ended, Filter, Full, Kept, Left, Outbox, Place, Request, Sent, State, StoreError,
};

fn at(seconds: i64) -> Timestamp {
    "2026-11-26T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn request(partner: &str, id: &str, work: &str) -> Request {
    let [id, partner, about, work] = [id, partner, "event", work].map(ToOwned::to_owned);
    Request { id, partner, about, work }
}

fn ended(state: State, again_at: i64) -> Ended {
    let result = "tried".to_owned();
    Ended { result, response: b"answer".to_vec(), state, again_at: at(again_at) }
}

/// Both kinds of outbox, each twice: two processes that share it.
async fn outboxes() -> Vec<[Outbox; 2]> {
    let memory = Outbox::in_memory().unwrap();
    let mut all = vec![[memory.clone(), memory]];
    #[cfg(feature = "postgres")]
    {
        // The name of a new folder is that of nobody else.
        let unique = tempfile::tempdir().unwrap();
        let unique = unique.path().file_name().unwrap().to_string_lossy().to_lowercase();
        let schema = format!("outbox_{}", unique.trim_start_matches('.'));
        let url = cluster::postgres().unwrap();
        let between = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{between}options=-csearch_path%3D{schema}");
        // The log creates its schema.
        events::EventStore::postgres(&url).await.unwrap();
        let one = Outbox::in_postgres(&url).await.unwrap();
        all.push([one, Outbox::in_postgres(&url).await.unwrap()]);
    }
    all
}

#[tokio::test]
async fn a_request_is_added_once_with_its_exact_text_and_is_due_until_it_is_begun() {
    for [one, other] in outboxes().await {
        let first = request("a", "1", "{\"text\":\"\u{7f}\\n\"}");
        assert_eq!(one.add(first.clone(), at(0)).await.unwrap(), Added::New);
        assert_eq!(other.add(request("a", "1", "x"), at(1)).await.unwrap(), Added::Known);
        let due = other.due("a", at(0), 10).await.unwrap();
        assert_eq!((due.len(), &due[0].request), (1, &first));
        assert_eq!(one.due("b", at(9), 10).await.unwrap(), []);
        assert_eq!(one.next_at("a").await.unwrap(), Some(at(0)));
        assert_eq!(one.next_at("b").await.unwrap(), None);
        let large = one.add(request("a", "2", &"x".repeat(70_000)), at(0)).await;
        assert!(matches!(large, Err(StoreError::Full(Full::Request))), "{large:?}");
        assert_eq!(one.get("1").await.unwrap().unwrap().request, first);
        assert_eq!(one.get("2").await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_two_processes_one_begins_a_try_and_after_a_crash_it_is_made_again() {
    for [one, other] in outboxes().await {
        one.add(request("a", "1", "{}"), at(0)).await.unwrap();
        let (first, second) =
            tokio::join!(one.begin("1", at(0), at(60)), other.begin("1", at(0), at(60)));
        let mut begun = [first.unwrap(), second.unwrap()];
        begun.sort_unstable();
        assert_eq!(begun, [None, Some(1)]);
        assert_eq!(other.due("a", at(59), 10).await.unwrap(), [], "it may still be on its way");
        assert_eq!(other.begin("1", at(60), at(120)).await.unwrap(), Some(2));
        let long = Ended { response: vec![b'x'; 2 * RESPONSE_BYTES_MAX], ..ended(State::Done, 61) };
        other.end(("1", 2), long, at(61)).await.unwrap();
        let tries = one.tries("1").await.unwrap();
        assert_eq!((tries[0].number, tries[0].ended_at, &tries[0].result), (1, None, &None));
        assert_eq!(
            (tries[1].ended_at, tries[1].response.len()),
            (Some(at(61)), RESPONSE_BYTES_MAX)
        );
        assert_eq!(one.begin("1", at(61), at(99)).await.unwrap(), None, "it has ended");
    }
}

#[tokio::test]
async fn an_older_try_decides_nothing_unless_it_is_done_and_cancelled_requests_stay_so() {
    for [one, other] in outboxes().await {
        for id in ["1", "2"] {
            one.add(request("a", id, "{}"), at(0)).await.unwrap();
            assert_eq!(one.begin(id, at(0), at(60)).await.unwrap(), Some(1));
        }
        assert_eq!(other.begin("1", at(60), at(120)).await.unwrap(), Some(2));
        one.end(("1", 1), ended(State::GivenUp, 61), at(61)).await.unwrap();
        assert_eq!(one.get("1").await.unwrap().unwrap().state, State::Waiting);
        one.end(("1", 1), ended(State::Done, 62), at(62)).await.unwrap();
        assert_eq!(other.get("1").await.unwrap().unwrap().state, State::Done);

        assert!(one.cancel("2", at(1)).await.unwrap() && !one.cancel("2", at(1)).await.unwrap());
        one.end(("2", 1), ended(State::Waiting, 5), at(2)).await.unwrap();
        assert_eq!(one.get("2").await.unwrap().unwrap().state, State::Cancelled);
        assert!(one.replay("2", at(100)).await.unwrap());
        assert!(!one.replay("1", at(100)).await.unwrap() && !one.cancel("9", at(0)).await.unwrap());
        let due: Vec<String> =
            one.due("a", at(100), 10).await.unwrap().into_iter().map(|e| e.request.id).collect();
        assert_eq!(due, ["2"]);
    }
}

#[tokio::test]
async fn requests_are_listed_in_pages_and_counted_by_partner_and_state() {
    for [one, _] in outboxes().await {
        for (partner, id) in [("a", "1"), ("b", "2"), ("a", "3")] {
            one.add(request(partner, id, "work"), at(0)).await.unwrap();
        }
        let of_a = Filter { partner: Some("a".to_owned()), ..Filter::default() };
        let listed = one.list(of_a, 10).await.unwrap();
        assert_eq!(listed.iter().map(|e| &*e.request.id).collect::<Vec<_>>(), ["1", "3"]);
        let first = one.list(Filter::default(), 1).await.unwrap();
        let rest = Filter { after: first[0].place, ..Filter::default() };
        assert_eq!(one.list(rest, 10).await.unwrap().len(), 2);
        let counts = async || {
            let mut counts = one.counts().await.unwrap();
            counts.sort_by(|one, other| (&one.0, one.1.name()).cmp(&(&other.0, other.1.name())));
            counts
        };
        let of = |partner: &str, state, number| (partner.to_owned(), state, number);
        assert_eq!(counts().await, [of("a", State::Waiting, 2), of("b", State::Waiting, 1)]);
        one.begin("1", at(0), at(9)).await.unwrap();
        one.end(("1", 1), ended(State::GivenUp, 1), at(1)).await.unwrap();
        one.begin("2", at(0), at(9)).await.unwrap();
        one.end(("2", 1), ended(State::Done, 1), at(1)).await.unwrap();
        assert_eq!(counts().await, [of("a", State::GivenUp, 1), of("a", State::Waiting, 1)]);
        let given_up = Filter { state: Some(State::GivenUp), ..Filter::default() };
        assert_eq!(one.list(given_up, 10).await.unwrap()[0].request.id, "1");
    }
}

#[tokio::test]
async fn what_has_ended_is_removed_after_thirty_days_however_much_it_is_and_what_waits_never() {
    for [one, _] in outboxes().await {
        let many = 2 * usize::try_from(PRUNE_MAX).unwrap() + 100;
        for id in 0..many {
            let id = id.to_string();
            one.add(request("a", &id, ""), at(0)).await.unwrap();
            one.cancel(&id, at(1)).await.unwrap();
        }
        one.add(request("a", "waits", ""), at(0)).await.unwrap();
        let month = 30 * 24 * 3_600;
        assert_eq!(one.prune(at(month)).await.unwrap(), 0);
        assert_eq!(one.prune(at(month + 2)).await.unwrap(), many, "in one call");
        assert_eq!(one.prune(at(12 * month)).await.unwrap(), 0);
        let left = one.list(Filter::default(), 10).await.unwrap();
        assert_eq!(left.iter().map(|e| &*e.request.id).collect::<Vec<_>>(), ["waits"]);
    }
}

/// An outbox of an older version has no tally: it is counted once.
#[tokio::test]
async fn an_older_file_is_counted_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.sqlite");
    let outbox = Outbox::in_file(&path).unwrap();
    outbox.add(request("a", "1", "work"), at(0)).await.unwrap();
    drop(outbox);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "DROP TRIGGER request_added; DROP TRIGGER request_removed; DROP TRIGGER request_changed;
         DROP TABLE tally",
    )
    .unwrap();
    drop(file);
    let outbox = Outbox::in_file(&path).unwrap();
    outbox.add(request("a", "2", "work"), at(0)).await.unwrap();
    assert_eq!(outbox.counts().await.unwrap(), [("a".to_owned(), State::Waiting, 2)]);
}

fn place(subscriber: &str, begin: u32, after: u64) -> Place {
    let left = vec![Left { position: after - 1, since: Some(at(2)) }];
    Place { subscriber: subscriber.to_owned(), begin, after, left, failing_since: Some(at(3)) }
}

fn sent(subscriber: &str, position: u64, seconds: i64, state: &str) -> Sent {
    let [subscriber, state] = [subscriber, state].map(ToOwned::to_owned);
    Sent { subscriber, position, at: at(seconds), state }
}

#[tokio::test]
async fn the_newest_place_of_a_subscriber_and_try_of_a_message_count_and_all_end_with_it() {
    for [one, other] in outboxes().await {
        let kept = Kept {
            places: vec![place("a", 1, 5), place("b", 1, 7), place("a", 1, 9)],
            sent: vec![sent("a", 4, 1, "failed"), sent("a", 6, 1, "done"), sent("a", 4, 2, "done")],
            ended: Vec::new(),
        };
        one.keep(kept).await.unwrap();
        let mut places = other.places().await.unwrap();
        places.sort_by(|x, y| x.subscriber.cmp(&y.subscriber));
        assert_eq!(places, [place("a", 1, 9), place("b", 1, 7)]);
        assert_eq!(other.place("a").await.unwrap(), Some(place("a", 1, 9)));
        assert_eq!(other.place("c").await.unwrap(), None);
        let expected = [sent("a", 6, 1, "done"), sent("a", 4, 2, "done")];
        assert_eq!(other.sent("a", None, 10).await.unwrap(), expected);
        assert_eq!(other.sent("a", Some(6), 10).await.unwrap(), expected[1..]);
        one.keep(Kept { ended: vec!["a".to_owned()], ..Kept::default() }).await.unwrap();
        assert_eq!(other.places().await.unwrap(), [place("b", 1, 7)]);
        assert_eq!(other.sent("a", None, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn of_many_messages_to_a_subscriber_the_newest_are_kept_and_for_thirty_days() {
    for [one, _] in outboxes().await {
        let count = SENT_MAX.unsigned_abs() + 50;
        let many = (1..=count).map(|position| sent("a", position, 0, "done")).collect();
        one.keep(Kept { sent: many, ..Kept::default() }).await.unwrap();
        one.prune_sent(vec!["b".to_owned(), "a".to_owned()], at(1)).await.unwrap();
        let oldest = one.sent("a", Some(60), 100).await.unwrap();
        let positions: Vec<u64> = oldest.iter().map(|one| one.position).collect();
        assert_eq!(positions, (51..60).rev().collect::<Vec<u64>>());
        one.prune_sent(vec!["a".to_owned()], at(31 * 24 * 3_600)).await.unwrap();
        assert_eq!(one.sent("a", None, 100).await.unwrap(), []);
    }
}
