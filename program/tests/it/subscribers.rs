//! Subscribers through HTTP: challenge, signed messages, rights, replays, and receivers that fail.

use std::collections::BTreeSet;

use dossier::contract::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::life::submitted;
use crate::support::receiver::{self, Message, Mood, Receiver};
use crate::support::{self, Answer, Office};

const SUBSCRIBERS: &str = "/v1/subscribers";

async fn subscribe(office: &Office, token: &str, address: &str) -> Answer {
    let body = json!({ "name": "portal", "url": address, "kinds": ["intake.*"] });
    office.browser.post(SUBSCRIBERS, token, "", body).await
}

/// A subscriber that is verified, with its secret.
async fn verified(office: &mut Office, token: &str, receiver: &Receiver) -> Value {
    let made = subscribe(office, token, &receiver.address()).await.granted();
    assert_eq!(made["status"], "unverified");
    office.settle().await;
    let shown = shown(office, token, &made).await;
    assert_eq!(shown["status"], "active", "{shown}");
    made
}

fn at(subscriber: &Value) -> String {
    format!("{SUBSCRIBERS}/{}", subscriber["subscriber"].as_str().unwrap())
}

async fn shown(office: &Office, token: &str, subscriber: &Value) -> Value {
    office.browser.get(&at(subscriber), token).await.granted()
}

async fn deliveries(office: &Office, token: &str, subscriber: &Value) -> Vec<Value> {
    let address = format!("{}/deliveries", at(subscriber));
    let rows = office.browser.get(&address, token).await.granted();
    rows.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_verified_receiver_gets_what_the_change_feed_has_signed_and_in_order() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    let secret = subscriber["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    assert_eq!(shown(&office, &clerk, &subscriber).await["secret"], Value::Null, "shown once");
    let before = office.browser.get("/v1/changes?kinds=intake.*", &clerk).await.granted();

    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let cursor = before["cursor"].as_str().unwrap();
    let feed = format!("/v1/changes?kinds=intake.*&after={cursor}");
    let feed = office.browser.get(&feed, &clerk).await.granted();
    let messages = receiver.messages();
    let bodies: Vec<&Value> = messages.iter().map(|message| &message.body).collect();
    let expected: Vec<&Value> = feed["changes"].as_array().unwrap().iter().collect();
    assert!(!expected.is_empty());
    assert_eq!(bodies, expected);
    assert!(messages.iter().all(|message| message.is_signed_by(secret)), "each is signed");
    let rows = deliveries(&office, &clerk, &subscriber).await;
    assert_eq!(rows.len(), messages.len() + 1, "and the challenge");
    assert!(rows.iter().all(|row| row["state"] == "delivered"), "{rows:?}");
}

#[tokio::test]
async fn an_independent_library_verifies_messages_and_refuses_changed_ones() {
    cluster::needs!(cluster::tools::node_packages());
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    let rotate = format!("{}/secrets", at(&subscriber));
    let rotated = office.browser.post(&rotate, &clerk, "", json!({})).await.granted();
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let message = receiver.messages().pop().unwrap();
    let (former, new) = (&subscriber["secret"], &rotated["secret"]);
    let mut changed = message.signed(new);
    changed["body"] = json!(changed["body"].as_str().unwrap().replace("intake", "review"));
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let all = [message.signed(new), message.signed(former), changed, message.signed(&json!(other))];
    let wrong = json!("No matching signature found");
    assert_eq!(receiver::verified(&all), [json!(true), json!(true), wrong.clone(), wrong]);
}

#[tokio::test]
async fn nothing_is_sent_to_a_receiver_that_does_not_answer_the_challenge() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    receiver.becomes(Mood::Ignores);
    let made = subscribe(&office, &clerk, &receiver.address()).await.granted();
    office.settle().await;
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    assert_eq!(shown(&office, &clerk, &made).await["status"], "unverified");
    assert_eq!(receiver.messages().len(), 0);
    let rows = deliveries(&office, &clerk, &made).await;
    let result = rows[0]["tries"][0]["result"].as_str().unwrap();
    assert_eq!(result, "status 200; the challenge is not in the answer");
    receiver.becomes(Mood::Works);
    office.wait_until("2026-11-20T09:05").await;
    assert_eq!(shown(&office, &clerk, &made).await["status"], "active");
}

#[tokio::test]
async fn addresses_that_may_not_be_called_are_refused_and_redirects_not_followed() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    for address in
        ["https://10.0.0.1/", "http://[::1]/", "ftp://a.example/", "https://u@a.example/"]
    {
        let refused = subscribe(&office, &clerk, address).await;
        assert_eq!(refused.refused(), (422, "address-not-permitted"), "{address}");
    }
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    receiver.becomes(Mood::Redirects);
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let rows = deliveries(&office, &clerk, &subscriber).await;
    assert_eq!(rows[0]["state"], "waiting");
    let result = rows[0]["tries"][0]["result"].as_str().unwrap();
    assert_eq!(result, "status 302; redirects are not followed");
    assert_eq!(receiver.elsewhere(), 0, "the address of the redirect was not called");
}

#[tokio::test]
async fn a_message_that_failed_is_sent_again_with_the_same_id_and_a_replay_too() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    receiver.becomes(Mood::Fails);
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let failed = receiver.messages();
    receiver.becomes(Mood::Works);
    office.wait_until("2026-11-20T09:30").await;
    let rows = deliveries(&office, &clerk, &subscriber).await;
    assert!(rows.iter().all(|row| row["state"] == "delivered"), "{rows:?}");
    let first = receiver.messages()[failed.len()..][0].id.clone();
    assert_eq!(failed[0].id, first);

    let count = receiver.messages().len();
    let oldest = rows.iter().rev().find(|row| row["event"] != Value::Null).unwrap();
    let body = json!({ "after": oldest["replay_after"] });
    let address = format!("{}/replays", at(&subscriber));
    office.browser.post(&address, &clerk, "", body).await.granted();
    office.settle().await;
    let again: Vec<String> =
        receiver.messages()[count..].iter().map(|message| message.id.clone()).collect();
    assert_eq!(again.first(), Some(&first));
}

#[tokio::test]
async fn two_secrets_sign_for_a_day_after_one_was_replaced() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    let address = format!("{}/secrets", at(&subscriber));
    let rotated = office.browser.post(&address, &clerk, "", json!({})).await.granted();
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let message = receiver.messages().pop().unwrap();
    for secret in [&subscriber["secret"], &rotated["secret"]] {
        assert!(message.is_signed_by(secret.as_str().unwrap()));
    }
    office.wait_until("2026-11-21T09:30").await;
    submitted(&mut office, "a2", "download").await;
    office.settle().await;
    let message = receiver.messages().pop().unwrap();
    assert!(message.is_signed_by(rotated["secret"].as_str().unwrap()));
    assert!(!message.is_signed_by(subscriber["secret"].as_str().unwrap()));
}

#[tokio::test]
async fn a_subscriber_gets_what_its_maker_may_read_and_nothing_else() {
    let mut office = Office::open().await;
    let elsewhere = office.token(Role::Clerk, "clerk-9", "H26");
    let (own, other) = (office.applicant("a1"), office.applicant("a2"));
    let receivers = [Receiver::open().await, Receiver::open().await, Receiver::open().await];
    for (token, receiver) in [&elsewhere, &own, &other].into_iter().zip(&receivers) {
        verified(&mut office, token, receiver).await;
    }
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let counts = receivers.map(|receiver| receiver.messages().len());
    assert_eq!((counts[0], counts[2]), (0, 0));
    assert!(counts[1] > 0);
}

#[tokio::test]
async fn a_dead_receiver_delays_no_other_and_is_disabled_after_five_days() {
    let mut office = Office::open().await;
    let (clerk, dead, alive) = (office.clerk(), Receiver::open().await, Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &dead).await;
    verified(&mut office, &clerk, &alive).await;
    dead.becomes(Mood::HangsUp);
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    assert!(!alive.messages().is_empty());
    let failing = shown(&office, &clerk, &subscriber).await;
    assert_eq!(failing["failing_since"], "2026-11-20T02:00:00Z", "notice before it is disabled");
    let begun = office.engine.clock.now();
    office.wait_until_instant(begun + SignedDuration::from_hours(24 * 5 + 2)).await;
    let shown = shown(&office, &clerk, &subscriber).await;
    assert_eq!(
        (&shown["status"], &shown["disabled_because"]),
        (&json!("disabled"), &json!("failing"))
    );
    submitted(&mut office, "a2", "download").await;
    enable(&mut office, &clerk, &subscriber).await;
    let shown = self::shown(&office, &clerk, &subscriber).await;
    assert_eq!(shown["status"], "active", "one more failure is not five days of them");
    dead.becomes(Mood::Works);
    let begun = office.engine.clock.now();
    office.wait_until_instant(begun + SignedDuration::from_mins(30)).await;
    let ids = |messages: &[Message]| -> BTreeSet<String> {
        messages.iter().map(|message| message.id.clone()).collect()
    };
    let missed: Vec<Value> = alive.messages().into_iter().map(|message| message.body).collect();
    let got: Vec<Value> = dead.messages().into_iter().map(|message| message.body).collect();
    assert!(missed.iter().all(|change| got.contains(change)), "it goes on where it ended");

    let before = dead.messages();
    let replay = format!("{}/replays", at(&subscriber));
    let rows = deliveries(&office, &clerk, &subscriber).await;
    let oldest = rows.iter().rev().find(|row| row["event"] != Value::Null).unwrap();
    let body = json!({ "after": oldest["replay_after"] });
    office.browser.post(&replay, &clerk, "", body).await.granted();
    let begun = office.engine.clock.now();
    office.wait_until_instant(begun + SignedDuration::from_mins(1)).await;
    let again = dead.messages()[before.len()..].to_vec();
    assert_eq!(ids(&again), ids(&before), "the same messages with the same ids");
}

async fn enable(office: &mut Office, token: &str, subscriber: &Value) {
    let address = format!("{}/enablement", at(subscriber));
    office.browser.post(&address, token, "", json!({})).await.granted();
    office.settle().await;
}

/// The transfer of a dossier of an energy label to another agency.
async fn transferred(office: &mut Office, dossier: &str, etag: &str) {
    let clerk = office.token(Role::Clerk, "clerk-5", "G02.002");
    let to = json!({ "to": "G02.003", "reason": "Thuộc thẩm quyền của cơ quan khác" });
    let address = format!("{dossier}/transfer");
    office.browser.post(&address, &clerk, etag, to).await.granted();
    office.settle().await;
}

#[tokio::test]
async fn an_agency_that_loses_a_dossier_gets_no_more_of_it_not_even_what_waits() {
    let mut office = Office::open().await;
    let former = office.token(Role::Clerk, "clerk-2", "G02.002");
    let new = office.token(Role::Clerk, "clerk-3", "G02.003");
    let (of_former, of_new) = (Receiver::open().await, Receiver::open().await);
    let subscriber = verified(&mut office, &former, &of_former).await;
    verified(&mut office, &new, &of_new).await;
    of_former.becomes(Mood::Fails);
    let applicant = office.applicant("shop");
    let (dossier, etag) = support::submitted(&office.browser, &applicant).await;
    office.settle().await;
    let tried = of_former.messages().len();
    assert!(tried > 0 && of_new.messages().is_empty());
    transferred(&mut office, &dossier, &etag).await;
    of_former.becomes(Mood::Works);
    office.wait_until("2026-11-20T09:30").await;
    assert_eq!(of_former.messages().len(), tried, "nothing after it has lost the dossier");
    let rows = deliveries(&office, &former, &subscriber).await;
    assert!(rows.iter().all(|row| row["event"].is_null()), "nothing is shown of it: {rows:?}");
    let withheld = rows.iter().filter(|row| row["state"] == "withheld");
    assert!(withheld.clone().all(|row| row["subject"].is_null() && row["kind"] == "withheld"));
    assert_eq!(withheld.count(), tried);
    assert!(!of_new.messages().is_empty(), "the agency that has it now gets its changes");
}

#[tokio::test]
async fn rights_that_nobody_confirms_for_a_year_lapse_and_nothing_is_sent_any_more() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    office.wait_until("2027-11-20T09:01").await;
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    assert!(receiver.messages().is_empty());
    let shown = shown(&office, &clerk, &subscriber).await;
    assert_eq!(shown["disabled_because"], "rights_lapsed", "{shown}");
    enable(&mut office, &clerk, &subscriber).await;
    assert!(!receiver.messages().is_empty(), "confirmed, it goes on where it ended");
}

#[tokio::test]
async fn the_metrics_count_deliveries_failures_and_subscribers() {
    let mut office = Office::open().await;
    let (clerk, works, fails) = (office.clerk(), Receiver::open().await, Receiver::open().await);
    verified(&mut office, &clerk, &works).await;
    let gone = verified(&mut office, &clerk, &fails).await;
    fails.becomes(Mood::Fails);
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let metrics = office.browser.raw("/metrics", "", "*/*").await.2;
    let metrics = String::from_utf8(metrics).unwrap();
    for line in [
        "dossier_subscribers{state=\"active\"} 1",
        "dossier_subscribers{state=\"failing\"} 1",
        "dossier_subscribers{state=\"disabled\"} 0",
        "dossier_subscriber_lag 0",
        "dossier_subscribers_suspended_total 0",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line}: {metrics}");
    }
    let count = |metrics: &str, name: &str| -> usize {
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        value.trim().parse().unwrap()
    };
    let delivered = count(&metrics, "dossier_subscriber_deliveries_total");
    assert_eq!(delivered, works.messages().len());
    assert_eq!(count(&metrics, "dossier_subscriber_failures_total"), fails.messages().len());
    fails.becomes(Mood::Gone);
    office.wait_until("2026-11-20T09:30").await;
    assert_eq!(shown(&office, &clerk, &gone).await["disabled_because"], "gone");
}

#[tokio::test]
async fn a_receiver_that_is_gone_gets_nothing_more_and_another_person_cannot_enable_it() {
    let mut office = Office::open().await;
    let (clerk, receiver) = (office.clerk(), Receiver::open().await);
    let subscriber = verified(&mut office, &clerk, &receiver).await;
    receiver.becomes(Mood::Gone);
    submitted(&mut office, "a1", "download").await;
    office.settle().await;
    let shown = shown(&office, &clerk, &subscriber).await;
    assert_eq!(
        (&shown["status"], &shown["disabled_because"]),
        (&json!("disabled"), &json!("gone"))
    );
    let colleague = office.token(Role::Clerk, "clerk-2", "G02");
    let address = format!("{}/enablement", at(&subscriber));
    let refused = office.browser.post(&address, &colleague, "", json!({})).await;
    assert_eq!(refused.refused(), (403, "not-who-subscribed"));
    let address = format!("{}/end", at(&subscriber));
    let ended = office.browser.post(&address, &colleague, "", json!({})).await.granted();
    assert_eq!(ended["status"], "ended");
}
