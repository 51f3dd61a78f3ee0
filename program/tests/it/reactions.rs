//! Reactions: every event twice and in any order ends in the same.

use std::collections::BTreeSet;

use dossier::contract::{Envelope, EventSet, Role};
use dossier::delivery::DossierResult;
use dossier::intake::Intake;
use dossier::payment::Payment;
use dossier::review::Review;
use dossier::step::Incoming;
use dossier::{Decision, Facts, State, Subscription};
use engine::tasks::{Retry, try_again};
use events::{EventStore, Expected, Filter, NewEvent, Position, Recorded, StreamName};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use uuid::Uuid;

use crate::life::{pay, submitted, take};
use crate::support::{Office, at, dossier, postgres_url, printed};

/// Delivers events to a service in an order, again and again until none waits, and gives the state in the end.
fn deliver<S: State>(office: &Office, own: &[Recorded], order: &[&Recorded]) -> S {
    let mut stream = Stream::<S> { state: S::default(), seen: BTreeSet::new(), version: 0 };
    let mut waiting: Vec<&Recorded> = order.to_vec();
    let mut steps = own.iter();
    loop {
        let before = waiting.len();
        waiting.retain(|event| !react(office, &mut stream, event));
        // The service's own steps come in their own order, each once all that could react has.
        let stepped = steps.next().is_some_and(|event| {
            let decoded = S::Event::decode(&event.kind, &event.data).unwrap();
            stream.take(&decoded, serde_json::from_str(&event.meta).unwrap());
            true
        });
        if !stepped && waiting.len() == before {
            return stream.state;
        }
    }
}

struct Stream<S> {
    state: S,
    seen: BTreeSet<Uuid>,
    version: u64,
}

impl<S: State> Stream<S> {
    fn take(&mut self, event: &S::Event, envelope: Envelope) {
        self.version += 1;
        let id = Uuid::from_u128(u128::from(self.version));
        self.state.evolve(event, &dossier::contract::Meta { id, version: self.version, envelope });
    }
}

/// Whether the event was handled; false if it must wait.
fn react<S: State>(office: &Office, stream: &mut Stream<S>, event: &Recorded) -> bool {
    let envelope: Envelope = serde_json::from_str(&event.meta).unwrap();
    let incoming =
        Incoming { id: event.id, kind: &event.kind, data: &event.data, envelope: &envelope };
    for follow in Subscription::<S>::react(&incoming).unwrap() {
        let command = Uuid::new_v5(&event.id, follow.command.step().name.as_bytes());
        if stream.seen.contains(&command) {
            continue;
        }
        let law = office.engine.law();
        let under = stream.state.received_under().or(follow.received_under());
        let facts = Facts {
            at: envelope.at,
            command,
            actor: &envelope.actor,
            law: &law,
            rule: under.and_then(|(procedure, agency)| law.rule(procedure, agency, envelope.at)),
            elsewhere: &[],
        };
        match follow.command.decide(&stream.state, &facts).map(Decision::into_events) {
            Ok(Some(events)) => {
                stream.seen.insert(command);
                for event in events {
                    stream.take(&event, envelope.clone());
                }
            }
            Ok(None) => return false,
            Err(error) => panic!("{error}"),
        }
    }
    true
}

async fn history() -> (Office, Vec<Recorded>) {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let clerk = office.clerk();
    pay(&mut office, &certificate).await;
    take(&mut office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    take(&mut office, &certificate.at("dossiers"), "withdrawal", &certificate.applicant, json!({}))
        .await
        .granted();
    let page =
        office.engine.store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
    let events = page.events.iter().map(|event| (**event).clone()).collect();
    (office, events)
}

/// An applicant who is asked by the clerk, after acceptance, and answers.
async fn supplemented() -> (Office, Vec<Recorded>) {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let clerk = office.clerk();
    pay(&mut office, &certificate).await;
    let dossiers = certificate.at("dossiers");
    take(&mut office, &dossiers, "acceptance", &clerk, json!({})).await.granted();
    let reviewer = office.token(Role::Reviewer, "reviewer-1", "G02");
    let missing = json!({ "components": ["invoice"], "reason": "not legible" });
    take(&mut office, &dossiers, "supplement-requests", &clerk, missing).await.granted();
    let review = office.browser.get(&certificate.at("reviews"), &reviewer).await.granted();
    assert_eq!(review["stage"], "paused", "{review}");
    let document = office.browser.upload(&certificate.applicant, "again").await;
    let again = json!({ "documents": [
        { "component": "invoice", "document": document, "file_name": "b.pdf" }
    ] });
    take(&mut office, &dossiers, "supplements", &certificate.applicant, again).await.granted();
    let review = office.browser.get(&certificate.at("reviews"), &reviewer).await.granted();
    assert_eq!(review["stage"], "open", "{review}");
    let page =
        office.engine.store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
    let events = page.events.iter().map(|event| (**event).clone()).collect();
    (office, events)
}

#[tokio::test]
async fn a_clerks_own_request_pauses_the_review_in_every_order_of_deliveries() {
    let (office, events) = supplemented().await;
    check::<Review>(&office, &events, |review| format!("{:?} {}", review.stage, review.answered));
}

#[tokio::test]
async fn a_withdrawal_leaves_no_result_in_whatever_order_it_is_known() {
    let (office, events) = history().await;
    check::<DossierResult>(&office, &events, |result| format!("{:?}", result.stage()));
}

/// Shuffled deliveries, each event up to three times.
fn check<S: State>(office: &Office, events: &[Recorded], same: impl Fn(&S) -> String) {
    let subscribed = |kind: &str| S::SUBSCRIPTIONS.iter().any(|to| to.kind() == kind);
    let listened: Vec<&Recorded> = events.iter().filter(|event| subscribed(&event.kind)).collect();
    assert!(!listened.is_empty(), "nothing to shuffle");
    let expected = same(&deliver::<S>(office, &[], &listened));
    let thrice: Vec<usize> = (0..listened.len() * 3).map(|n| n % listened.len()).collect();
    let mut runner = TestRunner::deterministic();
    let shuffled = Just(thrice).prop_shuffle();
    runner
        .run(&shuffled, |order| {
            let order: Vec<&Recorded> = order.iter().map(|index| listened[*index]).collect();
            prop_assert_eq!(same(&deliver::<S>(office, &[], &order)), expected.clone());
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn every_order_and_number_of_deliveries_ends_in_the_same() {
    let (office, events) = history().await;
    check::<Payment>(&office, &events, |payment| {
        format!("{:?} {:?}", payment.assessed().map(|a| a.total), payment.receipts)
    });
    check::<Review>(&office, &events, |review| format!("{:?}", review.stage));
}

#[tokio::test]
async fn a_settlement_that_arrives_before_the_submission_waits_for_it() {
    let (office, events) = history().await;
    let own: Vec<Recorded> = events
        .iter()
        .filter(|event| &*event.kind == "intake.DossierSubmitted.v1")
        .cloned()
        .collect();
    let settled: Vec<&Recorded> =
        events.iter().filter(|event| &*event.kind == "payment.FeeSettled.v1").collect();
    assert_eq!((own.len(), settled.len()), (1, 1));
    let intake = deliver::<Intake>(&office, &own, &settled);
    assert!(intake.fee.received_at().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_lists_what_was_given_up_and_has_it_tried_again_from_the_command_line() {
    cluster::needs!(cluster::postgres());
    let url = postgres_url();
    let store = EventStore::open(&url).await.unwrap();
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let (id, kind) = (Uuid::from_u128(1), "payment.FeeSettled.v1".into());
    let unreadable = NewEvent { id, kind, data: "{}".to_owned(), meta: "{}".to_owned() };
    let stream = StreamName::new("payment-unreadable").unwrap();
    office.engine.store.append(&stream, Expected::NoStream, vec![unreadable]).await.unwrap();
    office.wait_until("2026-11-21T10:00").await;
    let folder = tempfile::tempdir().unwrap();
    // What the command records is of the office's time, not of the machine's.
    let ended = office.engine.clock.now().to_string();
    std::fs::write(folder.path().join("virtual-time-ended-at"), ended).unwrap();
    let letters = |more: &[&str]| {
        let base = ["bus", "dead-letters", "--store", &url];
        dossier(folder.path(), &[&base, more].concat())
    };
    let listed = printed(&letters(&["--service", "intake"]));
    assert!(listed.contains("\"kind\":\"payment.FeeSettled.v1\""), "{listed}");
    assert!(
        !letters(&["--position", "1", "--replay"]).status.success(),
        "nothing was given up there"
    );
    assert_eq!(printed(&letters(&["--service", "review"])), "");
    let replayed = printed(&letters(&["--replay"]));
    assert!(replayed.contains("\"replayed\":true"), "{replayed}");
    assert_eq!(printed(&letters(&[])), "");
    office.settle().await;
    assert!(office.dead_letters().await.is_empty(), "it waits for another day");
}

#[tokio::test]
async fn an_event_that_nobody_can_handle_is_given_up_after_a_day_and_holds_nothing_up() {
    let mut office = Office::open().await;
    let unreadable = NewEvent {
        id: Uuid::from_u128(1),
        kind: "payment.FeeSettled.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    };
    let stream = StreamName::new("payment-unreadable").unwrap();
    office.engine.store.append(&stream, Expected::NoStream, vec![unreadable]).await.unwrap();
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let dossier = office.browser.get(&certificate.at("dossiers"), &certificate.applicant).await;
    assert_eq!(dossier.granted()["fee_received"], true, "held up by another dossier's event");
    assert!(office.dead_letters().await.is_empty());
    office.wait_until("2026-11-21T10:00").await;
    let dead = office.dead_letters().await;
    let letters: Vec<_> = dead.iter().map(|l| (&*l.service, &*l.kind, &*l.stream)).collect();
    assert_eq!(letters, [("intake", "payment.FeeSettled.v1", "payment-unreadable")]);

    // An operator has it tried again: that lasts another day, and then it is given up once more.
    let (store, now) = (&office.engine.store, office.engine.clock.now());
    assert_eq!(dead[0].given_up_at.map(|at| at <= now), Some(true));
    let retry = Retry { id: Uuid::from_u128(2), by: Some("operator-1".to_owned()), at: now };
    assert!(try_again(store, "intake", dead[0].position, &retry).await.unwrap());
    assert!(try_again(store, "intake", dead[0].position, &retry).await.unwrap(), "repeated");
    let other = Retry { id: Uuid::from_u128(3), ..retry };
    assert!(!try_again(store, "intake", dead[0].position, &other).await.unwrap(), "not waiting");
    assert!(!try_again(store, "intake", Position(1), &other).await.unwrap());
    office.wait_until("2026-11-21T11:00").await;
    assert!(office.dead_letters().await.is_empty());
    office.wait_until("2026-11-22T12:00").await;
    let again = office.dead_letters().await;
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].stream, again[0].position), (&dead[0].stream, dead[0].position));
    assert!(again[0].given_up_at > dead[0].given_up_at, "{again:?}");
}
