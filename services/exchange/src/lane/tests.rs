use dossier::contract::{DossierId, Role};
use events::{Recorded, StreamName, Version};
use uuid::Uuid;

use super::*;

fn change(position: u64, of: u128) -> Change {
    Change::of(&Recorded {
        position: Position(position),
        stream: StreamName::of("intake", Uuid::from_u128(of)),
        version: Version(1),
        id: Uuid::from_u128(position.into()),
        kind: "intake.DossierAccepted.v1".into(),
        data: "{}".to_owned(),
        meta: r#"{"at":"2026-11-20T02:00:00Z"}"#.to_owned(),
    })
    .unwrap()
}

fn owners(of: &[u128]) -> Known {
    let owner = Arc::new(Resource { agencies: vec!["G02".into()], ..Resource::default() });
    of.iter().map(|n| (Subject::Dossier(DossierId(Uuid::from_u128(*n))), owner.clone())).collect()
}

fn lane() -> Lane {
    let caller = Caller {
        subject: "c1".into(),
        roles: vec![Role::Clerk],
        agency: Some("G02".into()),
        predecessors: Vec::new(),
        on_behalf_of: None,
        mandate: None,
        credential: None,
    };
    let address = "https://receiver.example/".to_owned();
    let rights_until = Timestamp::MAX;
    let terms = Terms { address, wanted: Wanted::all(), caller, rights_until };
    let left = Vec::new();
    let place = Place { subscriber: String::new(), begin: 1, after: 0, left, failing_since: None };
    Lane::new((SubscriberId(Uuid::from_u128(7)), 1), Arc::new(terms), &place, 1)
}

fn offer(lane: &mut Lane, changes: &[Change], after: u64, through: u64) {
    let all: Vec<u128> = (1..300).collect();
    lane.offer(changes, &owners(&all), (Position(after), Position(through)), |_| vec![0; 100]);
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn answer(status: u16) -> TryResult {
    TryResult::Response { status, understood: true, retry_after: None }
}

#[test]
fn messages_of_a_dossier_go_out_one_after_the_other_and_those_of_others_beside_them() {
    let mut lane = lane();
    offer(&mut lane, &[change(1, 1), change(2, 1), change(3, 2)], 0, 9);
    assert_eq!(lane.due(at(0)), Due::Now(0));
    lane.begin(0, at(0));
    assert_eq!(lane.due(at(1)), Due::Now(2), "the second one of the dossier waits");
    lane.begin(2, at(1));
    assert_eq!(lane.due(at(2)), Due::Nothing);
    assert!(lane.end(1, &answer(204), (at(2), 0)).is_some());
    assert_eq!(lane.due(at(3)), Due::Now(0));
    assert_eq!(lane.waiting.front().unwrap().position(), 2);
}

#[test]
fn everything_before_the_first_message_that_waits_is_done() {
    let mut lane = lane();
    offer(&mut lane, &[change(4, 1), change(6, 2)], 0, 9);
    assert_eq!(lane.done(), Position(3));
    lane.begin(0, at(0));
    lane.begin(1, at(0));
    lane.end(6, &answer(200), (at(1), 0));
    assert_eq!(lane.done(), Position(3), "the earlier one may still be lost");
    lane.end(4, &answer(200), (at(1), 0));
    assert_eq!(lane.done(), Position(9));
}

#[test]
fn a_lane_that_begins_again_has_what_was_left_and_nothing_that_was_delivered() {
    let mut before = lane();
    let all = [change(4, 1), change(6, 2), change(8, 3)];
    offer(&mut before, &all, 0, 9);
    for (place, status) in [(0, 500), (1, 200)] {
        let position = before.begin(place, at(5)).unwrap().position();
        before.end(position, &answer(status), (at(6), 0));
    }
    let place = before.place();
    assert_eq!(place.after, 9);
    let mut lane = Lane::new((before.id, 2), Arc::clone(&before.terms), &place, 1);
    offer(&mut lane, &[change(10, 4)], 9, 10);
    assert_eq!((lane.waiting.len(), lane.read), (0, Position(9)), "first what was left");
    assert_eq!(
        (lane.place(), lane.done()),
        (place, Position(3)),
        "nothing of it is lost meanwhile"
    );
    lane.restore(&all, &owners(&[1, 2, 3]), |_| vec![0; 100]);
    let waiting: Vec<_> = lane.waiting.iter().map(|one| (one.position(), one.since)).collect();
    assert_eq!(waiting, [(4, Some(at(5))), (8, None)], "with the time of the first try");
    offer(&mut lane, &[change(10, 4)], 9, 10);
    assert_eq!((lane.waiting.len(), lane.read), (3, Position(10)));
}

#[test]
fn what_was_left_and_is_no_longer_permitted_is_not_sent() {
    let left = vec![Left { position: 4, since: None }];
    let first = lane();
    let place = Place { after: 9, left, ..first.place() };
    let mut lane = Lane::new((first.id, 2), Arc::clone(&first.terms), &place, 1);
    let elsewhere = Resource { agencies: vec!["H26".into()], ..Resource::default() };
    let subject = change(4, 1).subject;
    lane.restore(&[change(4, 1)], &Known::from([(subject, Arc::new(elsewhere))]), |_| Vec::new());
    assert_eq!((lane.waiting.len(), lane.done()), (0, Position(9)));
}

#[test]
fn a_full_lane_stays_behind_and_goes_on_where_it_ended() {
    let mut lane = lane();
    let many: Vec<Change> = (1..=100).map(|n| change(n, n.into())).collect();
    offer(&mut lane, &many, 0, 100);
    assert_eq!((lane.waiting.len(), lane.read), (WAITING_MAX, Position(64)));
    offer(&mut lane, &[change(101, 101)], 100, 101);
    assert_eq!(lane.read, Position(64), "a page further on is left alone");
    for position in 1..=10 {
        lane.begin(0, at(0));
        lane.end(position, &answer(200), (at(0), 0));
    }
    offer(&mut lane, &many[64..], 64, 100);
    assert_eq!((lane.waiting.len(), lane.read), (WAITING_MAX, Position(74)));
    let positions: Vec<u64> = lane.waiting.iter().map(Message::position).collect();
    assert_eq!(positions, (11..=74).collect::<Vec<u64>>());
}

#[test]
fn a_failed_message_is_sent_again_later_and_after_five_failures_one_alone_is_tried() {
    let mut lane = lane();
    offer(&mut lane, &[change(1, 1), change(2, 2), change(3, 3)], 0, 9);
    lane.begin(0, at(0));
    assert!(lane.end(1, &answer(500), (at(0), u32::MAX)).is_none());
    assert_eq!(lane.failing_since, Some(at(0)));
    assert_eq!(lane.due(at(1)), Due::Now(1), "other dossiers go on");
    for second in 1..=4 {
        let Due::Now(place) = lane.due(at(second * 100)) else { panic!("{second}") };
        let position = lane.begin(place, at(second * 100)).unwrap().position();
        lane.end(position, &TryResult::NoResponse(String::new()), (at(second * 100), 0));
    }
    assert!(matches!(lane.due(at(401)), Due::At(_)), "the breaker is open");
    let Due::Now(place) = lane.due(at(440)) else { panic!("it lets one through") };
    lane.begin(place, at(440));
    assert_eq!(lane.due(at(441)), Due::Nothing);
    let position = lane.waiting[place].position();
    assert!(lane.end(position, &answer(200), (at(442), 0)).is_some());
    assert_eq!(lane.failing_since, None);
}

#[test]
fn five_refusals_of_any_kind_open_the_breaker_and_an_outage_gives_no_message_up() {
    let mut lane = lane();
    let many: Vec<Change> = (1..=6).map(|n| change(n, n.into())).collect();
    offer(&mut lane, &many, 0, 9);
    for second in 1..=5 {
        let Due::Now(place) = lane.due(at(second)) else { panic!("{second}") };
        let position = lane.begin(place, at(second)).unwrap().position();
        lane.end(position, &answer(404), (at(second), u32::MAX));
    }
    assert!(matches!(lane.due(at(6)), Due::At(_)), "it answers, and takes nothing");
    let days = SignedDuration::from_hours(24 * 4).as_secs();
    let Due::Now(place) = lane.due(at(days)) else { panic!("it lets one through") };
    let position = lane.begin(place, at(days)).unwrap().position();
    assert!(lane.end(position, &answer(200), (at(days), 0)).is_some());
    let old = lane.waiting.iter().find(|message| message.since.is_some()).unwrap();
    assert_eq!(lane.refused_since(old), Some(at(days)), "its own outage does not count");
}

#[test]
fn a_receiver_that_asks_for_time_gets_it() {
    let mut lane = lane();
    offer(&mut lane, &[change(1, 1)], 0, 9);
    lane.begin(0, at(0));
    let retry_after = Some(SignedDuration::from_secs(120));
    lane.end(1, &TryResult::Response { status: 429, understood: false, retry_after }, (at(0), 0));
    assert_eq!(lane.due(at(1)), Due::At(at(120)));
}

#[test]
fn a_message_that_is_no_longer_permitted_leaves_the_lane_and_is_no_failure() {
    let mut lane = lane();
    offer(&mut lane, &[change(1, 1), change(2, 1)], 0, 9);
    lane.begin(0, at(0));
    assert!(lane.withhold(1, at(1)).is_some());
    assert_eq!((lane.failing_since, lane.due(at(1))), (None, Due::Now(0)));
}

#[test]
fn nothing_is_taken_before_the_address_is_verified() {
    let mut lane = lane();
    lane.challenge = Some(Challenge::new(1, String::new(), at(0)));
    offer(&mut lane, &[change(1, 1)], 0, 9);
    assert_eq!((lane.waiting.len(), lane.read), (0, Position(0)));
}
