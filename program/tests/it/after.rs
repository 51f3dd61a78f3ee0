//! What comes after a result, through HTTP: what is owed, how long it is valid, and its renewal.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::take;
use crate::support::{Answer, Office};

/// A dossier with an issued result.
struct Granted {
    id: String,
    applicant: String,
    approver: String,
}

impl Granted {
    fn delivery(&self) -> String {
        format!("/v1/deliveries/{}", self.id)
    }
}

/// Submits a dossier, and carries it to its result.
async fn granted(
    office: &mut Office,
    (procedure, agency): (&str, &str),
    components: [&str; 2],
    form: Value,
) -> Granted {
    let applicant = office.applicant("company-1");
    let mut documents = Vec::new();
    for component in components {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": procedure, "agency": agency, "channel": "online", "form": form,
        "documents": documents, "delivery": { "channel": "download" },
    });
    let answer = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    office.settle().await;
    let id = answer["id"].as_str().unwrap().to_owned();
    let officer = |role: Role, name: &str| office.token(role, name, agency);
    let clerk = officer(Role::Clerk, "c1");
    let reviewer = officer(Role::Reviewer, "r1");
    let approver = officer(Role::Approver, "head");
    let (dossier, review) = (format!("/v1/dossiers/{id}"), format!("/v1/reviews/{id}"));
    take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let appraisal = json!({ "activity": "appraisal" });
    take(office, &review, "activities", &reviewer, appraisal).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "in order" });
    let proposed = take(office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    let proposal = json!({ "proposal": proposed["proposal"]["proposal"] });
    take(office, &review, "decision", &approver, proposal).await.granted();
    let granted = Granted { id, applicant, approver };
    let number = json!({ "number": "KQ-1" });
    take(office, &granted.delivery(), "result", &granted.approver, number).await.granted();
    granted
}

async fn consistent(office: &Office) {
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

/// Meets a duty.
async fn meet(office: &mut Office, granted: &Granted, who: &str, duty: &str) -> Answer {
    take(office, &granted.delivery(), "duties", who, json!({ "duty": duty })).await
}

#[tokio::test]
async fn what_is_owed_after_a_promotion_is_explained_missed_and_made_up_for() {
    let mut office = Office::open().await;
    let form = json!({
        "merchant": { "name": "Siêu thị A", "tax_code": "0101234565", "phone": "0901234567" },
        "programme": {
            "name": "Tết", "goods": "bánh", "from": "2026-12-01", "to": "2026-12-31",
            "prizes_vnd": 100_000_000,
        },
    });
    let promotion = granted(&mut office, ("2.000004", "H26.14"), ["form_02", "rules"], form).await;
    let path = format!("/v1/register/dossiers/{}/obligations", promotion.id);
    let open = office.browser.get(&path, &promotion.applicant).await.granted();
    let kinds: Vec<&str> =
        open.as_array().unwrap().iter().map(|o| o["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["duty:prizes", "duty:report"], "{open}");
    assert_eq!(open[0]["due_at"], "2027-02-15T17:00:00Z", "the 14th is a Sunday");
    assert_eq!(open[0]["explanation"]["legal_basis"], "Nghị định 81/2018/NĐ-CP Điều 21.1");

    let (applicant, approver) = (promotion.applicant.clone(), promotion.approver.clone());
    meet(&mut office, &promotion, &applicant, "prizes").await.granted();
    office.wait_until("2027-04-02T09:00").await;
    let shown = office.browser.get(&promotion.delivery(), &applicant).await.granted();
    let duty = |shown: &Value, code: &str| {
        shown["duties"].as_array().unwrap().iter().find(|d| d["duty"] == code).unwrap().clone()
    };
    assert_eq!(duty(&shown, "prizes")["missed"], false);
    assert_eq!(duty(&shown, "report")["missed"], true);
    let late = meet(&mut office, &promotion, &applicant, "report").await.granted();
    assert!(duty(&late, "report")["met_at"].is_string());
    let not_theirs = meet(&mut office, &promotion, &applicant, "unclaimed").await;
    assert_eq!(not_theirs.refused(), (403, "duty-of-another"));
    meet(&mut office, &promotion, &approver, "unclaimed").await.granted();
    let twice = meet(&mut office, &promotion, &approver, "unclaimed").await;
    assert_eq!(twice.refused(), (409, "duty-already-met"));
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "DutyMissed").count(), 1, "{log:?}");
    consistent(&office).await;
}

#[tokio::test]
async fn a_licence_is_renewed_once_if_asked_for_in_time_and_expires() {
    let mut office = Office::open().await;
    let form = json!({
        "company": { "name": "Hóa chất B", "tax_code": "0101234565" },
        "precursor": "axit sunfuric", "quantity_kg": 500,
    });
    let procedure = ("PRECURSOR.IMPORT", "G02.002");
    let licence = granted(&mut office, procedure, ["application", "contract"], form).await;
    let (delivery, applicant) = (licence.delivery(), licence.applicant.clone());
    let shown = office.browser.get(&delivery, &applicant).await.granted();
    assert_eq!(shown["valid_until"], "2027-05-20T17:00:00Z", "six months from 20 November");

    // The last day to ask is the fifth working day before the 20th.
    office.wait_until("2027-05-13T16:00").await;
    let asked = take(&mut office, &delivery, "renewal", &applicant, json!({})).await.granted();
    assert_eq!(asked["renewal_decided_by"], "2027-05-20T17:00:00Z");
    let decision = json!({ "outcome": "approved" });
    office.wait_until("2027-05-21T08:00").await;
    let log = office.log().await;
    assert!(log.contains(&"RenewalOverdue".to_owned()), "{log:?}");
    let approver = licence.approver.clone();
    let renewed =
        take(&mut office, &delivery, "renewal/decision", &approver, decision).await.granted();
    // The 20th of November is a Saturday; the Monday after it is the last day.
    assert_eq!(renewed["valid_until"], "2027-11-22T17:00:00Z");
    assert_eq!((&renewed["expired"], &renewed["renewals"]), (&json!(false), &json!(1)));
    let again = take(&mut office, &delivery, "renewal", &applicant, json!({})).await;
    assert_eq!(again.refused(), (409, "renewals-used-up"));
    office.wait_until("2027-11-23T00:00").await;
    let shown = office.browser.get(&delivery, &applicant).await.granted();
    assert_eq!(shown["expired"], true);
    consistent(&office).await;
}

#[tokio::test]
async fn a_renewal_that_is_asked_for_too_late_is_refused_with_the_last_day() {
    let mut office = Office::open().await;
    let form = json!({
        "company": { "name": "Hóa chất B", "tax_code": "0101234565" },
        "precursor": "axit sunfuric", "quantity_kg": 500,
    });
    let procedure = ("PRECURSOR.IMPORT", "G02.002");
    let licence = granted(&mut office, procedure, ["application", "contract"], form).await;
    office.wait_until("2027-05-14T00:00").await;
    let (delivery, applicant) = (licence.delivery(), licence.applicant.clone());
    let late = take(&mut office, &delivery, "renewal", &applicant, json!({})).await;
    assert_eq!(late.refused(), (409, "renewal-too-late"));
    assert!(late.body["detail"].as_str().unwrap().contains("13 May 2027"), "{}", late.body);
}
