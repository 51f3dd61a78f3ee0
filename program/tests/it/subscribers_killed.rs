//! The real binary, killed in the middle of deliveries: no message is lost, and those that come
//! again have the ids of before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::receiver::{Message, Mood, Receiver};
use crate::support::{Browser, energy_label, token};

const KILLS: usize = 6;
const OPTIONS: [&str; 3] = ["--subscriber-http", "--subscriber-network", "127.0.0.0/8"];
/// Time limit of each wait.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds().await {
        assert!(Instant::now() < end, "{what}");
        tokio::task::yield_now().await;
    }
}

/// A subscriber at this receiver, once its address is verified.
async fn verified(browser: &Browser, token: &str, receiver: &Receiver) -> String {
    let body = json!({ "name": "portal", "url": receiver.address(), "kinds": ["intake.*"] });
    let made = browser.post("/v1/subscribers", token, "", body).await.granted();
    let address = format!("/v1/subscribers/{}", made["subscriber"].as_str().unwrap());
    until("the address is not verified", async || {
        browser.get(&address, token).await.granted()["status"] == "active"
    })
    .await;
    address
}

/// The changes of dossiers after a cursor, in the order of the log.
async fn changes(browser: &Browser, token: &str, cursor: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), cursor.to_owned());
    loop {
        let address = format!("/v1/changes?kinds=intake.*&limit=100&after={after}");
        let page = browser.get(&address, token).await.granted();
        let changes = page["changes"].as_array().unwrap();
        if changes.is_empty() {
            return all;
        }
        all.extend(changes.iter().cloned());
        page["cursor"].as_str().unwrap().clone_into(&mut after);
    }
}

/// The events of messages, by the id of the message.
fn events(messages: &[Message]) -> BTreeMap<String, BTreeSet<String>> {
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in messages {
        let event = message.body["id"].as_str().unwrap().to_owned();
        events.entry(event).or_default().insert(message.id.clone());
    }
    events
}

/// Submits dossiers until the process is gone.
async fn submits(browser: Browser, applicant: String, body: Value, name: String) {
    for n in 0.. {
        let (authorization, key) = (format!("Bearer {applicant}"), format!("{name}-{n}"));
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", &*key),
        ];
        let sent = browser.send(Method::POST, "/v1/dossiers", &headers, body.to_string().into());
        if sent.await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_lost_when_the_sender_is_killed_and_what_comes_again_has_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let clerk = token(&key, Role::Clerk, "clerk-1", "G02");
    let (works, picky) = (Receiver::open().await, Receiver::open().await);
    picky.becomes(Mood::RefusesFirst);
    let process = Process::start_with(folder.path(), &OPTIONS);
    let shop = token(&key, Role::Applicant, "shop", "");
    let body = energy_label(&process.browser, &shop).await;
    verified(&process.browser, &clerk, &works).await;
    let of_picky = verified(&process.browser, &clerk, &picky).await;
    let start = process.browser.get("/v1/changes?kinds=intake.*", &clerk).await.granted();
    let start = start["cursor"].as_str().unwrap();
    let mut running = Some(process);
    for round in 0..KILLS {
        let process =
            running.take().unwrap_or_else(|| Process::start_with(folder.path(), &OPTIONS));
        let mut clients = JoinSet::new();
        for client in 0..3 {
            // One applicant may not send more steps in a minute.
            let applicant = token(&key, Role::Applicant, "shop", "");
            let name = format!("{round}-{client}");
            clients.spawn(submits(process.browser.clone(), applicant, body.clone(), name));
        }
        // Each round is killed after another number of messages.
        let enough = works.messages().len() + 1 + round * 3;
        until("nothing is delivered", async || works.messages().len() >= enough).await;
        process.kill();
        clients.join_all().await;
    }
    let process = Process::start_with(folder.path(), &OPTIONS);
    let browser = &process.browser;
    let expected = changes(browser, &clerk, start).await;
    assert!(expected.len() > KILLS, "{}", expected.len());
    for receiver in [&works, &picky] {
        until("a message is lost", async || {
            let got = events(&receiver.messages());
            expected.iter().all(|change| got.contains_key(change["id"].as_str().unwrap()))
        })
        .await;
        let got = events(&receiver.messages());
        assert!(got.values().all(|ids| ids.len() == 1), "an event has one id: {got:?}");
        let ids: BTreeSet<&String> = got.values().flatten().collect();
        assert_eq!(ids.len(), got.len(), "and no two events the same");
        in_order(&receiver.messages(), &expected);
    }
    only_what_failed_comes_again(process, (folder.path(), &clerk, &shop), &picky, &of_picky, &body)
        .await;
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let report = program::check(&store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// The first messages about each dossier came in the order of the log.
fn in_order(messages: &[Message], expected: &[Value]) {
    let mut seen = BTreeSet::new();
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for message in messages {
        let id = message.body["id"].as_str().unwrap();
        if seen.insert(id) {
            of.entry(message.body["subject"].as_str().unwrap()).or_default().push(id);
        }
    }
    for (subject, got) in of {
        let in_log = expected.iter().filter(|change| change["subject"] == subject);
        let in_log: Vec<&str> = in_log.map(|change| change["id"].as_str().unwrap()).collect();
        assert_eq!(got, in_log, "{subject}");
    }
}

/// A receiver that refuses one message gets that one again after a kill, and none of the many that
/// it has taken since.
async fn only_what_failed_comes_again(
    process: Process,
    (folder, clerk, shop): (&std::path::Path, &str, &str),
    picky: &Receiver,
    subscriber: &str,
    body: &Value,
) {
    // What became of messages is written together with how far they are.
    let deliveries = format!("{subscriber}/deliveries?limit=100");
    until("what was delivered is not written", async || {
        let rows = process.browser.get(&deliveries, clerk).await.granted();
        let rows = rows.as_array().unwrap();
        let taken: BTreeSet<String> = picky.messages().into_iter().map(|one| one.id).collect();
        let done = rows.iter().filter(|row| row["state"] == "delivered" && !row["event"].is_null());
        done.count() + 1 >= taken.len().min(99)
    })
    .await;
    process.kill();
    let before = picky.messages();
    let process = Process::start_with(folder, &OPTIONS);
    process.browser.post("/v1/dossiers", shop, "", body.clone()).await.granted();
    let known: BTreeSet<&String> = before.iter().map(|message| &message.id).collect();
    let again = || -> Vec<Message> { picky.messages()[before.len()..].to_vec() };
    until("the new dossier is not delivered", async || {
        again().iter().any(|message| !known.contains(&message.id))
    })
    .await;
    let repeated: BTreeSet<String> = again().into_iter().map(|message| message.id).collect();
    let repeated: Vec<&String> = repeated.iter().filter(|id| known.contains(id)).collect();
    assert!(repeated.iter().all(|id| **id == before[0].id), "{repeated:?}");
    process.kill();
}
