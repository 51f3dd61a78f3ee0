//! Reads of personal data are recorded before they are answered.

use dossier::contract::Role;
use events::{EventStore, Faults, Filter, Outage, Position};
use http::Method;
use serde_json::{Value, json};

use crate::life::{pay, submitted, take};
use crate::support::{Office, at, faulty};

/// The recorded reads, in commit order.
async fn recorded(office: &Office) -> Vec<Value> {
    let page = office.engine.store.read_all(Position::START, &Filter::default(), 10_000).await;
    let events = page.unwrap().events;
    let reads = events.iter().filter(|event| event.kind.starts_with("reads."));
    let reads = reads.map(|event| serde_json::from_str::<Value>(&event.data).unwrap());
    reads.flat_map(|event| event["reads"].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn an_officers_read_is_recorded_and_the_persons_own_is_not() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, dossier) = (office.token(Role::Clerk, "c7", "G02.001"), certificate.at("dossiers"));
    office.browser.get(&dossier, &certificate.applicant).await.granted();
    assert_eq!(recorded(&office).await, Vec::<Value>::new());
    office.browser.get(&dossier, &clerk).await.granted();
    let expected = json!([{
        "at": "2026-11-20T02:00:00Z", "reader": "c7", "role": "clerk", "agency": "G02.001",
        "operation": "get_dossier", "dossiers": [certificate.id],
    }]);
    assert_eq!(Value::from(recorded(&office).await), expected);
    // What was refused shows nothing.
    let elsewhere = office.token(Role::Clerk, "c8", "G02.002");
    assert_eq!(office.browser.get(&dossier, &elsewhere).await.refused(), (404, "not-found"));
    assert_eq!(recorded(&office).await.len(), 1);
}

#[tokio::test]
async fn a_read_is_recorded_in_the_role_that_permits_it_with_the_complaints_that_it_shows() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let dossier = certificate.at("dossiers");
    let own = office.token_for(&[Role::Applicant, Role::Clerk], "a1", "G02.001", None);
    office.views().await.unwrap();
    for path in [&*dossier, "/v1/register/dossiers?mine=true"] {
        office.browser.get(path, &own).await.granted();
    }
    assert_eq!(recorded(&office).await, Vec::<Value>::new());
    let operator = office.token_for(&[Role::Clerk, Role::Operator], "c8", "G02.002", None);
    office.browser.get(&dossier, &operator).await.granted();
    assert_eq!(recorded(&office).await[0]["role"], "operator");
    let complaint = json!({
        "agency": "G02.001", "text": "It takes too long.", "name": "Lê Cẩm", "address": "Hà Nội",
        "phone": "0902 123 456", "dossier": certificate.id,
    });
    let citizen = &certificate.applicant;
    let filed = office.browser.post("/v1/complaints", citizen, "", complaint).await.granted();
    office.settle().await;
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.001");
    let complaint = format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap());
    let timeline = format!("{}/timeline", certificate.at("register/dossiers"));
    for path in [complaint, timeline] {
        office.browser.get(&path, &handler).await.granted();
        let read = recorded(&office).await.pop().unwrap();
        assert_eq!(read["role"], "complaint_handler", "{path}");
        assert_eq!(read["dossiers"], json!([certificate.id]), "{path}");
        assert_eq!(read["complaints"], json!([filed["complaint"]]), "{path}");
    }
}

#[tokio::test]
async fn the_person_sees_which_agency_read_and_the_auditor_who() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let clerk = office.token(Role::Clerk, "c7", "G02.001");
    for resource in ["dossiers", "register/dossiers"] {
        let path = if resource == "dossiers" {
            certificate.at(resource)
        } else {
            format!("{}/timeline", certificate.at(resource))
        };
        office.browser.get(&path, &clerk).await.granted();
    }
    let deadline = format!("{}/deadline", certificate.at("dossiers"));
    office.browser.get(&deadline, &clerk).await;
    office.views().await.unwrap();
    let reads = format!("{}/reads", certificate.at("register/dossiers"));
    let own = office.browser.get(&reads, &certificate.applicant).await.granted();
    let expected = json!([
        { "at": "2026-11-20T02:00:00Z", "role": "clerk", "agency": "G02.001", "operation": "get_timeline" },
        { "at": "2026-11-20T02:00:00Z", "role": "clerk", "agency": "G02.001", "operation": "get_dossier" },
    ]);
    assert_eq!(own, expected, "dates are no personal data");
    let auditor = office.token(Role::Auditor, "au1", "G02");
    let all = office.browser.get(&reads, &auditor).await.granted();
    assert_eq!(all[1]["subject"], "c7");
    assert_eq!(office.browser.get(&reads, &clerk).await.refused().0, 403);
    let stranger = office.applicant("a2");
    assert_eq!(office.browser.get(&reads, &stranger).await.refused(), (404, "not-found"));

    // In pages, newest first; the auditor's own read has come to it.
    office.views().await.unwrap();
    let mut path = format!("{reads}?limit=2");
    let mut operations = Vec::new();
    loop {
        let page = office.browser.get(&path, &certificate.applicant).await;
        let link = page.header("link");
        for read in page.granted().as_array().unwrap() {
            operations.push(read["operation"].as_str().unwrap().to_owned());
        }
        let Some(next) = link.strip_prefix('<').and_then(|rest| rest.split('>').next()) else {
            break;
        };
        path = next.to_owned();
    }
    assert_eq!(operations, ["get_reads", "get_timeline", "get_dossier"]);
}

#[tokio::test]
async fn concurrent_reads_share_appends_and_none_is_lost() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    let reads = (0..40).map(|_| office.browser.get(&dossier, &clerk));
    for answer in futures_util::future::join_all(reads).await {
        answer.granted();
    }
    assert_eq!(recorded(&office).await.len(), 40);
    let filter = Filter::default();
    let page = office.engine.store.read_all(Position::START, &filter, 10_000).await.unwrap();
    let streams: std::collections::BTreeSet<String> = page
        .events
        .iter()
        .filter(|event| event.kind.starts_with("reads."))
        .map(|event| event.stream.to_string())
        .collect();
    assert_eq!(streams.len(), 1, "{streams:?}");
    assert!(streams.first().unwrap().starts_with("reads-2026-11-20-"), "{streams:?}");
}

#[tokio::test]
async fn a_page_of_a_list_is_one_read_of_all_dossiers_on_it() {
    let mut office = Office::open().await;
    let mut ids = std::collections::BTreeSet::new();
    for subject in ["a1", "a2"] {
        ids.insert(submitted(&mut office, subject, "download").await.id);
    }
    let clerk = office.token(Role::Clerk, "c7", "G02.001");
    office.views().await.unwrap();
    office.browser.get("/v1/register/dossiers", &clerk).await.granted();
    let reads = recorded(&office).await;
    assert_eq!(reads.len(), 1);
    let named = reads[0]["dossiers"].as_array().unwrap().iter();
    let named: std::collections::BTreeSet<String> =
        named.map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!((&reads[0]["operation"], named), (&json!("get_dossiers"), ids));
}

fn outage(office: &Office, outage: Option<Outage>) {
    let EventStore::Faulty(store) = &*office.engine.store else { panic!("not faulty") };
    store.set_outage(outage);
}

#[tokio::test]
async fn a_read_that_cannot_be_recorded_is_not_answered() {
    let store = faulty(Faults::default()).await;
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    office.browser.get(&dossier, &clerk).await.granted();
    outage(&office, Some(Outage::Full));
    let refused = office.browser.get(&dossier, &clerk).await;
    assert_eq!(refused.status.as_u16(), 503, "{}", refused.body);
    assert!(!refused.header("retry-after").is_empty());
    // The person's own read needs no record.
    office.browser.get(&dossier, &certificate.applicant).await.granted();
    outage(&office, None);
    office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!(recorded(&office).await.len(), 2);
}

#[tokio::test]
async fn the_carrier_of_a_parcel_reads_its_label_until_it_has_arrived() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "post").await;
    pay(&mut office, &certificate).await;
    let (clerk, approver) = (office.clerk(), office.token(Role::Approver, "ap1", "G02.001"));
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    let delivery = certificate.at("deliveries");
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    for activity in ["registration", "appraisal"] {
        let body = json!({ "activity": activity });
        take(&mut office, &review, "activities", &reviewer, body).await;
    }
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(&mut office, &review, "decision-proposals", &reviewer, proposal).await;
    let id = proposed.granted()["proposal"]["proposal"].clone();
    take(&mut office, &review, "decision", &approver, json!({ "proposal": id })).await.granted();
    take(&mut office, &delivery, "result", &approver, json!({ "number": "N-1" })).await.granted();
    let parcel = json!({ "carrier": "vnpost", "waybill": "EA1VN" });
    let sent = take(&mut office, &delivery, "parcels", &clerk, parcel).await.granted();
    let reference = sent["parcel_reference"].as_str().unwrap();
    let label = format!("/v1/parcel-labels/{reference}");
    let carrier = office.token(Role::Carrier, "VNPost", "");
    let shown = office.browser.get(&label, &carrier).await.granted();
    assert_eq!(shown["address"]["lines"], json!(["54 Hai Bà Trưng"]));
    let other = office.token(Role::Carrier, "ems", "");
    assert_eq!(office.browser.get(&label, &other).await.refused(), (404, "not-found"));
    let last = recorded(&office).await.pop().unwrap();
    assert_eq!((&last["role"], &last["reader"]), (&json!("carrier"), &json!("VNPost")));
    let notice = json!({
        "carrier": "vnpost", "event": "1", "reference": reference, "kind": "delivered",
    });
    office.browser.post("/v1/parcel-notices", &carrier, "", notice).await.granted();
    assert_eq!(office.browser.get(&label, &carrier).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_head_request_is_a_read_too() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let authorization = format!("Bearer {}", office.clerk());
    let headers = [("authorization", &*authorization)];
    let path = certificate.at("dossiers");
    let answer = office.browser.send(Method::HEAD, &path, &headers, Vec::new()).await.unwrap();
    assert!(answer.status.is_success());
    assert_eq!(recorded(&office).await.len(), 1);
}

#[tokio::test]
async fn the_complainant_sees_who_read_the_complaint_and_an_auditor_what_an_officer_read() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let complaint = json!({ "agency": "G02.001", "text": "It takes too long.", "name": "Lê Cẩm" });
    let citizen = &certificate.applicant;
    let filed = office.browser.post("/v1/complaints", citizen, "", complaint).await.granted();
    office.settle().await;
    let id = filed["complaint"].as_str().unwrap();
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.001");
    office.browser.get(&format!("/v1/complaints/{id}"), &handler).await.granted();
    office.browser.get("/v1/complaints", &handler).await.granted();
    office.browser.get(&certificate.at("dossiers"), &handler).await.granted();
    office.views().await.unwrap();

    let reads = format!("/v1/register/complaints/{id}/reads");
    let own = office.browser.get(&reads, citizen).await.granted();
    let operations: Vec<&Value> =
        own.as_array().unwrap().iter().map(|read| &read["operation"]).collect();
    assert_eq!(operations, ["get_complaints", "get_complaint"]);
    assert_eq!((&own[0]["agency"], own[0].get("subject")), (&json!("G02.001"), None));
    let auditor = office.token(Role::Auditor, "au1", "G02");
    assert_eq!(office.browser.get(&reads, &auditor).await.granted()[1]["subject"], "h1");
    let stranger = office.applicant("a2");
    assert_eq!(office.browser.get(&reads, &stranger).await.refused(), (404, "not-found"));
    assert_eq!(office.browser.get(&reads, &handler).await.refused().0, 403);

    // By reader, newest first, in pages that follow one another.
    office.views().await.unwrap();
    let mut path = "/v1/register/reads?reader=h1&limit=2".to_owned();
    let mut read = Vec::new();
    loop {
        let page = office.browser.get(&path, &auditor).await;
        let link = page.header("link");
        read.extend(page.granted().as_array().unwrap().clone());
        let next = link.strip_prefix('<').and_then(|rest| rest.split('>').next());
        let Some(next) = next else { break };
        path = next.to_owned();
    }
    let seen: Vec<_> = read
        .iter()
        .map(|read| (&read["operation"], &read["dossiers"], &read["complaints"]))
        .collect();
    let (none, one, dossier) = (json!([]), json!([id]), json!([certificate.id]));
    assert_eq!(
        seen,
        [
            (&json!("get_dossier"), &dossier, &none),
            (&json!("get_complaints"), &none, &one),
            (&json!("get_complaint"), &none, &one),
        ]
    );
    let of_auditor = "/v1/register/reads?reader=au1";
    let own = office.browser.get(of_auditor, &auditor).await.granted();
    assert_eq!(own[0]["operation"], "get_complaint_reads", "auditors are read about, too");
    // An auditor of another agency learns nothing.
    let elsewhere = office.token(Role::Auditor, "au2", "G02.002");
    let by_h1 = "/v1/register/reads?reader=h1";
    assert_eq!(office.browser.get(by_h1, &elsewhere).await.granted(), json!([]));
    let beyond = format!("{by_h1}&agency=G02.001");
    assert_eq!(office.browser.get(&beyond, &elsewhere).await.refused().0, 404);
    assert_eq!(office.browser.get(by_h1, &handler).await.refused().0, 403);
}
