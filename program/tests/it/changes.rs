//! The change feed through HTTP: long polls and event streams.

use dossier::contract::Role;
use dossier_client::Following;
use events::{EventStore, SqliteOptions};
use jiff::SignedDuration;
use platform::TimeSource;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;
use web::auth::{Claims, DevelopmentKey};
use web::limits::{CLOCK_LEEWAY, ServerLimits};

use stream::{A_MOMENT, Stream};

use crate::connections::{SOON, limited};
use crate::life::take;
use crate::mandates::{accepted, answered, client, person};
use crate::support::{Answer, Office, at, submitted};
use crate::ward::{DECIDER, OTHER, WARD, hanoi, received, transfer};

pub(crate) mod stream;

pub(crate) async fn changes(office: &Office, token: &str, query: &str) -> (Vec<Value>, String) {
    let answer = office.browser.get(&format!("/v1/changes{query}"), token).await.granted();
    let cursor = answer["cursor"].as_str().unwrap().to_owned();
    (answer["changes"].as_array().unwrap().clone(), cursor)
}

/// All changes from the beginning, page by page.
pub(crate) async fn all(office: &Office, token: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), "start".to_owned());
    loop {
        let (page, next) = changes(office, token, &format!("?limit=2&after={cursor}")).await;
        if page.is_empty() && next == cursor {
            return all;
        }
        all.extend(page);
        cursor = next;
    }
}

pub(crate) fn kinds(changes: &[Value]) -> Vec<&str> {
    changes.iter().map(|change| change["type"].as_str().unwrap()).collect()
}

/// The last part of an address.
fn id(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

/// A long poll in the background that has begun to wait.
pub(crate) async fn poll(office: &Office, token: &str, cursor: &str) -> JoinSet<Answer> {
    let (browser, token) = (office.browser.clone(), token.to_owned());
    let path = format!("/v1/changes?wait=30&after={cursor}");
    let mut polling = JoinSet::new();
    polling.spawn(async move { browser.get(&path, &token).await });
    assert!(timeout(A_MOMENT, polling.join_next()).await.is_err(), "it does not wait");
    polling
}

pub(crate) async fn finished(mut polling: JoinSet<Answer>) -> Answer {
    timeout(SOON, polling.join_next()).await.unwrap().unwrap().unwrap()
}

const SUBMITTED: &str = "intake.DossierSubmitted.v1";

#[tokio::test]
async fn a_long_poll_is_woken_by_a_step_and_goes_on_from_its_cursor() {
    let mut office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    office.settle().await;
    let (none, now) = changes(&office, &applicant, "").await;
    assert_eq!(none, Vec::<Value>::new());
    let polls = [poll(&office, &applicant, &now).await, poll(&office, &clerk, &now).await];
    let (dossier, _) = submitted(&office.browser, &applicant).await;
    office.views().await.unwrap();
    let mut cursors = Vec::new();
    for polling in polls {
        let answer = finished(polling).await.granted();
        let change = &answer["changes"][0];
        assert_eq!(change["type"], SUBMITTED);
        assert_eq!(change["specversion"], "1.0");
        assert_eq!(
            (&change["subject"], &change["dataref"]),
            (&json!(id(&dossier)), &json!(dossier))
        );
        assert_eq!(change["time"], "2026-11-20T02:00:00Z");
        assert_eq!(change["data"], Value::Null, "ids, kinds and times only");
        cursors.push(answer["cursor"].as_str().unwrap().to_owned());
    }
    let (again, cursor) = changes(&office, &applicant, &format!("?after={}", cursors[0])).await;
    assert_eq!((again, &cursor), (Vec::new(), &cursors[0]));
}

#[tokio::test]
async fn a_long_poll_without_a_change_is_empty_when_its_time_is_over_and_has_a_cursor() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    office.settle().await;
    let (_, now) = changes(&office, &applicant, "").await;
    let polling = poll(&office, &applicant, &now).await;
    office.wait_until("2026-11-20T09:01").await;
    let answer = finished(polling).await.granted();
    assert_eq!(answer["changes"], json!([]));
    submitted(&office.browser, &applicant).await;
    office.views().await.unwrap();
    let cursor = answer["cursor"].as_str().unwrap();
    let (missed, _) = changes(&office, &applicant, &format!("?after={cursor}")).await;
    assert_eq!(kinds(&missed)[0], SUBMITTED);
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_without_loss_and_without_doubles() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    office.settle().await;
    let mut stream = Stream::begin(&office, &applicant, "", &[]).await;
    let mut received = Vec::new();
    for round in 0..4 {
        for _ in 0..2 {
            submitted(&office.browser, &applicant).await;
            office.settle().await;
        }
        // Cut after one message of several.
        received.extend(stream.changes(1).await);
        let last_id = stream.last_id.clone().unwrap();
        drop(stream);
        let query = if round % 2 == 0 { "?after=start" } else { "" };
        stream = Stream::begin(&office, &applicant, query, &[("Last-Event-ID", &last_id)]).await;
    }
    let expected = all(&office, &applicant).await;
    let missing = expected.len() - received.len();
    received.extend(stream.changes(missing).await);
    assert_eq!(received, expected);
    assert_eq!(kinds(&received).iter().filter(|kind| **kind == SUBMITTED).count(), 8);
    assert!(stream.is_quiet().await);
}

#[tokio::test]
async fn changes_are_for_the_applicant_and_for_the_agency_with_those_above_it() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let (dossier, _) = submitted(&office.browser, &applicant).await;
    let clerk = office.clerk();
    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    accepted.granted();
    let own = all(&office, &applicant).await;
    assert!(kinds(&own).contains(&SUBMITTED) && kinds(&own).contains(&"intake.DossierAccepted.v1"));
    let of_dossier = |changes: &[Value]| {
        changes.iter().filter(|change| change["subject"] == id(&dossier)).count()
    };
    assert_eq!(of_dossier(&own), own.len());
    for (role, agency, receives_it) in [
        (Role::Clerk, "G02.002", true),
        (Role::Auditor, "G02", true),
        (Role::Operator, "", true),
        (Role::Clerk, "G02.001", false),
        (Role::Approver, "H26", false),
        (Role::ComplaintHandler, "G02", false),
        (Role::Consultee, "G02", false),
    ] {
        let seen = all(&office, &office.token(role, "somebody", agency)).await;
        let expected = if receives_it { own.len() } else { 0 };
        assert_eq!(of_dossier(&seen), expected, "{role:?} {agency}");
        assert!(kinds(&seen).iter().any(|kind| kind.starts_with("law.")), "{role:?}");
    }
    assert_eq!(all(&office, &office.applicant("a2")).await, Vec::<Value>::new());
    let representative = office.token_for(&[Role::Applicant], "r1", "", Some("a1"));
    assert_eq!(all(&office, &representative).await, own);
    let carrier = office.token(Role::Carrier, "vnpost", "");
    let refused = office.browser.get("/v1/changes", &carrier).await;
    assert_eq!(refused.refused(), (403, "role-forbidden"));
}

#[tokio::test]
async fn a_complaint_is_for_its_parties_and_not_for_the_officer_whose_act_it_is_about() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let (dossier, _) = submitted(&office.browser, &applicant).await;
    let clerk = office.clerk();
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let body = json!({
        "agency": "G02.002", "text": "It takes too long.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0912 345 678", "dossier": id(&dossier),
    });
    let filed = office.browser.post("/v1/complaints", &applicant, "", body).await.granted();
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    office.settle().await;
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.002");
    let note = json!({ "note": "The officer was ill." });
    take(&mut office, &complaint, "notes", &handler, note).await.granted();
    let about = |changes: Vec<Value>| {
        let about = changes.into_iter().filter(|change| change["dataref"] == complaint.as_str());
        let mut about: Vec<String> =
            about.map(|change| change["type"].as_str().unwrap().to_owned()).collect();
        about.sort();
        about
    };
    let (filed, noted) = ("feedback.ComplaintFiled.v1", "feedback.ComplaintNoted.v1");
    assert_eq!(about(all(&office, &handler).await), [filed, noted]);
    assert_eq!(about(all(&office, &applicant).await), [filed], "notes are internal");
    let officer = office.token(Role::ComplaintHandler, "clerk-1", "G02.002");
    assert_eq!(about(all(&office, &officer).await), Vec::<String>::new(), "their own act");

    // The handler of a complaint receives changes of its dossier, until the complaint is forwarded.
    let next = office.token(Role::ComplaintHandler, "h2", "G02.003");
    let of_dossier = async |office: &Office, token: &str| {
        let changes = all(office, token).await;
        changes.iter().any(|change| change["subject"] == id(&dossier))
    };
    assert!(of_dossier(&office, &handler).await && !of_dossier(&office, &next).await);
    let class = json!({ "class": "not_ours" });
    take(&mut office, &complaint, "classification", &handler, class).await.granted();
    let to = json!({ "to": "G02.003" });
    take(&mut office, &complaint, "forwarding", &handler, to).await.granted();
    assert!(!of_dossier(&office, &handler).await && of_dossier(&office, &next).await);
}

#[tokio::test]
async fn kinds_are_filtered_and_what_is_wrong_is_named_all_at_once() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    submitted(&office.browser, &applicant).await;
    office.settle().await;
    let (found, _) = changes(&office, &applicant, "?after=start&kinds=intake.*,law.*").await;
    assert!(!found.is_empty() && kinds(&found).iter().all(|kind| kind.starts_with("intake.")));
    let path = "/v1/changes?kinds=intake.Nothing.v1&wait=31&limit=0";
    let refused = office.browser.get(path, &applicant).await;
    assert_eq!(refused.refused(), (400, "query-invalid"));
    let mut wrong: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["parameter"].as_str().unwrap())
        .collect();
    wrong.sort_unstable();
    assert_eq!(wrong, ["kinds", "limit", "wait"]);
    assert!(refused.body.to_string().contains("intake.Nothing.v1"), "{}", refused.body);
}

#[tokio::test]
async fn one_caller_has_four_places_and_gets_one_back_when_a_stream_ends() {
    let office = Office::open().await;
    let (one, other) = (office.applicant("a1"), office.applicant("a2"));
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(Stream::begin(&office, &one, "", &[]).await);
    }
    let metrics = office.browser.get("/metrics", "").await.granted();
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("dossier_changes_followers 4\n"), "{metrics}");
    for path in ["/v1/changes", "/v1/changes?wait=30"] {
        let fifth = office.browser.get(path, &one).await;
        assert_eq!(fifth.refused(), (429, "too-many-at-once"));
        assert_eq!(fifth.header("retry-after"), "1");
    }
    changes(&office, &other, "").await;
    drop(streams.pop());
    let free = async {
        while office.browser.get("/v1/changes", &one).await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, free).await.unwrap();
}

#[tokio::test]
async fn a_cursor_that_is_none_is_a_400_and_one_of_another_log_a_410() {
    let (mut office, mut other) = (Office::open().await, Office::open().await);
    let applicant = office.applicant("a1");
    for office in [&mut office, &mut other] {
        office.settle().await;
    }
    let (_, foreign) = changes(&other, &applicant, "").await;
    let refused = office.browser.get(&format!("/v1/changes?after={foreign}"), &applicant).await;
    assert_eq!(refused.refused(), (410, "cursor-gone"));
    assert!(refused.body["title"].as_str().unwrap().contains("after=start"), "{}", refused.body);
    let (_, cursor) = changes(&office, &applicant, "").await;
    let cut = &cursor[..cursor.len() - 1];
    for malformed in ["x", "7", "Start", cut] {
        let path = format!("/v1/changes?after={malformed}");
        let refused = office.browser.get(&path, &applicant).await;
        assert_eq!(refused.refused(), (400, "query-invalid"), "{malformed}");
        assert_eq!(refused.body["errors"][0]["parameter"], "after");
    }
    for (last_id, status) in [("x", "400"), (&*foreign, "410")] {
        let mut stream = Stream::open(&office, &applicant, "", &[("Last-Event-ID", last_id)]).await;
        let head = stream.until("\r\n\r\n").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[tokio::test]
async fn a_cursor_after_the_end_of_a_log_that_was_restored_is_a_410() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        EventStore::sqlite(&folder.path().join(name), SqliteOptions::default()).unwrap()
    };
    let now = at("2026-11-20T09:00");
    drop(open("log"));
    std::fs::copy(folder.path().join("log"), folder.path().join("copy")).unwrap();
    let mut office = Office::open_with(open("log"), now).await;
    let applicant = office.applicant("a1");
    submitted(&office.browser, &applicant).await;
    office.settle().await;
    let (found, cursor) = changes(&office, &applicant, "?after=start").await;
    assert_eq!(kinds(&found)[0], SUBMITTED);
    let restored = Office::open_with(open("copy"), now).await;
    assert_eq!(restored.engine.store.id(), office.engine.store.id());
    let refused = restored.browser.get(&format!("/v1/changes?after={cursor}"), &applicant).await;
    assert_eq!(refused.refused(), (410, "cursor-gone"));
}

#[tokio::test]
async fn a_stream_shows_that_it_lives_and_ends_after_fifteen_minutes() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    office.settle().await;
    let mut stream = Stream::begin(&office, &applicant, "", &[]).await;
    assert!(stream.is_quiet().await);
    let now = at("2026-11-20T09:00");
    office.wait_until_instant(now + SignedDuration::from_secs(15)).await;
    stream.until(":\nid: ").await;
    stream.until("\n\n").await;
    assert!(stream.is_quiet().await, "it goes on");
    office.wait_until_instant(now + SignedDuration::from_mins(15)).await;
    stream.end().await;
}

#[tokio::test]
async fn who_waits_is_answered_when_the_server_stops() {
    let mut office = Office::open().await;
    let (one, other) = (office.applicant("a1"), office.applicant("a2"));
    office.settle().await;
    let mut stream = Stream::begin(&office, &one, "", &[]).await;
    let (_, cursor) = changes(&office, &other, "").await;
    let polling = poll(&office, &other, &cursor).await;
    office.stop().await;
    stream.end().await;
    let answer = finished(polling).await.granted();
    assert_eq!((&answer["changes"], &answer["cursor"]), (&json!([]), &json!(cursor)));
}

#[tokio::test]
async fn a_stream_outlasts_the_timeouts_of_idle_connections() {
    let short = A_MOMENT / 10;
    let limits =
        ServerLimits { head: short, proxy_idle: short, stalled: short, ..Default::default() };
    let mut office = Office::open_behind(limited(limits)).await;
    let applicant = office.applicant("a1");
    office.settle().await;
    let mut stream = Stream::begin(&office, &applicant, "", &[]).await;
    for _ in 0..8 {
        assert!(stream.is_quiet().await);
    }
    submitted(&office.browser, &applicant).await;
    office.views().await.unwrap();
    assert_eq!(kinds(&stream.changes(1).await), [SUBMITTED]);
}

#[tokio::test]
async fn waiting_is_not_work_and_each_poll_of_an_applicant_is_a_read() {
    let mut office = Office::open_limited("officer: { in_flight: 1 }").await;
    let clerk = office.clerk();
    office.settle().await;
    let (_, cursor) = changes(&office, &clerk, "").await;
    let polling = poll(&office, &clerk, &cursor).await;
    office.browser.get("/v1/register/work", &clerk).await.granted();
    drop(polling);

    let office = Office::open_limited("applicant: { reads: { count: 2, seconds: 60 } }").await;
    let applicant = office.applicant("a1");
    for _ in 0..2 {
        changes(&office, &applicant, "").await;
    }
    let third = office.browser.get("/v1/changes", &applicant).await;
    assert_eq!(third.refused(), (429, "quota-exceeded"));
}

#[tokio::test]
async fn a_client_that_is_far_behind_reads_the_log_and_one_at_its_end_does_not_wait_for_it() {
    let mut office = Office::open().await;
    let (busy, quiet) = (office.applicant("a1"), office.applicant("a2"));
    submitted(&office.browser, &quiet).await;
    office.settle().await;
    let (_, old) = changes(&office, &quiet, "").await;
    for _ in 0..3 {
        submitted(&office.browser, &busy).await;
        office.settle().await;
    }
    // Memory begins after the client's cursor.
    let (none, _) = changes(&office, &busy, "").await;
    assert!(none.is_empty());
    let (none, _) = changes(&office, &quiet, &format!("?after={old}")).await;
    assert!(none.is_empty());
    assert_eq!(kinds(&all(&office, &quiet).await)[0], SUBMITTED);
    let of_busy = all(&office, &busy).await;
    assert_eq!(kinds(&of_busy).iter().filter(|kind| **kind == SUBMITTED).count(), 3);
}

#[tokio::test]
async fn the_client_follows_from_a_stored_cursor() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let client = office.browser.caller(&applicant);
    let (first, _) = submitted(&office.browser, &applicant).await;
    office.settle().await;
    let mut following = Following::after(&client, Some("start")).kinds(&["intake.*"]);
    let changes = following.next().await.unwrap();
    assert_eq!((&*changes[0].r#type, &*changes[0].dataref), (SUBMITTED, &*first));
    let cursor = following.cursor().unwrap().to_owned();
    let (second, _) = submitted(&office.browser, &applicant).await;
    office.settle().await;
    let mut again = Following::after(&client, Some(&cursor)).kinds(&["intake.*"]);
    let changes = again.next().await.unwrap();
    assert_eq!((&*changes[0].r#type, &*changes[0].dataref), (SUBMITTED, &*second));
    let lost = Following::after(&client, Some("x")).next().await.unwrap_err();
    assert_eq!(lost.status().unwrap(), 400);
}

#[tokio::test]
async fn an_agency_that_transferred_a_dossier_receives_none_of_its_changes_any_more() {
    let mut office = hanoi().await;
    let dossier = received(&mut office, "citizen-1").await;
    let clerk_of = |agency| (agency, office.token(Role::Clerk, &format!("feed-{agency}"), agency));
    let clerks = [DECIDER, OTHER, WARD].map(clerk_of);
    let seen = async |office: &Office| {
        let mut seen = Vec::new();
        for (agency, token) in &clerks {
            let changes = all(office, token).await;
            if changes.iter().any(|change| change["subject"] == *dossier) {
                seen.push(*agency);
            }
        }
        seen
    };
    assert_eq!(seen(&office).await, [DECIDER, WARD]);
    let (_, decider) = clerk_of(DECIDER);
    let mut stream = Stream::begin(&office, &decider, "", &[]).await;
    transfer(&mut office, &dossier, DECIDER, OTHER).await.granted();
    assert_eq!(seen(&office).await, [OTHER, WARD]);
    // Not even the transfer itself, also on a stream that was open before.
    let quiet = stream.until_quiet().await;
    assert!(!quiet.contains("data: "), "{quiet}");
}

#[tokio::test]
async fn a_stream_ends_with_the_token_of_its_caller() {
    let mut office = Office::open().await;
    let other = office.applicant("a2");
    office.settle().await;
    // Valid for some seconds more, by the leeway.
    let left = SignedDuration::from_secs(5);
    let claims = Claims {
        sub: "a1".into(),
        exp: (TimeSource::System.now() - CLOCK_LEEWAY + left).as_second(),
        nbf: None,
        roles: vec![Role::Applicant],
        agency: None,
        on_behalf_of: None,
    };
    let token = DevelopmentKey::from_seed([7; 32]).mint(&claims).unwrap();
    let mut stream = Stream::begin(&office, &token, "", &[]).await;
    let ended = async {
        while !stream.has_ended {
            // It is verified whenever something was recorded.
            submitted(&office.browser, &other).await;
            office.views().await.unwrap();
            stream.is_quiet().await;
        }
    };
    timeout(3 * SOON, ended).await.unwrap();
    stream.end().await;
    let refused = office.browser.get("/v1/changes", &token).await;
    assert_eq!(refused.refused(), (401, "token-expired"));
}

#[tokio::test]
async fn a_stream_under_a_mandate_ends_with_its_revocation() {
    let mut office = Office::open().await;
    let mandate = accepted(&office, "a1", json!([])).await;
    let person = person(&office);
    office.settle().await;
    let mut stream = Stream::begin(&office, &person.token, "", &[("Mandate", &mandate)]).await;
    let (dossier, _) = submitted(&office.browser, &office.applicant("a1")).await;
    office.settle().await;
    assert_eq!(stream.changes(1).await[0]["dataref"], dossier.as_str());
    answered(&office, &client(&office, "a1"), &mandate, "revocation").await.granted();
    office.settle().await;
    stream.end().await;
    let mut again = Stream::open(&office, &person.token, "", &[("Mandate", &mandate)]).await;
    let head = again.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
}
