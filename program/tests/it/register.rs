//! The read side through HTTP.

use dossier::contract::Role;
use serde_json::json;

use crate::life::{pay, submitted, take};
use crate::support::Office;

#[tokio::test]
async fn who_has_no_login_sees_code_and_completion_and_nothing_else() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let dossier =
        office.browser.get(&certificate.at("dossiers"), &certificate.applicant).await.granted();
    let code = dossier["code"].as_str().unwrap();
    let lookup = office.browser.get(&format!("/v1/register/lookup/{code}"), "").await.granted();
    assert_eq!(lookup, json!({ "code": code, "completion": 10 }));
    let unknown = office.browser.get("/v1/register/lookup/G02-000000-020001", "").await;
    assert_eq!(unknown.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_timeline_crosses_all_services_in_the_order_of_the_log() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let clerk = office.clerk();
    take(&mut office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let timeline = format!("{}/timeline", certificate.at("register/dossiers"));
    let entries = office.browser.get(&timeline, &certificate.applicant).await.granted();
    let kinds: Vec<&str> =
        entries.as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    for kind in ["intake.DossierSubmitted.v1", "payment.FeeSettled.v1", "review.ReviewOpened.v1"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert!(entries[0].get("subject").is_none(), "an applicant sees capacities, not people");
    let positions: Vec<u64> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["position"].as_u64().unwrap())
        .collect();
    assert!(positions.is_sorted());
    let stranger = office.applicant("a2");
    assert_eq!(office.browser.get(&timeline, &stranger).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_timeline_has_neither_complaints_of_others_nor_those_about_an_act_of_the_reader() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let clerk = office.clerk();
    take(&mut office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let handler = office.token(Role::ComplaintHandler, "h1", "G02.001");
    let call = json!({
        "agency": "G02.001", "text": "It takes too long.", "channel": "phone", "name": "Lê Cẩm",
        "phone": "0902 123 456", "dossier": certificate.id,
    });
    office.browser.post("/v1/complaints", &handler, "", call).await.granted();
    office.settle().await;
    let path = format!("{}/timeline", certificate.at("register/dossiers"));
    let handled = office.browser.get(&path, &handler).await.granted().to_string();
    assert!(handled.contains("feedback.ComplaintFiled.v1") && handled.contains("Lê Cẩm"));
    let readers: [(&[Role], &str); 3] = [
        (&[Role::Applicant], "a1"),
        (&[Role::Applicant, Role::Auditor, Role::ComplaintHandler], "a1"),
        (&[Role::ComplaintHandler], "clerk-1"),
    ];
    for (roles, subject) in readers {
        let reader = office.token_for(roles, subject, "G02", None);
        let shown = office.browser.get(&path, &reader).await.granted().to_string();
        assert!(shown.contains("intake.DossierAccepted.v1"), "{shown}");
        assert!(!shown.contains("feedback.Complaint") && !shown.contains("Lê Cẩm"), "{shown}");
    }
}

#[tokio::test]
async fn lists_are_sorted_by_remaining_time_and_read_in_pages() {
    let mut office = Office::open().await;
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let clerk = office.clerk();
    for n in 0..5 {
        let certificate = submitted(&mut office, &format!("a{n}"), "download").await;
        pay(&mut office, &certificate).await;
        take(&mut office, &certificate.at("dossiers"), "acceptance", &clerk, json!({}))
            .await
            .granted();
        take(&mut office, &certificate.at("reviews"), "claim", &reviewer, json!({}))
            .await
            .granted();
    }
    let first = office.browser.get("/v1/register/dossiers?officer=me&limit=3", &reviewer).await;
    let next = first.header("link");
    let next = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    assert_eq!(first.granted().as_array().unwrap().len(), 3);
    let second = office.browser.get(&next, &reviewer).await;
    assert_eq!(second.header("link"), "");
    let second = second.granted();
    assert_eq!(second.as_array().unwrap().len(), 2);
    assert!(second[0]["remaining_s"].as_i64().unwrap() > 0);
    // Nobody is shown a dossier of their own, nor one of whom they act for.
    for (who, firm) in [("a0", None), ("r9", Some("a0"))] {
        let officer = office.token_for(&[Role::Reviewer], who, "G02.001", firm);
        let address = "/v1/register/dossiers?officer=r1";
        let others = office.browser.get(address, &officer).await.granted();
        assert_eq!(others.as_array().unwrap().len(), 4);
    }
    let overdue =
        office.browser.get("/v1/register/dossiers?missed=true", &reviewer).await.granted();
    assert_eq!(overdue, json!([]));
    office.wait_until("2026-11-20T16:01").await;
    let overdue =
        office.browser.get("/v1/register/dossiers?missed=true", &reviewer).await.granted();
    assert_eq!(overdue.as_array().unwrap().len(), 5);
    assert_eq!(overdue[0]["remaining_s"], -60);
}

#[tokio::test]
async fn a_page_goes_on_with_the_filters_of_the_one_before_and_with_no_others() {
    let mut office = Office::open().await;
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let auditor = office.token(Role::Auditor, "au", "G02");
    let clerk = office.clerk();
    for n in 0..3 {
        let one = submitted(&mut office, &format!("a{n}"), "download").await;
        pay(&mut office, &one).await;
        take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
        take(&mut office, &one.at("reviews"), "claim", &reviewer, json!({})).await.granted();
    }
    let first = "/v1/register/dossiers?officer=r1&agency=G02.001&limit=2";
    let next = office.browser.get(first, &auditor).await.header("link");
    let next = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    for kept in ["officer=r1", "agency=G02.001", "limit=2"] {
        assert!(next.contains(kept), "{next}");
    }
    let second = office.browser.get(&next, &auditor).await.granted();
    assert_eq!(second.as_array().unwrap().len(), 1, "{second}");
    for other in [
        next.replace("officer=r1", "officer=r2"),
        next.replace("officer=r1&", ""),
        next.replace("agency=G02.001", "agency=G02"),
        next.replace("/dossiers?", "/work?"),
        next.replace("after=", "after=0"),
        "/v1/register/dossiers?officer=r1&agency=G02.001&after=1.x".to_owned(),
    ] {
        let answer = office.browser.get(&other, &auditor).await;
        // A cursor that was changed in its place alone is that of another row.
        if other.contains("after=0") {
            answer.granted();
        } else {
            assert_eq!(answer.refused(), (400, "query-invalid"), "{other}");
        }
    }
}

#[tokio::test]
async fn statistics_that_are_too_many_are_told_to_wait_and_look_ups_are_answered() {
    let mut office = Office::open().await;
    let one = submitted(&mut office, "a1", "download").await;
    let dossier = office.browser.get(&one.at("dossiers"), &one.applicant).await.granted();
    let look_up = format!("/v1/register/lookup/{}", dossier["code"].as_str().unwrap());
    let auditor = office.token(Role::Auditor, "au", "G02");
    let statistics = (0..96).map(|_| office.browser.get("/v1/register/statistics", &auditor));
    let look_ups = (0..16).map(|_| office.browser.get(&look_up, ""));
    let (statistics, look_ups) = futures_util::future::join(
        futures_util::future::join_all(statistics),
        futures_util::future::join_all(look_ups),
    )
    .await;
    assert!(look_ups.iter().all(|answer| answer.status == 200));
    for answer in statistics {
        if answer.status != 200 {
            assert_eq!(answer.refused(), (503, "busy"));
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
}

/// The driving licence of the sources: every stage keeps its time, and the citizen waits twice.
#[tokio::test]
async fn a_clock_that_begins_anew_shows_in_what_the_citizen_waited() {
    let mut office = Office::open().await;
    let clerk = office.clerk();
    let one = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &one).await;
    take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    take(&mut office, &one.at("reviews"), "claim", &reviewer, json!({})).await.granted();
    let asked = json!({ "components": ["invoice"], "reason": "hóa đơn đã mờ" });
    take(&mut office, &one.at("reviews"), "supplement-needs", &reviewer, asked).await.granted();
    office.wait_until("2026-11-23T09:00").await;
    let invoice = office.browser.upload(&one.applicant, "invoice").await;
    let supplement = json!({ "documents":
        [{ "component": "invoice", "document": invoice, "file_name": "c.pdf" }] });
    take(&mut office, &one.at("dossiers"), "supplements", &one.applicant, supplement)
        .await
        .granted();
    office.wait_until("2026-11-23T11:00").await;
    take(&mut office, &one.at("dossiers"), "withdrawal", &one.applicant, json!({})).await.granted();
    let auditor = office.token(Role::Auditor, "au", "G02");
    let figures = office.browser.get("/v1/register/statistics", &auditor).await.granted();
    for (name, expected) in [
        ("missed", 0),
        ("supplements", 1),
        ("restarts", 1),
        ("elapsed_mean_s", 3 * 86_400 + 2 * 3_600),
        ("with_applicant_mean_s", 3 * 86_400),
        ("with_agency_mean_s", 2 * 3_600),
    ] {
        assert_eq!(figures[name], expected, "{name} in {figures}");
    }
    assert_eq!(figures["contacts_mean"], 3.0);
    let elapsed = format!("{}/elapsed", one.at("register/dossiers"));
    let elapsed = office.browser.get(&elapsed, &one.applicant).await.granted();
    for (name, expected) in [
        ("elapsed_s", 3 * 86_400 + 2 * 3_600),
        ("with_applicant_s", 3 * 86_400),
        ("with_agency_s", 2 * 3_600),
        ("contacts", 3),
        ("supplements", 1),
        ("restarts", 1),
    ] {
        assert_eq!(elapsed[name], expected, "{name} in {elapsed}");
    }
}

#[tokio::test]
async fn statistics_have_their_denominators_and_stay_within_the_agency() {
    let mut office = Office::open().await;
    let clerk = office.clerk();
    let one = submitted(&mut office, "a1", "download").await;
    submitted(&mut office, "a2", "download").await;
    pay(&mut office, &one).await;
    take(&mut office, &one.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    office.wait_until("2026-11-23T09:00").await;
    take(&mut office, &one.at("dossiers"), "withdrawal", &one.applicant, json!({})).await.granted();
    let auditor = office.token(Role::Auditor, "au", "G02");
    let figures = office
        .browser
        .get("/v1/register/statistics?procedure=CO.D&channel=online", &auditor)
        .await
        .granted();
    for (name, expected) in [
        ("dossiers", 2),
        ("handled", 1),
        ("late", 1),
        ("early", 0),
        ("missed", 1),
        ("handled_online", 1),
        ("rated", 0),
        ("could_rate", 0),
        ("procedures_online", 1),
    ] {
        assert_eq!(figures[name], expected, "{name} in {figures}");
    }
    // Filed and paid at once, withdrawn three days later.
    assert_eq!(figures["elapsed_mean_s"], 3 * 86_400, "{figures}");
    assert_eq!(
        (&figures["with_applicant_mean_s"], &figures["contacts_mean"]),
        (&json!(0), &json!(2.0))
    );
    let elsewhere = office.token(Role::Auditor, "au", "H26.14");
    let none = office.browser.get("/v1/register/statistics", &elsewhere).await.granted();
    assert_eq!(none["dossiers"], 0);
    let refused = office.browser.get("/v1/register/statistics?agency=G02", &elsewhere).await;
    assert_eq!(refused.refused(), (404, "not-found"));
    assert_eq!(
        office.browser.get("/v1/register/statistics", &one.applicant).await.refused(),
        (403, "role-forbidden")
    );
    let wrong = office.browser.get("/v1/register/statistics?colour=red", &auditor).await;
    assert_eq!(wrong.refused(), (400, "query-invalid"));
}

#[tokio::test]
async fn a_dossier_whose_supplement_came_while_its_fee_is_missing_still_waits_for_the_fee() {
    let mut office = Office::open().await;
    let certificate = crate::payment::multi_level(&mut office).await;
    let (clerk, dossiers) = (office.clerk(), certificate.at("dossiers"));
    let dossier = office.browser.get(&dossiers, &certificate.applicant).await.granted();
    let lookup = format!("/v1/register/lookup/{}", dossier["code"].as_str().unwrap());
    let completion = async |office: &Office| {
        office.browser.get(&lookup, "").await.granted()["completion"].clone()
    };
    assert_eq!(completion(&office).await, 10, "the fee is awaited");
    let missing = json!({ "components": ["plan"], "reason": "not legible" });
    take(&mut office, &dossiers, "supplement-requests", &clerk, missing).await.granted();
    assert_eq!(completion(&office).await, 50, "the supplement is awaited");
    let document = office.browser.upload(&certificate.applicant, "again").await;
    let again = json!({ "documents": [
        { "component": "plan", "document": document, "file_name": "b.pdf" }] });
    take(&mut office, &dossiers, "supplements", &certificate.applicant, again).await.granted();
    assert_eq!(completion(&office).await, 10, "the fee is still awaited");
    let payments = certificate.at("payments");
    let cashier = office.token(Role::Cashier, "k1", "G02.003");
    let owed = office.browser.get(&payments, &cashier).await.granted()["outstanding_vnd"].clone();
    let cash = json!({ "amount_vnd": owed });
    take(&mut office, &payments, "cash", &cashier, cash).await.granted();
    assert_eq!(completion(&office).await, 50, "it is being processed");
}
