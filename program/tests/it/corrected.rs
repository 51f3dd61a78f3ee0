//! The corrected form is the form, through HTTP; and codes that a form refers to.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::law::issue;
use crate::life::take;
use crate::support::Office;

/// A notice of a seminar for multi-level marketing on `day`, with whatever else its form says.
async fn notified(office: &mut Office, form: Value) -> (String, crate::support::Answer) {
    let applicant = office.applicant("a1");
    let mut documents = Vec::new();
    for component in ["notice", "programme"] {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "PLACE.NOTICE", "agency": "H26.14", "channel": "online", "documents": documents, "form": form,
    });
    let answer = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    office.settle().await;
    let id = answer.body["id"].as_str().unwrap_or_default();
    (format!("/v1/dossiers/{id}"), answer)
}

const COMMUNES: &str = "{ id: communes, version: 1, legal_basis: a test, entries: [\
    { code: '00001', name: { vi: A, en: A }, effective: { from: 2004-07-01, to: 2025-06-30 }, successor: '00004' },\
    { code: '00004', name: { vi: B, en: B }, effective: { from: 2025-07-01 } }] }";

/// A procedure whose form names a day that it must be filed before, and two communes.
const PROCEDURE: &str = "
code: PLACE.NOTICE
version: 1
issued: 2026-01-01
effective: { from: 2026-01-01 }
legal_basis: a test
name: { vi: A, en: A }
agency: H26.14
level: full
channels: [online]
form:
  type: object
  additionalProperties: false
  required: [day, place]
  properties:
    day: { type: string, format: date }
    place: { type: string, x-code-list: communes }
    born_in: { type: string, x-code-list: { list: communes, ended: accepted } }
public: [/day, /place]
documents:
  - { code: notice, name: { vi: A, en: A }, required: true }
  - { code: programme, name: { vi: A, en: A }, required: true }
intake:
  answer: { amount: 8, unit: working_hours }
  ahead: { field: /day, working_days: 3, basis: a test }
clock:
  start: submitted
  budget:
    online: { amount: 5, unit: working_days }
  supplement: pause
  supplements_max: 1
  supplement_window: { amount: 15, unit: working_days }
  redatings_max: 1
review:
  activities:
    - { code: appraisal, name: { vi: A, en: A } }
result:
  code: KQ.1
  document: true
  duties:
    - { code: report, name: { vi: A, en: A }, by: applicant, field: /day, budget: { amount: 10, unit: calendar_days }, basis: a test }
delivery: [download]
";

async fn opened() -> Office {
    let office = Office::open().await;
    issue(&office, "codes", COMMUNES).await.granted();
    issue(&office, "procedure", PROCEDURE).await.granted();
    office
}

#[tokio::test]
async fn what_follows_from_a_corrected_form_follows_from_it_alone_and_the_first_one_can_be_read() {
    let mut office = opened().await;
    let form = json!({ "day": "2026-12-14", "place": "00004" });
    let (dossier, filed) = notified(&mut office, form.clone()).await;
    filed.granted();
    let (applicant, clerk) = (office.applicant("a1"), office.token(Role::Clerk, "c1", "H26.14"));
    let reviewer = office.token(Role::Reviewer, "r1", "H26.14");
    let approver = office.token(Role::Approver, "h1", "H26.14");
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let review = dossier.replace("dossiers", "reviews");
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let needs = json!({ "components": [], "reason": "another day" });
    take(&mut office, &review, "supplement-needs", &reviewer, needs).await.granted();

    let too_early = json!({ "form": { "day": "2026-11-20", "place": "00004" } });
    let refused = take(&mut office, &dossier, "supplements", &applicant, too_early).await;
    assert_eq!(refused.refused(), (422, "filed-too-late"));
    let merged = json!({ "form": { "day": "2026-12-21", "place": "00001" } });
    let refused = take(&mut office, &dossier, "supplements", &applicant, merged).await;
    assert_eq!(refused.refused(), (422, "form-invalid"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/form/place");
    let corrected = json!({ "day": "2026-12-21", "place": "00004", "born_in": "00001" });
    let body = json!({ "form": corrected });
    let supplied = take(&mut office, &dossier, "supplements", &applicant, body).await.granted();
    assert_eq!(supplied["form"], corrected);
    assert_eq!(supplied["form_versions"][0]["form"], form);
    assert_eq!(supplied["form_versions"][1]["role"], "applicant");
    let succeeded = json!([{ "field": "/born_in", "code": "00001", "successor": "00004" }]);
    assert_eq!(supplied["succeeded_codes"], succeeded);

    let activity = json!({ "activity": "appraisal" });
    take(&mut office, &review, "activities", &reviewer, activity).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "complete" });
    let proposed =
        take(&mut office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    let proposal = json!({ "proposal": proposed["proposal"]["proposal"] });
    take(&mut office, &review, "decision", &approver, proposal).await.granted();
    let delivery = dossier.replace("dossiers", "deliveries");
    let bare = take(&mut office, &delivery, "result", &approver, json!({ "number": "1" })).await;
    assert_eq!(bare.refused(), (422, "result-document-missing"));
    let signed = office.browser.upload(&approver, "signed").await;
    let result = json!({ "number": "1", "document": signed });
    let issued = take(&mut office, &delivery, "result", &approver, result).await.granted();
    // Ten days from the day of the corrected form, which is a week after that of the first.
    let due_at = issued["duties"][0]["due_at"].as_str().unwrap();
    assert!(due_at > "2026-12-30", "{issued}");

    let document = format!("{delivery}/document");
    let around = office.browser.get(&document, &applicant).await;
    assert_eq!(around.refused(), (409, "result-not-delivered"));
    take(&mut office, &delivery, "downloads", &applicant, json!({})).await.granted();
    assert_eq!(office.browser.get(&document, &applicant).await.granted(), "%PDF-1.7 signed");
}

#[tokio::test]
async fn a_code_that_has_ended_is_refused_at_submission_saying_its_successor() {
    let mut office = opened().await;
    let form = json!({ "day": "2026-12-14", "place": "00001" });
    let (_, refused) = notified(&mut office, form).await;
    assert_eq!(refused.refused(), (422, "form-invalid"));
    let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("`00004`"), "{detail}");
}

#[tokio::test]
async fn a_form_that_refers_to_a_list_nobody_issued_is_no_rule() {
    let office = Office::open().await;
    let refused = issue(&office, "procedure", PROCEDURE).await;
    assert_eq!(refused.refused(), (422, "rules-invalid"));
}
