//! Units, officers and absences; who is given a review; steps on many dossiers at once.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::{Certificate, pay, submitted, take};
use crate::support::{Answer, Office};

pub(crate) const DIRECTORY: &str = "/v1/directory/G02.001";

async fn record(office: &Office, what: &str, body: Value) -> Answer {
    let operator = office.token(Role::Operator, "operator-1", "");
    office.browser.post(&format!("{DIRECTORY}/{what}"), &operator, "", body).await
}

fn unit(code: &str, assignment: &str) -> Value {
    json!({
        "unit": code, "name": "Phòng Xuất xứ hàng hóa", "procedures": ["CO.D"],
        "assignment": assignment, "from": "2026-11-01",
    })
}

fn officer(subject: &str, name: &str, role: &str) -> Value {
    json!({
        "officer": subject, "name": name, "unit": "origin", "roles": [role], "from": "2026-11-01",
    })
}

/// A unit with three reviewers and an approver.
pub(crate) async fn staffed(office: &Office, assignment: &str) {
    record(office, "units", unit("origin", assignment)).await.granted();
    for (subject, name, role) in [
        ("r1", "Trần Thị Bình", "reviewer"),
        ("r2", "Lê Văn Cường", "reviewer"),
        ("r3", "Phạm Thu Dung", "reviewer"),
        ("head", "Nguyễn An", "approver"),
    ] {
        record(office, "officers", officer(subject, name, role)).await.granted();
    }
}

/// A certificate of origin that was accepted.
async fn accepted(office: &mut Office, subject: &str) -> Certificate {
    let certificate = submitted(office, subject, "download").await;
    pay(office, &certificate).await;
    let clerk = office.clerk();
    take(office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    certificate
}

/// `dossier check` finds nothing in the log, and has nothing to note.
async fn assert_sound(office: &Office) {
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

fn reviewer(office: &Office, subject: &str) -> String {
    office.token(Role::Reviewer, subject, "G02.001")
}

/// An item of a bulk, at the version that was read.
async fn item(office: &Office, certificate: &Certificate, token: &str, body: Value) -> Value {
    let etag = office.browser.get(&certificate.at("reviews"), token).await.etag();
    json!({ "dossier": certificate.id, "if_match": etag, "body": body })
}

#[tokio::test]
async fn a_directory_is_recorded_read_and_tells_all_conflicts_at_once() {
    let office = Office::open().await;
    staffed(&office, "none").await;
    let clerk = office.token(Role::Clerk, "clerk-1", "G02.001");
    let units = office.browser.get(&format!("{DIRECTORY}/units"), &clerk).await.granted();
    assert_eq!((units[0]["unit"].as_str(), units.as_array().unwrap().len()), (Some("origin"), 1));
    let of_unit = format!("{DIRECTORY}/officers?unit=origin");
    let officers = office.browser.get(&of_unit, &clerk).await.granted();
    assert_eq!(officers[1]["name"], "Trần Thị Bình", "{officers}");
    let before = format!("{DIRECTORY}/officers?on=2026-10-31");
    assert_eq!(office.browser.get(&before, &clerk).await.granted(), json!([]));

    let mut wrong = officer("r9", "X", "applicant");
    wrong["unit"] = json!("exports");
    wrong["to"] = json!("2026-10-01");
    let refused = record(&office, "officers", wrong).await;
    assert_eq!(refused.refused(), (422, "days-backwards"));
    let found: Vec<_> = refused.body["errors"].as_array().unwrap().iter().collect();
    let found: Vec<_> = found.iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!(found, ["/to", "/unit", "/roles/0"]);

    let elsewhere = office.token(Role::Clerk, "clerk-1", "H26.14");
    assert_eq!(office.browser.get(&of_unit, &elsewhere).await.refused(), (404, "not-found"));
    let applicant = office.applicant("a1");
    assert_eq!(office.browser.get(&of_unit, &applicant).await.status, 403);
    let unknown = "/v1/directory/G02.999/units";
    let operator = office.token(Role::Operator, "operator-1", "");
    let refused = office.browser.post(unknown, &operator, "", unit("origin", "none")).await;
    assert_eq!(refused.refused(), (404, "no-such-agency"));
    let approver = office.token(Role::Approver, "head", "G02");
    let refused = office.browser.post(unknown, &approver, "", unit("origin", "none")).await;
    assert_eq!(refused.refused(), (403, "role-forbidden"));
}

#[tokio::test]
async fn an_absence_is_recorded_by_the_officer_and_ended_before_its_time() {
    let mut office = Office::open().await;
    staffed(&office, "none").await;
    let (own, other) = (reviewer(&office, "r1"), reviewer(&office, "r2"));
    let absence = json!({ "officer": "r1", "from": "2026-11-23", "to": "2026-11-27" });
    let absences = format!("{DIRECTORY}/absences");
    let refused = office.browser.post(&absences, &other, "", absence.clone()).await;
    assert_eq!(refused.refused(), (409, "not-your-absence"));
    let recorded = office.browser.post(&absences, &own, "", absence.clone()).await.granted();
    let again = office.browser.post(&absences, &own, "", absence).await;
    assert_eq!(again.refused(), (409, "absence-overlaps"));
    let listed = office.browser.get(&absences, &other).await.granted();
    assert_eq!(listed[0], recorded);

    office.wait_until("2026-11-25T08:00").await;
    let end = format!("{absences}/{}/end", recorded["absence"].as_str().unwrap());
    let cancelled = office.browser.post(&end, &own, "", json!({})).await;
    assert_eq!(cancelled.refused(), (409, "absence-begun"));
    let shortened = json!({ "to": "2026-11-24" });
    office.browser.post(&end, &own, "", shortened).await.granted();
    assert_eq!(office.browser.get(&absences, &own).await.granted(), json!([]));
}

#[tokio::test]
async fn a_review_is_handed_over_to_present_officers_of_the_directory_only() {
    let mut office = Office::open().await;
    let certificate = accepted(&mut office, "a1").await;
    let review = certificate.at("reviews");
    let r1 = reviewer(&office, "r1");
    take(&mut office, &review, "claim", &r1, json!({})).await.granted();
    let to = |subject: &str| json!({ "to": subject, "reason": "leave" });
    // Without a directory, any subject is accepted.
    take(&mut office, &review, "hand-over", &r1, to("nobody-here")).await.granted();

    staffed(&office, "none").await;
    let head = office.token(Role::Approver, "head", "G02");
    let absence = json!({
        "officer": "r2", "from": "2026-11-20", "to": "2026-11-27", "deputy": "r3",
    });
    office.browser.post(&format!("{DIRECTORY}/absences"), &head, "", absence).await.granted();
    let unknown = take(&mut office, &review, "hand-over", &head, to("nobody-else")).await;
    assert_eq!(unknown.refused(), (422, "unknown-officer"));
    assert!(unknown.body["detail"].as_str().unwrap().contains("r1"), "{}", unknown.body);
    let approver = take(&mut office, &review, "hand-over", &head, to("head")).await;
    assert_eq!(approver.refused(), (422, "officer-lacks-role"));
    let absent = take(&mut office, &review, "hand-over", &head, to("r2")).await;
    assert_eq!(absent.refused(), (422, "officer-absent"));
    let said = absent.body["detail"].as_str().unwrap();
    assert!(said.contains("27 November 2026; the deputy is r3 (Phạm Thu Dung)"), "{said}");
    let taken = take(&mut office, &review, "hand-over", &head, to("r3")).await.granted();
    assert_eq!(taken["officer"], "r3");
}

#[tokio::test]
async fn a_deputy_finishes_the_work_of_an_absent_officer_and_a_second_person_approves_it() {
    let mut office = Office::open().await;
    staffed(&office, "none").await;
    let certificate = accepted(&mut office, "a1").await;
    let review = certificate.at("reviews");
    let (r1, r2) = (reviewer(&office, "r1"), reviewer(&office, "r2"));
    take(&mut office, &review, "claim", &r1, json!({})).await.granted();
    let activity = json!({ "activity": "appraisal" });
    let early = take(&mut office, &review, "activities", &r2, activity.clone()).await;
    assert_eq!(early.refused(), (409, "not-your-review"));
    let absence = json!({
        "officer": "r1", "from": "2026-11-20", "to": "2026-11-20", "deputy": "r2",
    });
    office.browser.post(&format!("{DIRECTORY}/absences"), &r1, "", absence).await.granted();
    take(&mut office, &review, "activities", &r2, activity).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(&mut office, &review, "decision-proposals", &r2, proposal).await.granted();
    assert_eq!(
        (&proposed["officer"], &proposed["proposal"]["officer"]),
        (&json!("r1"), &json!("r2"))
    );
    let decision = json!({ "proposal": proposed["proposal"]["proposal"] });
    let own = office.token(Role::Approver, "r2", "G02");
    let refused = take(&mut office, &review, "decision", &own, decision.clone()).await;
    assert_eq!(refused.refused(), (409, "own-proposal"));
    let head = office.token(Role::Approver, "head", "G02");
    take(&mut office, &review, "decision", &head, decision).await.granted();
    let stream = events::StreamName::new(&format!("review-{}", certificate.id)).unwrap();
    let recorded = office.engine.store.read_whole(&stream).await.unwrap();
    let completed = recorded.iter().find(|event| &*event.kind == "review.ActivityCompleted.v1");
    let meta: Value = serde_json::from_str(&completed.unwrap().meta).unwrap();
    assert_sound(&office).await;
    assert_eq!(
        (&meta["actor"]["subject"], &meta["actor"]["deputy_for"]),
        (&json!("r2"), &json!("r1"))
    );
}

#[tokio::test]
async fn a_rule_assigns_new_reviews_and_returned_ones_to_somebody_else() {
    let mut office = Office::open().await;
    staffed(&office, "spread").await;
    let certificate = accepted(&mut office, "a1").await;
    let review = certificate.at("reviews");
    let head = office.token(Role::Approver, "head", "G02");
    let first = office.browser.get(&review, &head).await.granted();
    let first = first["officer"].as_str().expect("it is assigned").to_owned();
    let own = reviewer(&office, &first);
    let back = json!({ "reason": "I know the exporter" });
    let returned = take(&mut office, &review, "return", &own, back).await.granted();
    let second = returned["officer"].as_str().expect("it is assigned again");
    assert_ne!(second, first);
    assert!(office.dead_letters().await.is_empty());
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_manager_redistributes_the_work_of_an_absent_colleague_in_one_request() {
    let mut office = Office::open().await;
    staffed(&office, "none").await;
    let (r1, head) = (reviewer(&office, "r1"), office.token(Role::Approver, "head", "G02"));
    let mut certificates = Vec::new();
    for applicant in ["a1", "a2", "r3", "a4"] {
        certificates.push(accepted(&mut office, applicant).await);
    }
    // The colleague claims them all.
    let mut items = Vec::new();
    for certificate in &certificates {
        items.push(item(&office, certificate, &r1, json!({})).await);
    }
    let claims = json!({ "operation": "claim_review", "items": items });
    let claimed = office.browser.post("/v1/reviews/bulk", &r1, "", claims).await.granted();
    assert_eq!((&claimed["succeeded"], &claimed["refused"]), (&json!(4), &json!(0)), "{claimed}");

    // On Monday the colleague is ill.
    office.wait_until("2026-11-23T07:30").await;
    let absence = json!({
        "officer": "r1", "from": "2026-11-23", "to": "2026-11-24", "deputy": "r2",
    });
    office.browser.post(&format!("{DIRECTORY}/absences"), &head, "", absence).await.granted();
    let mut items = Vec::new();
    for (certificate, to) in certificates.iter().zip(["r2", "r3", "r3", "r1"]) {
        let body = json!({ "to": to, "reason": "absence of r1" });
        items.push(item(&office, certificate, &head, body).await);
    }
    items[0]["if_match"] = json!("\"1\"");
    items[1]["if_match"] = json!("*");
    let assign = json!({ "operation": "assign_review", "items": items });
    let (key, bulk) = (office.browser.key(), "/v1/reviews/bulk");
    let answer = office.browser.post_with(bulk, &head, &key, "", assign.clone()).await;
    assert!(!answer.header("consistency-token").is_empty());
    let done = answer.granted();
    let outcomes = done["outcomes"].as_array().unwrap();
    let statuses: Vec<_> = outcomes.iter().map(|one| one["status"].as_u64().unwrap()).collect();
    // Seen in an old version; assigned; the officer is the applicant; hers already.
    assert_eq!(statuses, [412, 200, 422, 409], "{done}");
    let kind = |place: usize| {
        let kind = done["outcomes"][place]["problem"]["type"].as_str().unwrap();
        kind.trim_start_matches("urn:dossier:problem:").to_owned()
    };
    assert_eq!(kind(2), "officer-is-a-party");
    assert_eq!(done["outcomes"][2]["problem"]["errors"][0]["pointer"], "/to");
    assert_eq!((&done["succeeded"], &done["refused"]), (&json!(1), &json!(3)));

    // The same request again changes nothing.
    office.settle().await;
    let before = office.log().await;
    let again = office.browser.post_with(bulk, &head, &key, "", assign).await.granted();
    assert_eq!(again["outcomes"][1], done["outcomes"][1]);
    office.settle().await;
    assert_eq!(office.log().await, before);
    let moved = office.browser.get(&certificates[1].at("reviews"), &head).await.granted();
    assert_eq!(moved["officer"], "r3");
}

#[tokio::test]
async fn a_bulk_takes_known_steps_of_callers_who_may_take_them_and_at_most_a_hundred() {
    let mut office = Office::open().await;
    let certificate = accepted(&mut office, "a1").await;
    let (r1, head) = (reviewer(&office, "r1"), office.token(Role::Approver, "head", "G02"));
    let post = async |address: &str, token: &str, body: Value| {
        office.browser.post(address, token, "", body).await
    };
    let one = item(&office, &certificate, &r1, json!({})).await;
    let of = |operation: &str, items: Vec<Value>| json!({ "operation": operation, "items": items });
    let bulk = "/v1/reviews/bulk";
    let refused = post(bulk, &r1, of("withdraw_dossier", vec![one.clone()])).await;
    assert_eq!(refused.refused(), (422, "body-invalid"));
    let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("claim_review"), "{detail}");
    let refused = post(bulk, &r1, of("claim_review", Vec::new())).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/items");
    let refused = post(bulk, &r1, of("claim_review", vec![one.clone(); 101])).await;
    assert_eq!(refused.refused(), (422, "body-invalid"));
    // The step's own roles.
    let done = post(bulk, &head, of("claim_review", vec![one.clone()])).await.granted();
    assert_eq!(done["outcomes"][0]["status"], 403);
    let clerk = office.clerk();
    assert_eq!(post(bulk, &clerk, of("claim_review", vec![one.clone()])).await.status, 403);
    // Steps on one dossier twice: the second one has seen an old version.
    let done = post(bulk, &r1, of("claim_review", vec![one.clone(), one])).await.granted();
    assert_eq!((&done["succeeded"], &done["refused"]), (&json!(1), &json!(1)), "{done}");
    // Other services have the same mechanism.
    let second = submitted(&mut office, "a2", "download").await;
    pay(&mut office, &second).await;
    let etag = office.browser.get(&second.at("dossiers"), &clerk).await.etag();
    let accept = json!({ "dossier": second.id, "if_match": etag, "body": {} });
    let accept = of("accept_dossier", vec![accept]);
    let done = office.browser.post("/v1/dossiers/bulk", &clerk, "", accept).await.granted();
    assert_eq!(done["succeeded"], 1, "{done}");
    let third = submitted(&mut office, "a3", "download").await;
    pay(&mut office, &third).await;
    let item = async |body: Value| {
        let etag = office.browser.get(&third.at("dossiers"), &clerk).await.etag();
        json!({ "dossier": third.id, "if_match": etag, "body": body })
    };
    let needs = item(json!({ "components": ["invoice"], "reason": "not legible" })).await;
    let refuse = item(json!({ "reason": "not of this agency" })).await;
    for (operation, one, expected) in [
        ("request_supplement", needs, 200),
        // Seen before the request.
        ("refuse_dossier", refuse, 412),
    ] {
        let of = of(operation, vec![one]);
        let done = office.browser.post("/v1/dossiers/bulk", &clerk, "", of).await.granted();
        assert_eq!(done["outcomes"][0]["status"], expected, "{done}");
    }
    let missing =
        json!({ "dossier": second.id, "body": { "carrier": "vnpost", "waybill": "EA1VN" } });
    let parcels = of("hand_to_carrier", vec![missing]);
    let done = office.browser.post("/v1/deliveries/bulk", &clerk, "", parcels).await.granted();
    assert_eq!(done["outcomes"][0]["status"], 428, "{done}");
    let kind = &done["outcomes"][0]["problem"]["type"];
    assert_eq!(kind, "urn:dossier:problem:if-match-required");
}

#[tokio::test]
async fn a_rule_gives_new_reviews_to_the_officer_with_the_least_work() {
    let mut office = Office::open().await;
    staffed(&office, "least_load").await;
    let head = office.token(Role::Approver, "head", "G02");
    let mut officers = Vec::new();
    for applicant in ["a1", "a2", "a3", "a4", "a5", "a6"] {
        let certificate = accepted(&mut office, applicant).await;
        let review = office.browser.get(&certificate.at("reviews"), &head).await.granted();
        officers.push(review["officer"].as_str().expect("it is assigned").to_owned());
    }
    officers.sort();
    assert_eq!(officers, ["r1", "r1", "r2", "r2", "r3", "r3"]);
    let loads = office.browser.get("/v1/reviews/loads?agency=G02.001", &head).await.granted();
    let loads: Vec<_> = loads.as_array().unwrap().iter().map(|one| &one["undecided"]).collect();
    assert_eq!(loads, [2, 2, 2]);
    let elsewhere = office.token(Role::Approver, "head", "H26.14");
    let refused = office.browser.get("/v1/reviews/loads?agency=G02.001", &elsewhere).await;
    assert_eq!(refused.refused(), (404, "not-found"));
}

#[tokio::test]
async fn an_accepted_dossier_is_no_work_of_anybody_until_its_fee_is_paid() {
    let mut office = Office::open().await;
    let folder = "/v1/directory/G02.003";
    let operator = office.token(Role::Operator, "operator-1", "");
    let unit = json!({
        "unit": "mlm", "name": "Phòng Bán hàng đa cấp", "procedures": ["MLM.CERTIFICATE"],
        "assignment": "least_load", "from": "2026-11-01",
    });
    office.browser.post(&format!("{folder}/units"), &operator, "", unit).await.granted();
    for subject in ["m1", "m2"] {
        let officer = json!({
            "officer": subject, "name": subject, "unit": "mlm", "roles": ["reviewer"],
            "from": "2026-11-01",
        });
        office.browser.post(&format!("{folder}/officers"), &operator, "", officer).await.granted();
    }
    let certificate = crate::payment::multi_level(&mut office).await;
    let clerk = office.token(Role::Clerk, "clerk-1", "G02.003");
    let loads = async |office: &Office| {
        let loads = office.browser.get("/v1/reviews/loads?agency=G02.003", &clerk).await.granted();
        let loads = loads.as_array().unwrap().iter();
        loads.map(|one| one["undecided"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(loads(&office).await, [0, 0]);

    let payments = certificate.at("payments");
    let body = json!({ "provider": "sandbox" });
    let started = take(&mut office, &payments, "attempts", &certificate.applicant, body).await;
    let reference = started.granted()["attempts"][0]["reference"].as_str().unwrap().to_owned();
    let owed = office.browser.get(&payments, &certificate.applicant).await.granted();
    let owed = owed["outstanding_vnd"].as_i64().unwrap();
    crate::life::notice(&mut office, &reference, "e1", "captured", owed).await;
    assert_eq!(loads(&office).await.iter().sum::<u64>(), 1);
}

#[tokio::test]
async fn lists_name_the_unit_of_the_officer_and_are_filtered_by_it_and_by_the_day() {
    let mut office = Office::open().await;
    staffed(&office, "none").await;
    let one = accepted(&mut office, "a1").await;
    let other = accepted(&mut office, "a2").await;
    let (r1, head) = (reviewer(&office, "r1"), office.token(Role::Approver, "head", "G02"));
    let auditor = office.token(Role::Auditor, "au", "G02");
    take(&mut office, &one.at("reviews"), "claim", &r1, json!({})).await.granted();
    office.views().await.unwrap();
    let list = async |path: &str, token: &str| {
        office.browser.get(path, token).await.granted().as_array().unwrap().clone()
    };
    let all = list("/v1/register/dossiers?agency=G02.001", &head).await;
    let unit_of = |id: &str| {
        let row = all.iter().find(|row| row["id"] == id).unwrap();
        row.get("unit").map(|unit| unit.as_str().unwrap().to_owned())
    };
    assert_eq!((unit_of(&one.id).as_deref(), unit_of(&other.id)), (Some("origin"), None));
    for query in ["unit=origin", "unit=origin&sort=newest", "unit=origin&q=det"] {
        let rows = list(&format!("/v1/register/dossiers?{query}"), &head).await;
        assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!(one.id)), "{query}");
    }
    let work = list("/v1/register/work?unit=origin", &auditor).await;
    assert_eq!(work.len(), list("/v1/register/work?officer=r1", &auditor).await.len());
    assert!(work.iter().all(|row| row["dossier"]["id"] == json!(one.id)) && !work.is_empty());
    assert!(list("/v1/register/work?unit=origin&officer=none", &auditor).await.is_empty());
    for path in ["/v1/register/dossiers?unit=none", "/v1/register/work?unit=none"] {
        assert_eq!(office.browser.get(path, &head).await.refused().0, 400, "{path}");
    }
    let own = "/v1/register/dossiers?unit=origin";
    assert_eq!(office.browser.get(own, &one.applicant).await.refused().0, 400);

    // What is due before an instant.
    let due = &work[0]["task"]["due_at"];
    let due = due.as_str().unwrap();
    for (query, count) in [(due.to_owned(), 0), (format!("{}5Z", &due[..due.len() - 2]), 1)] {
        let path = format!("/v1/register/work?unit=origin&due_before={query}");
        let rows = list(&path, &auditor).await;
        assert_eq!(rows.len(), count, "{query}");
    }
}
