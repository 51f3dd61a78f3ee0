//! Reception by a commune for a department of its province, and transfer to the competent agency,
//! through HTTP.

use dossier::contract::Role;
use dossier::law::in_version;
use serde_json::{Value, json};

use crate::life::take;
use crate::rules::{second, send};
use crate::support::{Answer, Office, in_register};

/// A department of Hanoi, another one, a commune that receives for both, and one that does not.
pub(crate) const DECIDER: &str = "H26.15";
pub(crate) const OTHER: &str = "H26.16";
pub(crate) const WARD: &str = "H26.101";
const THIRD: &str = "H26.102";

/// An office with these agencies and a procedure of Hanoi, by which the commune receives.
pub(crate) async fn hanoi() -> Office {
    use std::fmt::Write;
    let office = Office::open().await;
    let mut agencies = "id: hanoi\nversion: 1\nlegal_basis: x\nagencies:\n".to_owned();
    for code in [DECIDER, OTHER, WARD, THIRD] {
        writeln!(
            agencies,
            "  - {{ code: {code}, name: {{ vi: Cơ quan {code}, en: Agency {code} }}, calendar: vn, system: \"26\", receipt_symbol: R{} }}",
            &code[4..]
        )
        .unwrap();
    }
    send(&office, "", "agencies", &agencies).await.granted();
    let reception = format!(
        "intake:\n  reception:\n    - {{ receiver: {WARD}, may: [accept, take_payment, hand_out], basis: x }}\n"
    );
    let own = in_version(&second(), 1)
        .replace("code: CO.D", "code: HANOI.PAPER")
        .replace("agency: G02", "agency: H26")
        .replace("from: 2026-12-01", "from: 2026-11-20")
        .replace("intake:\n", &reception);
    send(&office, "", "procedure", &own).await.granted();
    office
}

/// Files for a citizen at the counter, as an officer of the agency.
async fn filing(office: &Office, clerk: &str, of: &str) -> Value {
    let mut documents = Vec::new();
    for component in ["application", "export_declaration", "invoice"] {
        let document = office.browser.upload(clerk, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    json!({
        "procedure": "HANOI.PAPER", "agency": DECIDER, "channel": "counter", "applicant": of,
        "documents": documents, "delivery": { "channel": "collection" },
        "form": {
            "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Hà Nội" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    })
}

async fn file(office: &mut Office, clerk: &str, of: &str) -> Answer {
    let body = filing(office, clerk, of).await;
    let answer = office.browser.post("/v1/dossiers", clerk, "", body).await;
    office.settle().await;
    answer
}

/// A dossier that the commune has received, and its address in a service.
pub(crate) async fn received(office: &mut Office, of: &str) -> String {
    let clerk = office.token(Role::Clerk, "ward-1", WARD);
    let filed = file(office, &clerk, of).await.granted();
    filed["id"].as_str().unwrap().to_owned()
}

async fn pay(office: &mut Office, id: &str, agency: &str) {
    let cashier = office.token(Role::Cashier, &format!("cash-{agency}"), agency);
    let cash = json!({ "amount_vnd": 30_000 });
    take(office, &format!("/v1/payments/{id}"), "cash", &cashier, cash).await.granted();
}

async fn accept(office: &mut Office, id: &str, agency: &str) -> Answer {
    let clerk = office.token(Role::Clerk, &format!("clerk-{agency}"), agency);
    take(office, &format!("/v1/dossiers/{id}"), "acceptance", &clerk, json!({})).await
}

async fn decide(office: &mut Office, id: &str, agency: &str) {
    let review = format!("/v1/reviews/{id}");
    let reviewer = office.token(Role::Reviewer, &format!("rev-{agency}"), agency);
    let approver = office.token(Role::Approver, &format!("head-{agency}"), agency);
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    take(office, &review, "activities", &reviewer, done).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(office, &review, "decision-proposals", &reviewer, proposal).await;
    let proposal = json!({ "proposal": proposed.granted()["proposal"]["proposal"] });
    take(office, &review, "decision", &approver, proposal).await.granted();
}

pub(crate) async fn transfer(office: &mut Office, id: &str, from: &str, to: &str) -> Answer {
    let clerk = office.token(Role::Clerk, &format!("clerk-{from}"), from);
    let body = json!({ "to": to, "reason": "Thuộc thẩm quyền của cơ quan khác" });
    take(office, &format!("/v1/dossiers/{id}"), "transfer", &clerk, body).await
}

/// The kinds of the open tasks of a role in an agency.
async fn work(office: &Office, role: Role, agency: &str) -> Vec<String> {
    let officer = office.token(role, &format!("lists-{agency}"), agency);
    let listed = office.browser.get("/v1/register/work", &officer).await.granted();
    let kind = |row: &Value| row["task"]["kind"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(kind).collect()
}

/// The number of dossiers in the list of a clerk of the agency.
async fn listed(office: &Office, agency: &str) -> usize {
    let clerk = office.token(Role::Clerk, &format!("lists-{agency}"), agency);
    let listed = office.browser.get("/v1/register/dossiers", &clerk).await.granted();
    listed.as_array().unwrap().len()
}

/// The status of reading what each service has of the dossier, as a clerk of the agency.
async fn read(office: &Office, id: &str, agency: &str) -> Vec<u16> {
    let clerk = office.token(Role::Clerk, &format!("reads-{agency}"), agency);
    let mut statuses = Vec::new();
    for service in ["dossiers", "payments", "reviews"] {
        let answer = office.browser.get(&format!("/v1/{service}/{id}"), &clerk).await;
        statuses.push(answer.status.as_u16());
    }
    statuses
}

/// No reaction failed, and `dossier check` finds nothing.
async fn assert_sound(office: &Office) {
    assert!(office.dead_letters().await.is_empty());
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_commune_receives_for_a_department_which_decides_and_the_commune_hands_out_the_result() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    let dossier = format!("/v1/dossiers/{id}");
    let decider = office.token(Role::Clerk, "clerk-d", DECIDER);
    let shown = office.browser.get(&dossier, &decider).await.granted();
    assert_eq!(shown["agency"], DECIDER);
    assert_eq!(shown["receiver"]["agency"], WARD);
    assert_eq!(shown["receiver"]["may"], json!(["accept", "take_payment", "hand_out"]));
    assert_eq!(shown["helper"], "ward-1");
    let applicant = office.applicant("citizen-1");
    let shown = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!((&shown["helper"], &shown["receiver"]["agency"]), (&Value::Null, &json!(WARD)));

    // Both have the fee and then the answer in their lists of work; whoever is first does it.
    for agency in [DECIDER, WARD] {
        assert_eq!(work(&office, Role::Cashier, agency).await, ["take_cash"], "{agency}");
        assert_eq!(listed(&office, agency).await, 1, "{agency}");
    }
    pay(&mut office, &id, WARD).await;
    for agency in [DECIDER, WARD] {
        assert_eq!(work(&office, Role::Clerk, agency).await, ["answer_submission"], "{agency}");
    }
    accept(&mut office, &id, WARD).await.granted();
    assert_eq!(work(&office, Role::Clerk, WARD).await, [] as [&str; 0]);
    assert_eq!(work(&office, Role::Reviewer, WARD).await, [] as [&str; 0]);
    assert_eq!(work(&office, Role::Reviewer, DECIDER).await, ["claim_review"]);

    // The commune reviews and decides nothing.
    let reviewer = office.token(Role::Reviewer, "ward-reviewer", WARD);
    let claim = format!("/v1/reviews/{id}/claim");
    let claimed = office.browser.post(&claim, &reviewer, "\"1\"", json!({})).await;
    assert_eq!(claimed.status, 404, "{}", claimed.body);
    decide(&mut office, &id, DECIDER).await;
    let delivery = format!("/v1/deliveries/{id}");
    let head = office.token(Role::Approver, "head-d", DECIDER);
    take(&mut office, &delivery, "result", &head, json!({})).await.granted();
    for agency in [DECIDER, WARD] {
        assert_eq!(work(&office, Role::Clerk, agency).await, ["hand_out_result"], "{agency}");
    }
    let ward = office.token(Role::Clerk, "ward-2", WARD);
    take(&mut office, &delivery, "collection", &ward, json!({})).await.granted();
    let shown = office.browser.get(&dossier, &decider).await.granted();
    assert_eq!(shown["stage"], "closed");
    // It counts for the department, under the commune that received it.
    for (agency, groups) in [(DECIDER, json!([[WARD, 1]])), (WARD, json!([]))] {
        let auditor = office.token(Role::Auditor, "auditor", agency);
        let address = "/v1/register/statistics?group_by=receiver";
        let counted = office.browser.get(address, &auditor).await.granted();
        let group = |group: &Value| json!([group["key"], group["dossiers"]]);
        let all: Vec<Value> = counted["groups"].as_array().unwrap().iter().map(group).collect();
        assert_eq!(json!(all), groups, "{agency}: {counted}");
    }
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_commune_that_no_rule_names_files_nothing_and_sees_nothing() {
    let mut office = hanoi().await;
    let third = office.token(Role::Clerk, "third-1", THIRD);
    let refused = file(&mut office, &third, "citizen-1").await;
    assert_eq!(refused.refused(), (422, "agency-does-not-receive"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/agency");
    let id = received(&mut office, "citizen-1").await;
    pay(&mut office, &id, DECIDER).await;
    accept(&mut office, &id, DECIDER).await.granted();
    assert_eq!(read(&office, &id, THIRD).await, [404, 404, 404]);
    assert_eq!(listed(&office, THIRD).await, 0);
    // The commune reads the dossier and its fee, but not how the department works on it.
    assert_eq!(read(&office, &id, WARD).await, [200, 200, 404]);
    let obligations = format!("{}/obligations", in_register(&format!("/v1/dossiers/{id}")));
    for (agency, reads) in [(WARD, false), (DECIDER, true)] {
        let reviewer = office.token(Role::Reviewer, "rev", DECIDER);
        let review = format!("/v1/reviews/{id}");
        if agency == WARD {
            take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
        }
        let clerk = office.token(Role::Clerk, &format!("reads-{agency}"), agency);
        let open = office.browser.get(&obligations, &clerk).await.granted();
        let services = open.as_array().unwrap().iter().map(|one| &one["service"]);
        let services: Vec<&Value> = services.collect();
        assert!(services.contains(&&json!("intake")), "{open}");
        assert_eq!(services.contains(&&json!("review")), reads, "{agency}: {open}");
    }
    for address in ["timeline", "control-slip"] {
        let address = format!("{}/{address}", in_register(&format!("/v1/dossiers/{id}")));
        let clerk = office.token(Role::Clerk, "ward-1", WARD);
        assert_eq!(office.browser.get(&address, &clerk).await.status, 404, "{address}");
    }
    // Nobody receives a dossier of their own.
    let own = office.token_for(&[Role::Clerk], "citizen-9", WARD, None);
    let refused = file(&mut office, &own, "citizen-9").await;
    assert_eq!(refused.refused().0, 403);
}

#[tokio::test]
async fn a_repeated_filing_by_a_commune_is_one_dossier() {
    let mut office = hanoi().await;
    let clerk = office.token(Role::Clerk, "ward-1", WARD);
    let body = filing(&office, &clerk, "citizen-1").await;
    let mut filed = Vec::new();
    for _ in 0..2 {
        let answer = office.browser.post_with("/v1/dossiers", &clerk, "k", "", body.clone()).await;
        filed.push(answer.granted()["id"].clone());
        office.settle().await;
    }
    assert_eq!(filed[0], filed[1]);
    let path = format!("/v1/dossiers/{}", filed[0].as_str().unwrap());
    let first = office.browser.get(&path, &clerk).await.granted();
    let code = first["code"].as_str().unwrap();
    let found = office.browser.get(&format!("/v1/register/dossier-codes/{code}"), &clerk).await;
    assert_eq!(found.granted()["receiver"], WARD);
    let submitted = office.log().await.into_iter().filter(|kind| kind == "DossierSubmitted");
    assert_eq!(submitted.count(), 1);
}

#[tokio::test]
async fn a_dossier_is_transferred_before_acceptance_with_its_fee() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    let sent = transfer(&mut office, &id, DECIDER, OTHER).await.granted();
    assert_eq!((&sent["agency"], &sent["stage"]), (&json!(OTHER), &json!("submitted")));
    assert_eq!(sent["transfers"][0]["from"], DECIDER);
    assert_eq!(work(&office, Role::Cashier, DECIDER).await, [] as [&str; 0]);
    for agency in [OTHER, WARD] {
        assert_eq!(work(&office, Role::Cashier, agency).await, ["take_cash"], "{agency}");
    }
    pay(&mut office, &id, OTHER).await;
    accept(&mut office, &id, OTHER).await.granted();
    assert_eq!(work(&office, Role::Reviewer, OTHER).await, ["claim_review"]);
    decide(&mut office, &id, OTHER).await;
    let receipts = office.token(Role::Auditor, "auditor", OTHER);
    let payment = office.browser.get(&format!("/v1/payments/{id}"), &receipts).await.granted();
    assert_eq!(payment["receipts"][0]["symbol"], "R16", "{payment}");
    let applicant = office.applicant("citizen-1");
    let shown = office.browser.get(&format!("/v1/dossiers/{id}"), &applicant).await.granted();
    assert_eq!(shown["transfers"][0]["reason"], "Thuộc thẩm quyền của cơ quan khác");
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_dossier_is_transferred_during_its_review_and_a_paid_fee_stays() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    pay(&mut office, &id, DECIDER).await;
    let accepted = accept(&mut office, &id, DECIDER).await.granted();
    let reviewer = office.token(Role::Reviewer, "rev", DECIDER);
    take(&mut office, &format!("/v1/reviews/{id}"), "claim", &reviewer, json!({})).await.granted();
    assert_eq!(work(&office, Role::Reviewer, DECIDER).await, ["complete_activity"]);
    let sent = transfer(&mut office, &id, DECIDER, OTHER).await.granted();
    assert_eq!(sent["due_at"], accepted["due_at"], "the clock runs on");

    // The lists follow; the officer in charge has nothing to do there any more.
    assert_eq!(work(&office, Role::Reviewer, DECIDER).await, [] as [&str; 0]);
    assert_eq!(work(&office, Role::Reviewer, OTHER).await, ["claim_review"]);
    assert_eq!((listed(&office, DECIDER).await, listed(&office, OTHER).await), (0, 1));
    for (agency, count) in [(DECIDER, 0), (OTHER, 1), (WARD, 1), (THIRD, 0)] {
        let clerk = office.token(Role::Clerk, &format!("finds-{agency}"), agency);
        let found = office.browser.get("/v1/register/dossiers?q=0101234565", &clerk).await;
        assert_eq!(found.granted().as_array().unwrap().len(), count, "{agency}");
    }
    let done = json!({ "activity": "appraisal" });
    let completed = office
        .browser
        .post(&format!("/v1/reviews/{id}/activities"), &reviewer, "\"1\"", done)
        .await;
    assert_eq!(completed.status, 404);

    // The earlier agency reads what was recorded until then, and keeps the fee.
    assert_eq!(read(&office, &id, DECIDER).await, [200, 200, 200]);
    assert_eq!(read(&office, &id, OTHER).await, [200, 200, 200]);
    assert_eq!(read(&office, &id, THIRD).await, [404, 404, 404]);
    let clerk = office.token(Role::Clerk, "reads", DECIDER);
    let dossier = format!("/v1/dossiers/{id}");
    let was = office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!((&was["agency"], was.get("transfers")), (&json!(DECIDER), None));
    let timeline = format!("{}/timeline", in_register(&dossier));
    let kinds = |entries: &Value| {
        let kind = |entry: &Value| entry["event"].as_str().unwrap().to_owned();
        entries.as_array().unwrap().iter().map(kind).collect::<Vec<_>>()
    };
    let before = kinds(&office.browser.get(&timeline, &clerk).await.granted());
    assert!(before.contains(&"review.ReviewClaimed.v1".to_owned()), "{before:?}");
    assert!(!before.iter().any(|kind| kind.contains("Transferred")), "{before:?}");
    let there = office.token(Role::Clerk, "reads-too", OTHER);
    let all = kinds(&office.browser.get(&timeline, &there).await.granted());
    for kind in ["intake.Dossier", "review.Review", "payment.Fee"] {
        let kind = format!("{kind}Transferred.v1");
        assert_eq!(all.iter().filter(|one| **one == kind).count(), 1, "{kind}: {all:?}");
    }
    let payments = format!("/v1/payments/{id}");
    let payment = office.browser.get(&payments, &there).await.granted();
    assert_eq!(payment["receipts"][0]["symbol"], "R15", "{payment}");
    let cashier = office.token(Role::Cashier, "cash-o", OTHER);
    let refund = json!({ "amount_vnd": 30_000, "reason": "x" });
    let refused =
        office.browser.post(&format!("{payments}/refunds"), &cashier, "\"1\"", refund).await;
    assert_eq!(refused.status, 404, "the money is not theirs: {}", refused.body);

    decide(&mut office, &id, OTHER).await;
    let shown = office.browser.get(&dossier, &there).await.granted();
    assert_eq!((&shown["stage"], &shown["agency"]), (&json!("decided"), &json!(OTHER)));
    let delivery = format!("/v1/deliveries/{id}");
    assert_eq!(office.browser.get(&delivery, &there).await.status, 200);
    assert_eq!(office.browser.get(&delivery, &clerk).await.status, 404);
    assert_sound(&office).await;
}

/// How many dossiers the earlier and the later agency find by these words.
async fn found(office: &Office, q: &str) -> [usize; 2] {
    let mut found = [0; 2];
    for (agency, found) in [DECIDER, OTHER].into_iter().zip(&mut found) {
        let clerk = office.token(Role::Clerk, "finds", agency);
        let rows = office.browser.get(&format!("/v1/register/dossiers?q={q}"), &clerk).await;
        *found = rows.granted().as_array().unwrap().len();
    }
    found
}

#[tokio::test]
async fn the_papers_of_a_transferred_dossier_are_found_by_the_new_agency() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    // With several dossiers of the earlier agency, its right is one by which the index selects.
    for other in ["citizen-2", "citizen-3", "citizen-4"] {
        received(&mut office, other).await;
    }
    pay(&mut office, &id, DECIDER).await;
    let cashier = office.token(Role::Cashier, "cashier", DECIDER);
    let payment = office.browser.get(&format!("/v1/payments/{id}"), &cashier).await.granted();
    let receipt = &payment["receipts"][0];
    let q = format!("{} {:07}", receipt["symbol"].as_str().unwrap(), receipt["number"]);
    let q = q.replace(' ', "%20").replace('/', "%2F");
    accept(&mut office, &id, DECIDER).await.granted();
    assert_eq!(found(&office, &q).await, [1, 0]);
    transfer(&mut office, &id, DECIDER, OTHER).await.granted();
    assert_eq!(found(&office, &q).await, [0, 1]);
}

#[tokio::test]
async fn a_transfer_is_refused_after_the_decision_and_to_an_agency_that_is_not_competent() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    let wrong = transfer(&mut office, &id, DECIDER, "G02.001").await;
    assert_eq!(wrong.refused(), (422, "agency-not-competent"));
    let same = transfer(&mut office, &id, DECIDER, DECIDER).await;
    assert_eq!(same.refused(), (422, "already-there"));
    // Whoever does not have it cannot send it on, the receiver neither.
    assert_eq!(transfer(&mut office, &id, WARD, OTHER).await.status, 404);
    let other = office.token(Role::Clerk, "clerk-o", OTHER);
    let (address, body) =
        (format!("/v1/dossiers/{id}/transfer"), json!({ "to": OTHER, "reason": "x" }));
    assert_eq!(office.browser.post(&address, &other, "\"1\"", body).await.status, 404);
    pay(&mut office, &id, DECIDER).await;
    accept(&mut office, &id, DECIDER).await.granted();
    decide(&mut office, &id, DECIDER).await;
    let late = transfer(&mut office, &id, DECIDER, OTHER).await;
    assert_eq!(late.refused(), (409, "dossier-not-open"));
    let log = office.log().await;
    assert!(!log.iter().any(|kind| kind.contains("Transferred")), "{log:?}");
}

#[tokio::test]
async fn a_decision_made_before_the_transfer_reached_the_review_undoes_it() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    pay(&mut office, &id, DECIDER).await;
    accept(&mut office, &id, DECIDER).await.granted();
    let review = format!("/v1/reviews/{id}");
    let reviewer = office.token(Role::Reviewer, "rev", DECIDER);
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    take(&mut office, &review, "activities", &reviewer, done).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(&mut office, &review, "decision-proposals", &reviewer, proposal).await;
    let (etag, proposed) = (proposed.etag(), proposed.granted());
    // Both steps are taken before either has an effect in the other service.
    let (clerk, head) = (
        office.token(Role::Clerk, "clerk-d", DECIDER),
        office.token(Role::Approver, "head-d", DECIDER),
    );
    let dossier = format!("/v1/dossiers/{id}");
    let version = office.browser.get(&dossier, &clerk).await.etag();
    let body = json!({ "to": OTHER, "reason": "x" });
    let sent = office.browser.post(&format!("{dossier}/transfer"), &clerk, &version, body).await;
    assert_eq!(sent.granted()["agency"], OTHER);
    let body = json!({ "proposal": proposed["proposal"]["proposal"] });
    office.browser.post(&format!("{review}/decision"), &head, &etag, body).await.granted();
    office.settle().await;
    let shown = office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!((&shown["stage"], &shown["agency"]), (&json!("decided"), &json!(DECIDER)));
    let transfers = shown["transfers"].as_array().unwrap();
    assert_eq!((transfers.len(), &transfers[1]["reason"]), (2, &Value::Null));
    assert_eq!((listed(&office, DECIDER).await, listed(&office, OTHER).await), (1, 0));
    assert_eq!(work(&office, Role::Approver, DECIDER).await, ["issue_result"]);
    let cashier = office.token(Role::Cashier, "cash-d", DECIDER);
    assert_eq!(office.browser.get(&format!("/v1/payments/{id}"), &cashier).await.status, 200);
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_fee_that_stays_is_work_of_the_earlier_agency_and_complaints_go_to_the_new_one() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    let applicant = office.applicant("citizen-1");
    let payments = format!("/v1/payments/{id}");
    let provider = json!({ "provider": "sandbox" });
    let started = take(&mut office, &payments, "attempts", &applicant, provider).await.granted();
    let reference = started["attempts"][0]["reference"].as_str().unwrap().to_owned();
    crate::life::notice(&mut office, &reference, "e1", "failed", 30_000).await;
    transfer(&mut office, &id, DECIDER, OTHER).await.granted();
    assert_eq!(work(&office, Role::Cashier, DECIDER).await, ["take_cash"]);
    assert_eq!(work(&office, Role::Cashier, OTHER).await, [] as [&str; 0]);
    pay(&mut office, &id, DECIDER).await;
    assert_eq!(work(&office, Role::Clerk, OTHER).await, ["answer_submission"]);
    for (agency, status) in [(DECIDER, 422), (OTHER, 201)] {
        let clerk = office.token(Role::Clerk, &format!("desk-{agency}"), agency);
        let body = json!({
            "agency": agency, "dossier": id, "channel": "phone", "text": "Chờ lâu",
            "name": "Trần B", "phone": "0901234567",
        });
        let filed = office.browser.post("/v1/complaints", &clerk, "", body).await;
        assert_eq!(filed.status, status, "{agency}: {}", filed.body);
    }
    assert_sound(&office).await;
}
