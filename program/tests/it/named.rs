//! Rows of lists name persons to those who may read the names, and to nobody else; no view has the
//! names, and a page is one recorded read.

use dossier::contract::Role;
use events::{Filter, Position};
use serde_json::{Value, json};

use crate::life::{pay, submitted, take};
use crate::parcels::{hand, issued};
use crate::support::Office;

/// The rows of a list.
async fn rows(office: &mut Office, path: &str, token: &str) -> Vec<Value> {
    office.views().await.unwrap();
    office.browser.get(path, token).await.granted().as_array().unwrap().clone()
}

/// A property of each row.
fn each<'v>(rows: &'v [Value], pointer: &str) -> Vec<Option<&'v str>> {
    rows.iter().map(|row| row.pointer(pointer).map(|value| value.as_str().unwrap())).collect()
}

/// The recorded reads by this operation, in commit order.
async fn reads(office: &Office, operation: &str) -> Vec<Value> {
    let page = office.engine.store.read_all(Position::START, &Filter::default(), 10_000).await;
    let events = page.unwrap().events;
    let reads = events.iter().filter(|event| event.kind.starts_with("reads."));
    let reads = reads.map(|event| serde_json::from_str::<Value>(&event.data).unwrap());
    let reads = reads.flat_map(|event| event["reads"].as_array().unwrap().clone());
    reads.filter(|read| read["operation"] == operation).collect()
}

#[tokio::test]
async fn rows_of_dossiers_and_tasks_have_the_applicants_name_for_those_who_read_the_form() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let other = submitted(&mut office, "a2", "download").await;
    pay(&mut office, &certificate).await;
    let code = office.browser.get(&certificate.at("dossiers"), &office.clerk()).await.granted();
    let by_code = format!("/v1/register/dossier-codes/{}", code["code"].as_str().unwrap());
    let name = Some("Công ty Dệt");
    let clerk = office.token(Role::Clerk, "c9", "G02.001");
    let found = "/v1/register/dossiers?q=det";
    for path in ["/v1/register/dossiers", found] {
        assert_eq!(each(&rows(&mut office, path, &clerk).await, "/applicant_name"), [name, name]);
    }
    let both = json!([certificate.id, other.id]);
    let listed = reads(&office, "get_dossiers").await;
    assert_eq!(listed.len(), 2, "a page is one read: {listed:?}");
    let mut ids = listed[0]["dossiers"].as_array().unwrap().clone();
    ids.sort_by_key(|id| id != &both[0]);
    assert_eq!(Value::from(ids), both);
    let tasks = rows(&mut office, "/v1/register/work?kind=answer_submission", &clerk).await;
    assert_eq!(each(&tasks, "/dossier/applicant_name"), [name]);
    assert_eq!(
        office.browser.get(&by_code, &clerk).await.granted()["applicant_name"],
        "Công ty Dệt"
    );
    let own = rows(&mut office, "/v1/register/dossiers", &certificate.applicant).await;
    assert_eq!(each(&own, "/applicant_name"), [name]);
    let auditor = office.token(Role::Auditor, "au", "G02");
    assert_eq!(each(&rows(&mut office, found, &auditor).await, "/applicant_name"), [name, name]);
    // Who does not read the form reads no name.
    for reader in
        [office.token(Role::Cashier, "ca", "G02.001"), office.token(Role::Operator, "op", "")]
    {
        let seen = rows(&mut office, "/v1/register/dossiers", &reader).await;
        assert_eq!(each(&seen, "/applicant_name"), [None, None]);
        assert!(
            office.browser.get(&by_code, &reader).await.granted().get("applicant_name").is_none()
        );
    }
}

#[tokio::test]
async fn a_corrected_name_is_shown_and_a_consulted_agency_is_told_none() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    let needs = json!({ "components": [], "reason": "the exporter's name" });
    take(&mut office, &dossier, "supplement-requests", &clerk, needs).await.granted();
    let mut form = office.browser.get(&dossier, &clerk).await.granted()["form"].clone();
    form["exporter"]["name"] = json!("Xí nghiệp Thêu");
    let body = json!({ "form": form });
    take(&mut office, &dossier, "supplements", &certificate.applicant, body).await.granted();
    let listed = rows(&mut office, "/v1/register/dossiers", &clerk).await;
    assert_eq!(each(&listed, "/applicant_name"), [Some("Xí nghiệp Thêu")]);

    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let review = certificate.at("reviews");
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let question = json!({ "agency": "H26.14", "question": "Is it so?" });
    take(&mut office, &review, "consultations", &reviewer, question).await.granted();
    let consultee = office.token(Role::Consultee, "e1", "H26.14");
    let asked = rows(&mut office, "/v1/register/work", &consultee).await;
    assert_eq!(each(&asked, "/dossier/id"), [Some(&*certificate.id)]);
    assert_eq!(each(&asked, "/dossier/applicant_name"), [None]);
}

#[tokio::test]
async fn parcels_have_the_recipients_name_for_those_who_send_them() {
    let mut office = Office::open().await;
    let certificate = issued(&mut office, "a1").await;
    hand(&mut office, &certificate, "vnpost", "EA1VN").await.granted();
    let parcels = "/v1/register/parcels";
    for role in [Role::Clerk, Role::Auditor] {
        let reader = office.token(role, "x1", "G02.001");
        let listed = rows(&mut office, parcels, &reader).await;
        assert_eq!(each(&listed, "/recipient_name"), [Some("Trần B")], "{role:?}");
    }
    let read = reads(&office, "get_parcels").await;
    assert_eq!((read.len(), &read[0]["dossiers"]), (2, &json!([certificate.id])));
    for role in [Role::Reviewer, Role::Approver, Role::Operator] {
        let reader = office.token(role, "x1", "G02.001");
        let listed = rows(&mut office, parcels, &reader).await;
        assert_eq!(each(&listed, "/recipient_name"), [None], "{role:?}");
    }
}

#[tokio::test]
async fn complaints_have_the_complainants_name_for_complaint_handlers() {
    let mut office = Office::open().await;
    let handler = office.token(Role::ComplaintHandler, "an", "G02.001");
    let complain = |more: Value| {
        let mut body = json!({ "agency": "G02.001", "text": "Hai tuần.", "channel": "phone" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let named = complain(json!({ "name": "Lê Cẩm", "phone": "0902 123 456" }));
    let named = office.browser.post("/v1/complaints", &handler, "", named).await.granted();
    let anonymous = complain(json!({ "anonymous": true }));
    office.browser.post("/v1/complaints", &handler, "", anonymous).await.granted();
    office.settle().await;
    let name = |rows: &[Value]| {
        let of = |row: &&Value| row["complaint"] == named["complaint"];
        let row = rows.iter().find(of).unwrap();
        row.get("complainant_name").map(|name| name.as_str().unwrap().to_owned())
    };
    let found = "/v1/register/complaints?q=le%20cam";
    for path in ["/v1/complaints", found] {
        assert_eq!(name(&rows(&mut office, path, &handler).await).as_deref(), Some("Lê Cẩm"));
    }
    let all = rows(&mut office, "/v1/complaints", &handler).await;
    assert_eq!(each(&all, "/complainant_name").iter().flatten().count(), 1, "one is anonymous");
    let read = reads(&office, "get_complaints").await;
    assert_eq!(read[0]["complaints"].as_array().unwrap().len(), 2, "{read:?}");
    let auditor = office.token(Role::Auditor, "au", "G02");
    let seen = rows(&mut office, "/v1/complaints", &auditor).await;
    assert_eq!(name(&seen), None, "auditors read no contact");
}

#[tokio::test]
async fn a_complaint_about_a_dossier_names_its_complainant_only_to_whom_it_is_assigned() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let clerk = office.clerk();
    take(&mut office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    let body = json!({
        "agency": "G02.001", "text": "Hai tuần.", "name": "Lê Cẩm", "address": "Hà Nội",
        "phone": "0912 345 678", "dossier": certificate.id,
    });
    let filed = office.browser.post("/v1/complaints", &certificate.applicant, "", body).await;
    let complaint = format!("/v1/complaints/{}", filed.granted()["complaint"].as_str().unwrap());
    office.settle().await;
    // The clerk who accepted the dossier also handles complaints, and this one is about that step.
    let subject = office.token(Role::ComplaintHandler, "clerk-1", "G02.001");
    assert_eq!(office.browser.get(&complaint, &subject).await.refused(), (403, "own-step"));
    let handler = office.token(Role::ComplaintHandler, "an", "G02.001");
    let lists = ["/v1/complaints?whose=agency", "/v1/register/complaints?q=le%20cam"];
    for path in lists {
        for reader in [&subject, &handler] {
            let listed = rows(&mut office, path, reader).await;
            assert_eq!(each(&listed, "/complainant_name"), [None], "{path}");
        }
    }
    let assignment = json!({ "officer": "an" });
    take(&mut office, &complaint, "assignment", &handler, assignment).await.granted();
    for path in lists {
        let listed = rows(&mut office, path, &handler).await;
        assert_eq!(each(&listed, "/complainant_name"), [Some("Lê Cẩm")], "{path}");
        let listed = rows(&mut office, path, &subject).await;
        assert_eq!(each(&listed, "/complainant_name"), [None], "{path}");
    }
}
