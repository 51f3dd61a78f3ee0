//! What-ifs: a change of the law is tried on all dossiers before it is issued.

use std::time::{Duration, Instant};

use dossier::contract::Role;
use dossier::law::next_version;
use engine::what_if::{Compared, WhatIf};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::law::issue;
use crate::life::{pay, submitted, take};
use crate::support::Office;

const CERTIFICATE: &str =
    include_str!("../../../libs/dossier/procedures/certificate_of_origin_d.yaml");

/// Accepted certificates of origin, whose period of six working hours began at 09:00.
async fn accepted(office: &mut Office, subjects: &[&str]) {
    for subject in subjects {
        let certificate = submitted(office, subject, "download").await;
        pay(office, &certificate).await;
        let clerk = office.clerk();
        take(office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    }
}

fn operator(office: &Office) -> String {
    office.token(Role::Operator, "operator-1", "")
}

/// Begins a what-if; returns its address.
async fn begun(office: &Office, token: &str, change: Value) -> String {
    let answer = office.browser.post("/v1/what-ifs", token, "", change).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let location = answer.header("location");
    assert_eq!(location, format!("/v1/what-ifs/{}", answer.body["what_if"].as_str().unwrap()));
    location
}

/// Waits for the end of a what-if.
async fn ended(office: &Office, token: &str, address: &str) -> Value {
    let begun = Instant::now();
    loop {
        let shown = office.browser.get(address, token).await.granted();
        if shown["stage"] != "running" {
            return shown;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{shown}");
        tokio::task::yield_now().await;
    }
}

fn one_hour() -> Value {
    let period = json!({ "amount": 1, "unit": "working_hours" });
    json!({ "period": { "procedure": "CO.D", "channel": "online", "period": period } })
}

#[tokio::test]
async fn who_would_be_late_and_whose_date_would_move_is_seen_before_it_is_signed() {
    let mut office = Office::open().await;
    accepted(&mut office, &["a1", "a2", "a3"]).await;
    office.wait_until("2026-11-20T14:00").await;
    let (operator, log) = (operator(&office), office.engine.store.head());
    let address = begun(&office, &operator, one_hour()).await;
    let done = ended(&office, &operator, &address).await;
    assert_eq!((&done["stage"], &done["percent"]), (&json!("done"), &json!(100)));
    assert_eq!(done["asked"]["procedure"], "CO.D");
    assert_eq!((&done["dossiers"], &done["moved"]), (&json!(3), &json!({ "newly_late": 3 })));
    let figures = &done["procedures"][0]["figures"];
    assert_eq!((&figures["late_before"], &figures["late_after"]), (&json!(0), &json!(3)));
    assert_eq!(done["procedures"][0]["name"]["en"], "Preferential certificate of origin form D");

    // The dossiers, in pages.
    let first = office.browser.get(&format!("{address}/dossiers?limit=2"), &operator).await;
    let link = first.header("link");
    let next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let (first, rest) = (first.granted(), office.browser.get(&next, &operator).await.granted());
    assert_eq!((first.as_array().unwrap().len(), rest.as_array().unwrap().len()), (2, 1));
    let row = &first[0];
    assert_eq!((&row["effect"], &row["procedure"]), (&json!("newly_late"), &json!("CO.D")));
    assert_eq!(row["was_due_at"], "2026-11-20T09:00:00Z", "six working hours: {row}");
    assert_eq!(row["due_at"], "2026-11-20T03:00:00Z", "one: {row}");
    assert_eq!(row["late_by_s"], 4 * 3_600, "at 14:00");
    let earlier = format!("{address}/dossiers?effect=earlier");
    assert_eq!(office.browser.get(&earlier, &operator).await.granted(), json!([]));
    assert_eq!(office.engine.store.head(), log, "nothing was recorded");

    // An auditor tries it on the dossiers of the own agency; and nobody reads that of another.
    for (agency, dossiers) in [("G02.001", json!({ "newly_late": 3 })), ("H26", json!({}))] {
        let auditor = office.token(Role::Auditor, "auditor-1", agency);
        let address = begun(&office, &auditor, one_hour()).await;
        let ended = ended(&office, &auditor, &address).await;
        assert_eq!(ended["moved"], dossiers, "{agency}");
        let within = dossiers["newly_late"].as_u64().unwrap_or(0);
        assert_eq!(ended["dossiers"], within, "those of other agencies are not counted");
    }
    let other = office.token(Role::Auditor, "auditor-2", "G02");
    assert_eq!(office.browser.get(&address, &other).await.refused(), (404, "not-found"));
    let clerk = office.browser.post("/v1/what-ifs", &office.clerk(), "", one_hour()).await;
    assert_eq!(clerk.refused(), (403, "role-forbidden"));

    // Of another replica; and after an hour, the result is gone.
    let elsewhere = "/v1/what-ifs/00000000-018fd2c46a3e5b7a9c412f0c3a1b5d6e";
    let refused = office.browser.get(elsewhere, &operator).await;
    assert_eq!(refused.refused(), (404, "what-if-elsewhere"));
    office.wait_until("2026-11-20T15:01").await;
    assert_eq!(office.browser.get(&address, &operator).await.refused(), (404, "not-found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_what_if_that_nobody_waits_for_computes_no_further_dossier() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    let mut office = Office::open().await;
    accepted(&mut office, &["a1", "a2", "a3"]).await;
    let mut what_if = WhatIf::of(dossier::law::Law::clone(&office.engine.law()));
    let hour = serde_json::from_value(json!({ "amount": 1, "unit": "working_hours" })).unwrap();
    what_if.period(&"CO.D".into(), None, hour).unwrap();
    let (began, mut begun) = tokio::sync::mpsc::channel(10);
    let ((release, released), calls) = (channel::<()>(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    let changes = move |_: Compared| -> std::io::Result<()> {
        counted.fetch_add(1, Ordering::Relaxed);
        began.blocking_send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    };
    let (store, now) = (Arc::clone(&office.engine.store), office.engine.clock.now());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let watch = Arc::default();
        Arc::new(what_if).run(&store, (now, 100), watch, changes).await
    });
    begun.recv().await.unwrap();
    running.abort_all();
    assert!(running.join_next().await.unwrap().unwrap_err().is_cancelled());
    release.send(()).unwrap();
    drop(release);
    // The computation has ended when its side of the channel is gone.
    assert_eq!(begun.recv().await, None);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_new_version_is_tried_whole_and_a_wrong_one_has_the_findings_of_issuing() {
    let mut office = Office::open().await;
    accepted(&mut office, &["a1", "a2"]).await;
    let operator = operator(&office);
    let longer = next_version(CERTIFICATE).replace("online: { amount: 6,", "online: { amount: 60,");
    let rules = |text: &str| json!({ "rules": { "kind": "procedure", "text": text } });
    let address = begun(&office, &operator, rules(&longer)).await;
    let done = ended(&office, &operator, &address).await;
    assert_eq!(done["moved"], json!({ "later": 2 }), "{done}");
    let tried = json!({ "kind": "procedure", "name": "CO.D", "version": 4, "recorded": false });
    assert_eq!(done["asked"]["rules"], tried);
    let shown = office.browser.get("/v1/procedures/CO.D", &operator).await.granted();
    assert_eq!(shown["version"], 3, "not issued");

    let wrong = longer
        .replace("supplement: ", "supplement: never # ")
        .replace("level: full", "level: half");
    let answer = office.browser.post("/v1/what-ifs", &operator, "", rules(&wrong)).await;
    let issued = issue(&office, "procedure", &wrong).await;
    assert_eq!(answer.refused(), (422, "rules-invalid"));
    assert_eq!(answer.body["errors"], issued.body["errors"]);
    assert!(answer.body["errors"].as_array().unwrap().len() > 1, "{}", answer.body);

    let post =
        async |change: Value| office.browser.post("/v1/what-ifs", &operator, "", change).await;
    assert_eq!(post(json!({})).await.refused(), (422, "what-if-change"));
    let both = json!({ "rules": rules(&longer)["rules"], "period": one_hour()["period"] });
    assert_eq!(post(both).await.refused(), (422, "what-if-change"));
    let agencies = json!({ "rules": { "kind": "agencies", "text": "id: agencies" } });
    assert_eq!(post(agencies).await.refused(), (422, "what-if-kind"));
    let mut unknown = one_hour();
    unknown["period"]["procedure"] = json!("NO.SUCH");
    unknown["period"]["period"]["amount"] = json!(0);
    let refused = post(unknown).await;
    let codes: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|e| &e["code"]).collect();
    assert_eq!(codes, ["what-if-period", "unknown-procedure"], "{}", refused.body);
}

#[tokio::test]
async fn a_caller_has_one_job_at_a_time_and_can_cancel_it_and_a_repetition_is_the_same_job() {
    let mut office = Office::open().await;
    accepted(&mut office, &["a1"]).await;
    let operator = operator(&office);
    let key = office.browser.key();
    let post = async |key: &str, change: Value| {
        office.browser.post_with("/v1/what-ifs", &operator, key, "", change).await
    };
    let first = post(&key, one_hour()).await;
    assert_eq!(first.status, 202, "{}", first.body);
    let again = post(&key, one_hour()).await;
    assert_eq!(again.header("location"), first.header("location"));
    let mut other = one_hour();
    other["period"]["period"]["amount"] = json!(2);
    assert_eq!(post(&key, other.clone()).await.refused(), (422, "idempotency-key-reused"));
    let cancel = format!("{}/cancellation", first.header("location"));
    let cancelled = office.browser.post(&cancel, &operator, "", json!({})).await.granted();
    assert!(["cancelled", "done"].contains(&cancelled["stage"].as_str().unwrap()), "{cancelled}");
    assert!(cancelled["expires_at"].is_string(), "{cancelled}");
    let key = office.browser.key();
    let next = post(&key, other).await;
    assert_eq!(next.status, 202, "a cancelled job makes room: {}", next.body);
}

/// An outage of the ministry's systems of this morning.
fn outage(from: &str, to: Option<&str>, agency: &str) -> Value {
    json!({ "outage": {
        "agency": agency, "channels": ["online"], "from": from, "to": to, "planned": false,
        "notice_at": from, "reason": "power cut",
    } })
}

#[tokio::test]
async fn an_outage_is_tried_before_it_is_declared_and_moves_the_same_dates_afterwards() {
    let mut office = Office::open().await;
    accepted(&mut office, &["a1", "a2"]).await;
    office.wait_until("2026-11-20T14:00").await;
    let operator = operator(&office);
    let hour = outage("2026-11-20T10:00:00+07:00", Some("2026-11-20T11:00:00+07:00"), "G02");
    let log = office.engine.store.head();
    let address = begun(&office, &operator, hour.clone()).await;
    let done = ended(&office, &operator, &address).await;
    assert_eq!(done["moved"], json!({ "later": 2 }), "{done}");
    assert_eq!(done["asked"]["outage"]["agency"], "G02");
    let rows = office.browser.get(&format!("{address}/dossiers"), &operator).await.granted();
    assert_eq!(office.engine.store.head(), log, "nothing was recorded");

    // An approver sees what it would do to the own agency; of another one, it moves nothing.
    for (agency, moved) in [("G02.001", json!({ "later": 2 })), ("H26", json!({}))] {
        let approver = office.token(Role::Approver, "approver-1", agency);
        let address = begun(&office, &approver, hour.clone()).await;
        assert_eq!(ended(&office, &approver, &address).await["moved"], moved, "{agency}");
    }
    let elsewhere = outage("2026-11-20T10:00:00+07:00", None, "H26.14");
    let address = begun(&office, &operator, elsewhere).await;
    assert_eq!(ended(&office, &operator, &address).await["moved"], json!({}));
    // Without an end, as if it ended now.
    let lasting = outage("2026-11-20T13:30:00+07:00", None, "G02.001");
    let address = begun(&office, &operator, lasting).await;
    let done = ended(&office, &operator, &address).await;
    assert_eq!(done["asked"]["outage"]["to"], "2026-11-20T07:00:00Z", "14:00 here");
    assert_eq!(done["moved"], json!({ "later": 2 }), "{done}");

    let wrong = outage("2026-11-20T16:00:00+07:00", Some("2026-11-20T15:00:00+07:00"), "X99");
    let refused = office.browser.post("/v1/what-ifs", &operator, "", wrong.clone()).await;
    let declared = office.browser.post("/v1/outages", &operator, "", wrong["outage"].clone()).await;
    let found = |body: &Value, part: &str| -> Vec<(String, Value)> {
        let errors = body["errors"].as_array().unwrap().iter();
        errors
            .map(|e| (format!("{part}{}", e["pointer"].as_str().unwrap()), e["code"].clone()))
            .collect()
    };
    assert!(found(&declared.body, "").len() > 2, "{}", declared.body);
    assert_eq!(found(&refused.body, ""), found(&declared.body, "/outage"));

    let body = hour["outage"].clone();
    office.browser.post("/v1/outages", &operator, "", body).await.granted();
    office.settle().await;
    for row in rows.as_array().unwrap() {
        let dossier = format!("/v1/dossiers/{}", row["dossier"].as_str().unwrap());
        let shown = office.browser.get(&dossier, &office.clerk()).await.granted();
        assert_eq!(shown["due_at"], row["due_at"], "{row}");
        assert_ne!(row["due_at"], row["was_due_at"]);
    }
}
