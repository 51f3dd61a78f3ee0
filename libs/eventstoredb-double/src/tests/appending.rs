//! Appends with one call each.

use tonic::Code;

use super::*;
use crate::wire::append::{Current, Wanted, WrongExpectedVersion};

const NO_STREAM: Expected = Expected::NoStream(Empty {});
const ANY: Expected = Expected::Any(Empty {});

fn wrong(result: &AppendResult) -> (Option<Current>, Option<Wanted>) {
    match result {
        AppendResult::Wrong(WrongExpectedVersion { current, expected }) => (*current, *expected),
        AppendResult::Success(_) => panic!("appended"),
    }
}

#[tokio::test]
async fn a_stream_that_stands_elsewhere_is_not_appended_to() {
    let double = start();
    let asker = Asker::of(&double).await;
    let too_early = asker.append("a", Expected::Revision(0), vec![event(1)]).await.unwrap();
    let (none, first) = (Some(Current::NoStream(Empty {})), Some(Wanted::Revision(0)));
    assert_eq!(wrong(&too_early), (none, first));
    let exists = asker.append("a", Expected::StreamExists(Empty {}), vec![event(1)]).await.unwrap();
    assert_eq!(wrong(&exists).0, none);
    assert_eq!(place(&asker.append("a", NO_STREAM, vec![event(1)]).await.unwrap()).unwrap().0, 0);
    let late = asker.append("a", NO_STREAM, vec![event(2)]).await.unwrap();
    let expected = Some(Wanted::NoStream(Empty {}));
    assert_eq!(wrong(&late), (Some(Current::Revision(0)), expected));
    for far in [1, u64::MAX] {
        let far = asker.append("a", Expected::Revision(far), vec![event(2)]).await.unwrap();
        assert_eq!(wrong(&far).0, Some(Current::Revision(0)));
    }
}

#[tokio::test]
async fn the_third_point_an_append_that_is_repeated_is_answered_with_where_it_stands() {
    let double = start();
    let asker = Asker::of(&double).await;
    let three = || vec![event(1), event(2), event(3)];
    let first = asker.append("a", NO_STREAM, three()).await.unwrap();
    let second = asker.append("a", Expected::Revision(2), vec![event(4)]).await.unwrap();
    let end = double.end();
    assert_eq!(place(&second).unwrap().0, 3);
    for expected in [NO_STREAM, ANY, Expected::StreamExists(Empty {})] {
        assert_eq!(asker.append("a", expected, three()).await.unwrap(), first, "{expected:?}");
    }
    // The whole append again, a part of it, and one that begins within it.
    let again = asker.append("a", Expected::Revision(2), vec![event(4)]).await.unwrap();
    assert_eq!(again, second);
    let part = asker.append("a", NO_STREAM, vec![event(1), event(2)]).await.unwrap();
    assert_eq!(place(&part).unwrap().0, 1);
    assert!(place(&part).unwrap().1 < place(&first).unwrap().1);
    let within = asker.append("a", Expected::Revision(0), vec![event(2), event(3), event(4)]).await;
    assert_eq!(within.unwrap(), second);
    assert_eq!(double.end(), end, "nothing was written twice");
}

#[tokio::test]
async fn the_third_point_an_append_of_which_only_a_part_is_repeated_is_refused() {
    let double = start();
    let asker = Asker::of(&double).await;
    asker.append("a", NO_STREAM, vec![event(1), event(2)]).await.unwrap();
    for events in [vec![event(1), event(2), event(3)], vec![event(1), event(9)], vec![event(2)]] {
        let refused = asker.append("a", NO_STREAM, events.clone()).await.unwrap();
        assert_eq!(wrong(&refused).0, Some(Current::Revision(1)), "{events:?}");
    }
    let refused = asker.append("a", ANY, vec![event(1), event(3)]).await.unwrap();
    assert_eq!(wrong(&refused).0, Some(Current::Revision(1)));
    // Ids are compared within a stream only.
    assert_eq!(asker.written("b", vec![event(1)]).await.0, 0);
    // An id that exists at another version of its stream is accepted at the expected version.
    let again = asker.append("a", Expected::Revision(1), vec![event(1)]).await.unwrap();
    assert_eq!(place(&again).unwrap().0, 2);
}

#[tokio::test]
async fn the_fifth_point_an_append_has_a_mebibyte_at_most() {
    let double = start();
    let asker = Asker::of(&double).await;
    let mut most = event_of(1, (1 << 20) - 10);
    most.custom_metadata = Bytes::from(vec![b'm'; 10]);
    assert_eq!(asker.written("a", vec![most]).await.0, 0);
    for events in
        [vec![event_of(2, (1 << 20) + 1)], vec![event_of(2, 1 << 19), event_of(3, (1 << 19) + 1)]]
    {
        let refused = asker.append("a", ANY, events).await.unwrap_err();
        let said = (refused.code(), refused.message());
        assert_eq!(said, (Code::InvalidArgument, "Maximum Append Size of 1048576 Exceeded."));
    }
    assert_eq!(asker.written("a", vec![event(4)]).await.0, 1, "nothing of them was written");
}

#[tokio::test]
async fn the_fifth_point_an_event_needs_an_id_and_a_type() {
    let double = start();
    let asker = Asker::of(&double).await;
    let refused = asker.append("a", ANY, vec![event(0)]).await.unwrap_err();
    let said = (refused.code(), refused.message());
    assert_eq!(said, (Code::Unknown, "Exception was thrown by handler."));
    let mut untyped = event(1);
    untyped.metadata.remove("type");
    let refused = asker.append("a", ANY, vec![untyped]).await.unwrap_err();
    let said = (refused.code(), refused.message());
    assert_eq!(said, (Code::InvalidArgument, "Required Metadata Property 'type' is missing"));
}

#[tokio::test]
async fn the_tenth_point_the_time_of_an_event_is_that_of_the_leader() {
    let leader = start();
    let follower = leader.follower().unwrap();
    let (asker, other) = (Asker::of(&leader).await, Asker::of(&follower).await);
    leader.set_ahead(Duration::from_secs(3_600));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    // The follower forwards the append.
    assert_eq!(other.written("a", vec![event(1)]).await.0, 0);
    let read = asker.read(of_stream("a", Revision::Start(Empty {}), FORWARDS, 1)).await.unwrap();
    let event = read_event(&read[0]).unwrap().event.clone().unwrap();
    let ticks: u64 = event.metadata["created"].parse().unwrap();
    let ahead = Duration::from_nanos(ticks * 100).checked_sub(now).unwrap();
    assert!(ahead >= Duration::from_secs(3_599) && ahead < Duration::from_secs(3_700), "{ahead:?}");
}
