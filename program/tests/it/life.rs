//! One dossier from submission to rating, through HTTP, all services.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Office};

/// A certificate of origin that is being carried through.
pub(crate) struct Certificate {
    pub(crate) id: String,
    pub(crate) applicant: String,
}

impl Certificate {
    pub(crate) fn at(&self, resource: &str) -> String {
        format!("/v1/{resource}/{}", self.id)
    }
}

/// Submits a certificate of origin that is wanted by `channel`.
pub(crate) async fn submitted(office: &mut Office, subject: &str, channel: &str) -> Certificate {
    let applicant = office.applicant(subject);
    let mut documents = Vec::new();
    for component in ["application", "export_declaration", "invoice"] {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let address = json!({ "name": "Trần B", "lines": ["54 Hai Bà Trưng"], "phone": "0901234567" });
    let delivery = if channel == "post" {
        json!({ "channel": channel, "address": address })
    } else {
        json!({ "channel": channel })
    };
    let body = json!({
        "procedure": "CO.D", "agency": "G02.001", "channel": "online", "documents": documents, "delivery": delivery,
        "form": {
            "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    });
    let answer = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    office.settle().await;
    Certificate { id: answer["id"].as_str().unwrap().to_owned(), applicant }
}

/// Reads a resource, takes a step on it at the version that was read, and lets everything follow.
pub(crate) async fn take(
    office: &mut Office,
    resource: &str,
    step: &str,
    token: &str,
    body: Value,
) -> Answer {
    let etag = office.browser.get(resource, token).await.etag();
    let answer = office.browser.post(&format!("{resource}/{step}"), token, &etag, body).await;
    office.settle().await;
    answer
}

/// Pays through the sandbox and takes its notice.
pub(crate) async fn pay(office: &mut Office, certificate: &Certificate) {
    let payments = certificate.at("payments");
    let started = take(
        office,
        &payments,
        "attempts",
        &certificate.applicant,
        json!({ "provider": "sandbox" }),
    );
    let started = started.await.granted();
    let reference = started["attempts"][0]["reference"].as_str().unwrap().to_owned();
    notice(office, &reference, "e1", "captured", 30_000).await;
}

pub(crate) async fn notice(
    office: &mut Office,
    reference: &str,
    event: &str,
    kind: &str,
    amount: i64,
) -> Value {
    notice_of(office, "sandbox", reference, event, kind, amount).await
}

pub(crate) async fn notice_of(
    office: &mut Office,
    name: &str,
    reference: &str,
    event: &str,
    kind: &str,
    amount: i64,
) -> Value {
    let provider = office.token(Role::PaymentProvider, name, "");
    let body = json!({
        "provider": name, "event": event, "reference": reference, "kind": kind, "amount_vnd": amount,
    });
    let answer = office.browser.post("/v1/payment-notices", &provider, "", body).await.granted();
    office.settle().await;
    answer
}

#[tokio::test]
async fn a_certificate_of_origin_from_submission_to_rating() {
    from_submission_to_rating(Office::open().await).await;
}

pub(crate) async fn from_submission_to_rating(mut office: Office) {
    let certificate = submitted(&mut office, "a1", "post").await;
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    let (payment, delivery) = (certificate.at("payments"), certificate.at("deliveries"));
    let (clerk, applicant) = (office.clerk(), certificate.applicant.clone());
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let approver = office.token(Role::Approver, "head", "G02");

    let unpaid = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await;
    assert_eq!(unpaid.refused(), (409, "fee-not-received"));
    pay(&mut office, &certificate).await;
    let paid = office.browser.get(&payment, &applicant).await.granted();
    assert_eq!(paid["outstanding_vnd"], 0);
    assert_eq!(paid["receipts"][0]["number"], 1, "{paid}");

    let accepted = take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    assert_eq!(accepted["due_at"], "2026-11-20T09:00:00Z", "six working hours from nine o'clock");
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let needs = json!({ "components": ["bill_of_lading"], "reason": "not attached" });
    take(&mut office, &review, "supplement-needs", &reviewer, needs).await.granted();
    let waiting = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!(
        (&waiting["suspended"], &waiting["supplement"]["after_acceptance"]),
        (&json!(true), &json!(true))
    );

    office.wait_until("2026-11-23T10:00").await;
    let document = office.browser.upload(&applicant, "bill").await;
    let supplement = json!({ "documents": [
        { "component": "bill_of_lading", "document": document, "file_name": "bl.pdf" }] });
    let supplied =
        take(&mut office, &dossier, "supplements", &applicant, supplement).await.granted();
    assert_eq!(supplied["due_at"], "2026-11-23T10:00:00Z", "counted again from the start");
    take(&mut office, &review, "activities", &reviewer, json!({ "activity": "appraisal" }))
        .await
        .granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed =
        take(&mut office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    let proposal = json!({ "proposal": proposed["proposal"]["proposal"] });
    take(&mut office, &review, "decision", &approver, proposal).await.granted();
    let decided = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!((&decided["stage"], &decided["outcome"]), (&json!("decided"), &json!("approved")));

    let unknown = json!({ "number": "VN-TH-1", "document": "AAAAAAAAAAAAAAAAAAAAAA" });
    let refused = take(&mut office, &delivery, "result", &approver, unknown).await;
    assert_eq!(refused.refused(), (422, "unknown-document"));
    let signed = office.browser.upload(&approver, "the signed certificate").await;
    let result = json!({ "number": "VN-TH-1", "document": signed });
    take(&mut office, &delivery, "result", &approver, result).await.granted();
    let document = format!("{delivery}/document");
    let around = office.browser.get(&document, &applicant).await;
    assert_eq!(around.refused(), (409, "result-not-delivered"));
    let read = office.browser.get(&document, &clerk).await;
    assert_eq!(read.header("content-type"), "application/pdf");
    let stranger = office.applicant("a2");
    assert_eq!(office.browser.get(&document, &stranger).await.status, 404);
    let parcel = json!({ "carrier": "vnpost", "waybill": "EA1VN" });
    let sent = take(&mut office, &delivery, "parcels", &clerk, parcel).await.granted();
    let carrier = office.token(Role::Carrier, "vnpost", "");
    let notice = json!({
        "carrier": "vnpost", "event": "1", "reference": sent["parcel_reference"], "kind": "delivered",
    });
    office.browser.post("/v1/parcel-notices", &carrier, "", notice).await.granted();
    office.settle().await;
    let closed = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!((&closed["stage"], &closed["closed_as"]), (&json!("closed"), &json!("delivered")));
    let read = office.browser.get(&document, &applicant).await;
    assert_eq!(read.granted(), "%PDF-1.7 the signed certificate");
    assert_eq!(closed["deadline_missed"], false);
    rated_once(&office, &certificate.at("ratings"), &applicant).await;
}

async fn rated_once(office: &Office, rating: &str, applicant: &str) {
    let rated = office.browser.post(rating, applicant, "", json!({ "score": 5 })).await.granted();
    assert_eq!(rated["score"], 5);
    let again = office.browser.post(rating, applicant, "", json!({ "score": 1 })).await;
    assert_eq!(again.refused(), (409, "already-rated"));
}

#[tokio::test]
async fn a_chemical_declaration_is_answered_by_the_rule_without_anybody() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let mut documents = Vec::new();
    for component in ["invoice", "sds"] {
        let document = office.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "CHEM.IMPORT", "agency": "G02.002", "channel": "online", "documents": documents,
        "form": {
            "declarant": { "name": "Hóa chất A", "tax_code": "0101234565" },
            "chemical": { "name": "NaOH", "hs_chapter": 28, "control": "none" },
            "quantity_kg": 500, "purpose": "resale",
        },
    });
    let submitted = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    office.settle().await;
    let dossier = format!("/v1/dossiers/{}", submitted["id"].as_str().unwrap());
    let decided = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!((&decided["stage"], &decided["outcome"]), (&json!("decided"), &json!("approved")));
}

/// Declares an imported chemical.
async fn declare(office: &mut Office, cas: &str, control: &str) -> Answer {
    let applicant = office.applicant("a1");
    let body = declaration(&office.browser, &applicant, cas, control).await;
    let answer = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    office.settle().await;
    answer
}

/// A declaration of an imported chemical with its documents.
pub(crate) async fn declaration(
    browser: &Browser,
    applicant: &str,
    cas: &str,
    control: &str,
) -> Value {
    let mut documents = Vec::new();
    for component in ["invoice", "sds"] {
        let document = browser.upload(applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    json!({
        "procedure": "CHEM.IMPORT", "agency": "G02.002", "channel": "online", "documents": documents,
        "form": {
            "declarant": { "name": "Hóa chất A", "tax_code": "0101234565" },
            "chemical": { "name": "X", "cas": cas, "hs_chapter": 28, "control": control },
            "quantity_kg": 500, "purpose": "resale",
        },
    })
}

#[tokio::test]
async fn the_answer_to_a_declaration_is_issued_by_itself_where_the_list_confirms_the_class() {
    let mut office = Office::open().await;
    office.wait_until("2026-12-02T09:00").await;
    let applicant = office.applicant("a1");
    let list = "{ id: chemicals, version: 3, legal_basis: a test, format: cas, closed: false, entries: [\
        { code: 1310-73-2, name: { vi: NaOH, en: NaOH }, effective: { from: 2026-01-01 }, class: conditional },\
        { code: 107-44-8, name: { vi: Sarin, en: Sarin }, effective: { from: 2026-01-01 }, class: special }] }";
    // What is not on record yet confirms nothing: an officer decides.
    let early = declare(&mut office, "1310-73-2", "conditional").await.granted();
    let early = format!("/v1/dossiers/{}", early["id"].as_str().unwrap());
    assert_eq!(office.browser.get(&early, &applicant).await.granted()["stage"], "processing");
    crate::law::issue(&office, "codes", list).await.granted();
    office.settle().await;

    let wrong = declare(&mut office, "1310-73-1", "conditional").await;
    assert_eq!(wrong.refused(), (422, "form-invalid"));
    assert_eq!(wrong.body["errors"][0]["pointer"], "/form/chemical/cas");
    let false_word = declare(&mut office, "107-44-8", "none").await.granted();
    let false_word = format!("/v1/dossiers/{}", false_word["id"].as_str().unwrap());
    assert_eq!(office.browser.get(&false_word, &applicant).await.granted()["stage"], "processing");

    let declared = declare(&mut office, "1310-73-2", "conditional").await.granted();
    let delivery = format!("/v1/deliveries/{}", declared["id"].as_str().unwrap());
    let issued = office.browser.get(&delivery, &applicant).await.granted();
    let first = json!("1/2026/G02.002-KQ.G02.000201");
    assert_eq!((&issued["stage"], &issued["number"]), (&json!("issued"), &first));
    take(&mut office, &delivery, "downloads", &applicant, json!({})).await.granted();
    let dossier = format!("/v1/dossiers/{}", declared["id"].as_str().unwrap());
    let closed = office.browser.get(&dossier, &applicant).await.granted();
    assert_eq!(closed["closed_as"], "delivered");

    // A list that is complete confirms that what it does not name has no class, and no other word for it.
    let stage = async |office: &mut Office, cas: &str, control: &str| {
        let declared = declare(office, cas, control).await.granted();
        let path = format!("/v1/dossiers/{}", declared["id"].as_str().unwrap());
        office.browser.get(&path, &applicant).await.granted()["stage"].clone()
    };
    assert_eq!(stage(&mut office, "7732-18-5", "none").await, "processing", "a part of a list");
    let whole =
        list.replace("version: 3", "version: 4").replace("closed:", "complete: true, closed:");
    crate::law::issue(&office, "codes", &whole).await.granted();
    office.settle().await;
    assert_eq!(stage(&mut office, "7732-18-5", "none").await, "decided");
    assert_eq!(stage(&mut office, "7732-18-5", "conditional").await, "processing");
    assert_eq!(stage(&mut office, "107-44-8", "none").await, "processing");
}

#[tokio::test]
async fn a_withdrawn_dossier_is_reviewed_no_more() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    pay(&mut office, &certificate).await;
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    take(&mut office, &dossier, "withdrawal", &certificate.applicant, json!({})).await.granted();
    let review = office.browser.get(&certificate.at("reviews"), &clerk).await.granted();
    assert_eq!(review["stage"], "cancelled");
}
