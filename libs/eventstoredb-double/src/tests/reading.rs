//! Reads of the log and of streams.

use super::*;

/// Appends some events of two streams; returns their places.
async fn some(double: &EventStoreDbDouble) -> (Asker, Vec<u64>) {
    let asker = Asker::of(double).await;
    let mut places = Vec::new();
    for id in 1..=4 {
        let stream = if id % 2 == 0 { "b.1" } else { "a.1" };
        places.push(asker.written(stream, vec![event(id)]).await.1);
    }
    (asker, places)
}

fn refused(read: Result<Vec<(String, u64)>, Status>, message: &str) {
    let status = read.unwrap_err();
    assert_eq!((status.code(), status.message()), (tonic::Code::Unknown, message));
}

#[tokio::test]
async fn the_first_point_forwards_from_where_nothing_is_yet_there_is_nothing() {
    let double = start();
    let (asker, places) = some(&double).await;
    let last = *places.last().unwrap();
    // Inside the last record, at its end, and far after it.
    for place in [last + 1, last + 20, double.end(), double.end() + 1, 1 << 62] {
        let plain = asker.names(log(at(place), FORWARDS, 10)).await.unwrap();
        let filtered = asker.names(of_prefix("a.", log(at(place), FORWARDS, 10))).await.unwrap();
        assert_eq!((plain, filtered), (vec![], vec![]), "{place}");
    }
}

#[tokio::test]
async fn the_first_point_inside_an_earlier_record_a_read_is_refused() {
    let double = start();
    let (asker, places) = some(&double).await;
    for direction in [FORWARDS, BACKWARDS] {
        for place in [places[0] + 1, places[1] - 1] {
            let plain = asker.names(log(at(place), direction, 10)).await;
            refused(plain, "Unexpected ReadAllResult: InvalidPosition");
            let filtered = asker.names(of_prefix("a.", log(at(place), direction, 10))).await;
            refused(filtered, "Unexpected FilteredReadAllResult: InvalidPosition");
        }
    }
}

#[tokio::test]
async fn the_first_point_backwards_from_beyond_the_end_a_read_is_refused() {
    let double = start();
    let (asker, _) = some(&double).await;
    let plain = asker.names(log(at(double.end() + 1), BACKWARDS, 10)).await;
    refused(plain, "Unexpected ReadAllResult: Error");
    let filtered = asker.names(of_prefix("a.", log(at(1 << 62), BACKWARDS, 10))).await;
    refused(filtered, "Unexpected FilteredReadAllResult: Error");
    let from_the_end = asker.names(log(at(double.end()), BACKWARDS, 1)).await.unwrap();
    assert_eq!(from_the_end, [("b.1".to_owned(), 1)]);
}

#[tokio::test]
async fn the_first_point_the_largest_number_is_the_end_and_others_that_large_are_none() {
    let double = start();
    let (asker, _) = some(&double).await;
    for direction in [FORWARDS, BACKWARDS] {
        for place in [1 << 63, u64::MAX - 1] {
            let read = asker.names(log(at(place), direction, 10)).await;
            refused(read, "Exception was thrown by handler.");
        }
        let (number, end) = (log(at(u64::MAX), direction, 1), log(END, direction, 1));
        let (number, end) = (asker.names(number).await.unwrap(), asker.names(end).await.unwrap());
        assert_eq!((number.len(), &number), (usize::from(direction == BACKWARDS), &end));
    }
}

#[tokio::test]
async fn a_read_forwards_begins_with_the_event_at_its_place_and_backwards_before_it() {
    let double = start();
    let (asker, places) = some(&double).await;
    let forwards = asker.names(log(at(places[1]), FORWARDS, 2)).await.unwrap();
    assert_eq!(forwards, [("b.1".to_owned(), 0), ("a.1".to_owned(), 1)]);
    let backwards = asker.names(of_prefix("a.", log(at(places[2]), BACKWARDS, 2))).await.unwrap();
    assert_eq!(backwards, [("a.1".to_owned(), 0)]);
}

#[tokio::test]
async fn the_second_point_a_read_with_a_limit_looks_for_one_event_more() {
    let double = start();
    let asker = Asker::of(&double).await;
    let (_, first) = asker.written("a.1", vec![event(1)]).await;
    double.write("foreign", "Other", b"{}", 2_000);
    let before = double.looked_at();
    let options = of_prefix("a.", log(at(first), FORWARDS, 1));
    let mut answers = asker.open(options).await.unwrap();
    let found = answers.next().await.unwrap().unwrap().content.unwrap();
    assert_eq!(named(&found), Some(("a.1".to_owned(), 0)));
    // All requested events have arrived; a client that waits for the end of the answer waits until
    // the rest was scanned.
    assert!(answers.next().await.is_none());
    assert!(double.looked_at() - before > 2_000);
    // If one more event follows, the read ends there.
    asker.written("b.1", vec![event(2)]).await;
    asker.written("b.1", vec![event(3)]).await;
    double.write("foreign", "Other", b"{}", 2_000);
    let before = double.looked_at();
    assert_eq!(asker.names(of_prefix("b.", log(START, FORWARDS, 1))).await.unwrap().len(), 1);
    assert!(double.looked_at() - before < 2_100);
}

#[tokio::test]
async fn the_fourth_point_streams_are_compared_without_the_characters_that_nobody_sees() {
    let double = start();
    let asker = Asker::of(&double).await;
    let ours = "dossier.la-1";
    for (id, stream) in (1_u128..).zip([
        ours,
        "dossier\u{ad}.x",
        "dossier\0.x",
        "dossier\u{1}.x",
        "dossier\u{200d}.x",
        "dossier\u{200c}.x",
        "dossier\u{2060}.x",
        "dos\u{ad}sier.x",
        "\u{ad}dossier.x",
        "\u{feff}dossier.x",
        // With the prefix, but with names that the log never uses: the server does not restrict
        // names.
        "dossier.la.foo bar",
        "dossier.lb.foo\u{e9}",
        "dossier.lc.",
        // Without the prefix.
        "dossierx.y",
        "Dossier.x",
    ]) {
        asker.written(stream, vec![event(id)]).await;
    }
    let read = asker.names(of_prefix("dossier.", log(START, FORWARDS, 100))).await.unwrap();
    assert_eq!(read.len(), 13, "{read:?}");
    assert!(read.iter().all(|(name, _)| name != "dossierx.y" && name != "Dossier.x"));
    // A stream's name is compared by its bytes.
    let one = asker.names(of_stream("dossier\u{ad}.x", Revision::Start(Empty {}), FORWARDS, 9));
    assert_eq!(one.await.unwrap().len(), 1);
    let none = asker.read(of_stream("dossier.x", Revision::Start(Empty {}), FORWARDS, 9)).await;
    assert!(matches!(none.unwrap()[..], [ReadContent::StreamNotFound(_)]));
}

#[tokio::test]
async fn the_ninth_point_a_new_server_holds_one_event_and_writes_no_statistics() {
    let double = start();
    let asker = Asker::of(&double).await;
    let all = asker.names(log(START, FORWARDS, 100)).await.unwrap();
    assert_eq!(all, [("$$$scavenges".to_owned(), 0)]);
}

#[tokio::test]
async fn the_ninth_point_no_record_is_split_over_two_chunks() {
    const CHUNK: u64 = 4_096;
    let settings = Settings { chunk_bytes: CHUNK, ..Settings::default() };
    let double = EventStoreDbDouble::start_with(settings).unwrap();
    let asker = Asker::of(&double).await;
    let mut places = Vec::new();
    for id in 1..=20 {
        places.push(asker.written("a.1", vec![event_of(id, 700)]).await.1);
    }
    let jump = places.windows(2).find(|pair| pair[0] / CHUNK < pair[1] / CHUNK).unwrap();
    assert_eq!(jump[1] % CHUNK, 0, "the first of a chunk");
    // A read at the gap between two chunks continues with the next record.
    let read = asker.read(log(at(jump[1] - 1), FORWARDS, 1)).await.unwrap();
    assert_eq!(read_event(&read[0]).unwrap().commit_position, jump[1]);
    let all = asker.names(of_prefix("a.", log(START, FORWARDS, 100))).await.unwrap();
    assert_eq!(all.len(), 20);
}

#[tokio::test]
async fn the_ninth_point_a_place_whose_record_was_scavenged_leads_to_the_next_one() {
    let double = start();
    let (asker, places) = some(&double).await;
    let mut newest = event(9);
    newest.data = Bytes::from_static(br#"{"$maxCount":1}"#);
    asker.written("$$a.1", vec![newest]).await;
    let of_a = || of_stream("a.1", Revision::Start(Empty {}), FORWARDS, 10);
    assert_eq!(asker.names(of_a()).await.unwrap(), [("a.1".to_owned(), 1)]);
    let in_the_log = || of_prefix("a.", log(at(places[0]), FORWARDS, 10));
    assert_eq!(asker.names(in_the_log()).await.unwrap().len(), 2, "not scavenged yet");
    double.scavenge();
    assert_eq!(asker.names(in_the_log()).await.unwrap(), [("a.1".to_owned(), 1)]);
    let next = asker.names(log(at(places[0]), FORWARDS, 1)).await.unwrap();
    assert_eq!(next, [("b.1".to_owned(), 0)]);
    let before = asker.names(of_prefix("b.", log(at(places[2]), BACKWARDS, 9))).await.unwrap();
    assert_eq!(before, [("b.1".to_owned(), 0)]);
    // The stream continues at its version.
    assert_eq!(asker.written("a.1", vec![event(10)]).await.0, 2);
}

#[tokio::test]
async fn what_does_not_fit_into_memory_is_refused() {
    let settings = Settings { memory_bytes_max: 20_000, ..Settings::default() };
    let double = EventStoreDbDouble::start_with(settings).unwrap();
    let asker = Asker::of(&double).await;
    let mut taken = 0_u128;
    let refused = loop {
        match asker.append("a.1", Expected::Any(Empty {}), vec![event_of(taken + 1, 5_000)]).await {
            Ok(_) => taken += 1,
            Err(status) => break status,
        }
        assert!(taken < 10);
    };
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert_eq!(asker.names(log(START, FORWARDS, 99)).await.unwrap().len() as u128, taken + 1);
}
