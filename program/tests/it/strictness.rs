//! What comes in is what it says it is: the same request is the same, an object is an object, a text can be read.

use dossier::contract::Role;
use http::Method;
use platform::secret::Secret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{self, take};
use crate::support::{Answer, DIGEST_KEY, Office, energy_label, submitted};

async fn raw(office: &Office, path: &str, token: &str, etag: &str, body: &str) -> Answer {
    let (authorization, key) = (format!("Bearer {token}"), office.browser.key());
    let mut headers = vec![
        ("authorization", &*authorization),
        ("content-type", "application/json"),
        ("idempotency-key", &*key),
    ];
    if !etag.is_empty() {
        headers.push(("if-match", etag));
    }
    let body = body.as_bytes().to_vec();
    office.browser.send(Method::POST, path, &headers, body).await.unwrap()
}

fn pointers(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_key_that_was_used_for_one_operation_is_refused_for_another() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let post = async |step: &str, body: Value| {
        office.browser.post_with(&format!("{address}/{step}"), &clerk, "one", &etag, body).await
    };
    post("acceptance", json!({})).await.granted();
    let body = json!({ "reason": "not ours" });
    assert_eq!(post("refusal", body.clone()).await.refused(), (422, "idempotency-key-reused"));
    // Also where the body is the same.
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let post = async |step: &str| {
        let path = format!("{address}/{step}");
        office.browser.post_with(&path, &clerk, "two", &etag, body.clone()).await
    };
    post("refusal").await.granted();
    assert_eq!(post("closure").await.refused(), (422, "idempotency-key-reused"));
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "DossierAccepted").count(), 1);
    assert_eq!(log.iter().filter(|kind| *kind == "DossierRefused").count(), 1);
    assert!(!log.iter().any(|kind| kind == "DossierClosed"));
}

#[tokio::test]
async fn what_was_filed_before_ids_were_secret_is_not_filed_again() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let body = json!({
        "agency": "G02.001", "text": "Nobody answers.", "name": "Lê C", "address": "Hà Nội", "phone": "0902123456",
    });
    let file = async |office: &Office| {
        office.browser.post_with("/v1/complaints", &applicant, "one", "", body.clone()).await
    };
    let filed = file(&office).await.granted();
    // The log as an older version left it: the ids computed from the key, the digest that of the body alone.
    let derived = |purpose: &str| {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("a1\none\n{purpose}").as_bytes()).to_string()
    };
    let (id, old_id) = (filed["complaint"].as_str().unwrap(), derived("complaint"));
    let stream = |id: &str| format!("complaint-{id}");
    let (command, old_command) = (derived(&stream(id)), derived(&stream(&old_id)));
    let aged = |text: &str| text.replace(id, &old_id).replace(&command, &old_command);
    let old_digest = Secret::new(DIGEST_KEY.to_vec()).digest(&[body.to_string().as_bytes()]);
    let all = events::Filter::default();
    let page = office.engine.store.read_all(events::Position::START, &all, 10_000).await.unwrap();
    let older = events::EventStore::memory();
    for event in page.events {
        let mut meta: Value = aged(&event.meta).parse().unwrap();
        if event.stream.as_str() == stream(id) {
            assert_ne!(event.meta, aged(&event.meta), "it has the command");
            meta["digest"] = json!(old_digest);
        }
        let name = events::StreamName::new(&aged(event.stream.as_str())).unwrap();
        let (kind, data, meta) = (event.kind.clone(), aged(&event.data), meta.to_string());
        let last = older.last(&name).await.unwrap().map(|last| last.version);
        let new = vec![events::NewEvent { id: event.id, kind, data, meta }];
        older.append(&name, events::Expected::from(last), new).await.unwrap();
    }
    let office = Office::open_with(older, office.engine.clock.now()).await;
    let again = file(&office).await.granted();
    assert_eq!(again["complaint"], *old_id);
    let log = office.log().await;
    assert!(!log.iter().any(|kind| kind == "ComplaintFiled"), "{log:?}");
}

#[tokio::test]
async fn a_request_that_was_recorded_before_operations_counted_is_still_known() {
    let mut office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let accept = format!("{address}/acceptance");
    let accepted =
        office.browser.post_with(&accept, &clerk, "one", &etag, json!({})).await.granted();
    office.settle().await;
    // The log as an older version left it: the digest of the body alone.
    let all = events::Filter::default();
    let page = office.engine.store.read_all(events::Position::START, &all, 10_000).await.unwrap();
    let older = events::EventStore::memory();
    let old_digest = Secret::new(DIGEST_KEY.to_vec()).digest(&[b"{}"]);
    for event in page.events {
        let mut meta: Value = serde_json::from_str(&event.meta).unwrap();
        if event.kind.starts_with("intake.DossierAccepted") {
            meta["digest"] = json!(old_digest);
        }
        let new = events::NewEvent {
            id: event.id,
            kind: event.kind.clone(),
            data: event.data.clone(),
            meta: meta.to_string(),
        };
        let last = older.last(&event.stream).await.unwrap().map(|last| last.version);
        older.append(&event.stream, events::Expected::from(last), vec![new]).await.unwrap();
    }
    let office = Office::open_with(older, office.engine.clock.now()).await;
    let again = office.browser.post_with(&accept, &clerk, "one", &etag, json!({})).await.granted();
    assert_eq!(again, accepted);
    let other = office.browser.post_with(&accept, &clerk, "one", &etag, json!({ "x": 1 })).await;
    assert_eq!(other.status, 422);
}

#[tokio::test]
async fn the_id_of_a_dossier_does_not_follow_from_what_its_applicant_knows() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let body = energy_label(&office.browser, &applicant).await;
    let submit = async || {
        office
            .browser
            .post_with("/v1/dossiers", &applicant, "one", "", body.clone())
            .await
            .granted()
    };
    let first = submit().await;
    assert_eq!(submit().await["id"], first["id"]);
    let guessed = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"a1\none\ndossier");
    assert_ne!(first["id"], guessed.to_string());
}

#[tokio::test]
async fn an_array_is_no_body_and_no_address() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("a1"), office.clerk());
    let (address, etag) = submitted(&office.browser, &applicant).await;
    let withdraw = format!("{address}/withdrawal");
    let refused = raw(&office, &withdraw, &applicant, &etag, r#"["because"]"#).await;
    assert_eq!((refused.refused(), pointers(&refused)), ((422, "body-invalid"), vec![""]));
    let refuse = format!("{address}/refusal");
    assert_eq!(raw(&office, &refuse, &clerk, &etag, r#"["x"]"#).await.refused().0, 422);
    let provider = office.token(Role::PaymentProvider, "sandbox", "");
    let notice = r#"["sandbox","e1","other","captured",30000,null]"#;
    let refused = raw(&office, "/v1/payment-notices", &provider, "", notice).await;
    assert_eq!(refused.refused(), (422, "body-invalid"));
    let still = office.browser.get(&address, &applicant).await.granted();
    assert_eq!(still["stage"], "submitted");
}

#[tokio::test]
async fn every_field_of_a_form_that_cannot_be_taken_is_named_at_once() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let mut body = energy_label(&office.browser, &applicant).await;
    body["form"]["product"] = json!("a\u{202e}b");
    body["form"]["brand"] = json!("\u{3164}\u{200b}");
    body["documents"][0]["file_name"] = json!("a\0.pdf");
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body.clone()).await;
    assert_eq!(refused.refused().0, 422);
    let mut found = pointers(&refused);
    found.sort_unstable();
    assert_eq!(found, ["/documents/0/file_name", "/form/brand", "/form/product"]);

    let mut body = energy_label(&office.browser, &applicant).await;
    body["documents"][0]["file_name"] = json!("../../etc/passwd");
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    assert_eq!((refused.refused().0, pointers(&refused)), (422, vec!["/documents/0/file_name"]));
    let body = energy_label(&office.browser, &applicant).await.to_string();
    let twice = body.replacen("\"form\":{", "\"form\":{\"twice\":1,\"twice\":2,", 1);
    let refused = raw(&office, "/v1/dossiers", &applicant, "", &twice).await;
    assert_eq!((refused.refused().0, pointers(&refused)), (422, vec!["/form/twice"]));
}

#[tokio::test]
async fn a_name_from_a_mac_is_the_same_name() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let complaint = |name: String| json!({ "agency": "G02.001", "text": "x", "name": name, "address": "Hà Nội", "phone": "0902123456" });
    let file = async |name: String| {
        office.browser.post("/v1/complaints", &applicant, "", complaint(name)).await
    };
    file("e\u{302}\u{303}".repeat(200)).await.granted();
    assert_eq!(file("\u{1ec5}".repeat(201)).await.refused().0, 422);
    assert_eq!(file("two\nlines".to_owned()).await.refused().0, 422);
}

#[tokio::test]
async fn an_address_is_the_same_strict_at_submission_and_when_the_way_is_changed() {
    let mut office = Office::open().await;
    let certificate = life::submitted(&mut office, "a1", "post").await;
    let applicant = certificate.applicant.clone();
    let good = json!({ "name": "Trần B", "lines": ["54 Hai Bà Trưng"], "phone": "0901234567" });
    let with = |field: &str, value: Value| {
        let mut address = good.clone();
        address[field] = value;
        address
    };
    let bad = [
        (json!({ "$personal": null }), "/delivery/address"),
        (json!({ "$personal": good.clone() }), "/delivery/address"),
        (with("name", json!("")), "/delivery/address/name"),
        (with("name", json!("x".repeat(200_000))), "/delivery/address/name"),
        (with("lines", json!([])), "/delivery/address/lines"),
        (with("lines", json!([" "])), "/delivery/address/lines/0"),
        (with("phone", json!("        ")), "/delivery/address/phone"),
        (json!(["Trần B", ["Hà Nội"], "0901234567"]), "/delivery/address"),
    ];
    let body = energy_label(&office.browser, &applicant).await;
    // Nothing is decided yet: what is refused is the body.
    let channel = format!("{}/channel", certificate.at("deliveries"));
    for (address, pointer) in bad {
        let delivery = json!({ "channel": "post", "address": address });
        let mut body = body.clone();
        body["delivery"] = delivery.clone();
        let answers = [
            office.browser.post("/v1/dossiers", &applicant, "", body).await,
            office
                .browser
                .post(&channel, &applicant, "\"1\"", json!({ "delivery": delivery }))
                .await,
        ];
        for answer in answers {
            assert_eq!(answer.refused(), (422, "body-invalid"), "{address}");
            let found = pointers(&answer);
            assert!(found[0].starts_with(pointer), "{address}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_dossier_at_its_end_is_not_suspended() {
    for (step, body) in [("refusal", json!({ "reason": "not ours" })), ("withdrawal", json!({}))] {
        let mut office = Office::open().await;
        let (applicant, clerk) = (office.applicant("a1"), office.clerk());
        let (address, _) = submitted(&office.browser, &applicant).await;
        let needs = json!({ "components": [], "reason": "correct the form" });
        let waiting = take(&mut office, &address, "supplement-requests", &clerk, needs).await;
        assert_eq!(waiting.granted()["suspended"], true);
        let who = if step == "refusal" { &clerk } else { &applicant };
        let ended = take(&mut office, &address, step, who, body).await.granted();
        assert_eq!(ended["suspended"], false, "{step}");
        let deadline =
            office.browser.get(&format!("{address}/deadline"), &applicant).await.granted();
        assert_eq!(deadline["suspended"], false);
        assert!(deadline["suspensions"][0]["to"].is_string(), "{deadline}");
    }
}

#[tokio::test]
async fn a_query_is_looked_at_too() {
    let office = Office::open().await;
    let auditor = office.token(Role::Auditor, "au", "G02");
    for query in ["officer=%00", "officer=%E2%80%AE", "officer=%E3%85%A4"] {
        let answer = office.browser.get(&format!("/v1/register/dossiers?{query}"), &auditor).await;
        assert_eq!(answer.refused(), (400, "query-invalid"), "{query}");
    }
}
