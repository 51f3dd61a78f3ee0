//! Whose a document is: nobody names in a step what somebody else uploaded, and nobody reads it by its name alone.

use std::sync::Arc;

use documents::{Documents, NamedError};
use dossier::access::{Caller, any};
use dossier::contract::{Role, documents_named};
use events::Filter;
use platform::secret::Secret;
use serde_json::{Value, json};
use web::auth::{Claims, DevelopmentKey};

use crate::support::{Answer, DIGEST_KEY, Office, energy_label, submitted};

/// A token of somebody who acts for somebody else.
fn acting_for(subject: &str, represented: &str) -> String {
    let claims = Claims {
        sub: subject.into(),
        exp: 4_000_000_000,
        nbf: None,
        roles: vec![Role::Applicant],
        agency: None,
        on_behalf_of: Some(represented.into()),
    };
    DevelopmentKey::from_seed([7; 32]).mint(&claims).unwrap()
}

/// Submits a notice that names these documents.
async fn submit(office: &Office, token: &str, documents: [&str; 2]) -> Answer {
    let mut body = energy_label(&office.browser, token).await;
    for (place, document) in documents.iter().enumerate() {
        body["documents"][place]["document"] = json!(document);
    }
    office.browser.post("/v1/dossiers", token, "", body).await
}

/// Names a document for a duty of a dossier that has none: anything but `unknown-document` means
/// that it may be named.
async fn name(office: &Office, token: &str, dossier: &str, document: &str) -> Answer {
    let duties = dossier.replace("dossiers", "deliveries") + "/duties";
    let body = json!({ "duty": "report", "document": document });
    office.browser.post(&duties, token, "\"1\"", body).await
}

fn pointers(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn nobody_names_what_somebody_else_uploaded() {
    let office = Office::open().await;
    let (victim, attacker) = (office.applicant("a1"), office.applicant("a2"));
    let (one, other) = (
        office.browser.upload(&victim, "declaration").await,
        office.browser.upload(&victim, "report").await,
    );
    let foreign = submit(&office, &attacker, [&one, &other]).await;
    assert_eq!(foreign.refused(), (422, "unknown-document"));
    assert_eq!(pointers(&foreign), ["/documents/0/document", "/documents/1/document"]);
    // The same answer as for what nobody has uploaded, letter by letter.
    let (a, b) = ("A".repeat(22), "B".repeat(22));
    let unknown = submit(&office, &attacker, [&a, &b]).await;
    let said = unknown.body.to_string().replace(&a, &one).replace(&b, &other);
    assert_eq!(said.parse::<Value>().unwrap(), foreign.body);
    // What is the attacker's own beside it does not help.
    let own = office.browser.upload(&attacker, "own").await;
    let mixed = submit(&office, &attacker, [&own, &other]).await;
    assert_eq!(pointers(&mixed), ["/documents/1/document"]);
    let dossier = submit(&office, &victim, [&one, &other]).await.granted();
    let named = format!("/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    // Nor does it help that a dossier names it by now, nor another way of naming.
    assert_eq!(submit(&office, &attacker, [&own, &one]).await.refused().0, 422);
    let (address, etag) = submitted(&office.browser, &attacker).await;
    let supplement = json!({ "documents": [
        { "component": "declaration", "document": one, "file_name": "a.pdf" }] });
    let supplements = format!("{address}/supplements");
    let ask = json!({ "components": ["declaration"], "reason": "no signature" });
    let requests = format!("{address}/supplement-requests");
    let asked = office.browser.post(&requests, &office.clerk(), &etag, ask).await;
    let supplied = office.browser.post(&supplements, &attacker, &asked.etag(), supplement).await;
    assert_eq!(supplied.refused(), (422, "unknown-document"));
    let met = name(&office, &attacker, &address, &one).await;
    assert_eq!((met.refused(), pointers(&met)), ((422, "unknown-document"), vec!["/document"]));
    let clerk = office.token(Role::Clerk, "c1", "G02.002");
    assert_eq!(name(&office, &clerk, &named, &one).await.problem(), "unknown-document");
    // What belongs to one dossier is given with that one alone.
    let asked = office.browser.get(&format!("{address}/documents/{one}"), &attacker).await;
    assert_eq!(asked.refused(), (404, "not-found"));
    let asked = office.browser.get(&format!("{named}/documents/{own}"), &victim).await;
    assert_eq!(asked.refused(), (404, "not-found"));
    let asked = office.browser.get(&format!("{named}/documents/{one}"), &victim).await;
    assert_eq!(asked.granted(), "%PDF-1.7 declaration");
}

#[tokio::test]
async fn an_agency_names_what_its_officers_uploaded_and_no_applicant_does() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let (address, _) = submitted(&office.browser, &applicant).await;
    let clerk = |subject: &str, agency: &str| office.token(Role::Clerk, subject, agency);
    let signed = office.browser.upload(&clerk("c1", "G02.002"), "signed").await;
    for (who, may) in [
        (clerk("c1", "G02.002"), true),
        (clerk("c2", "G02.002"), true),
        (clerk("c3", "G02"), true),
        (clerk("c1", "G02.001"), true),
        (clerk("c4", "G02.001"), false),
        (clerk("c5", "H26.14"), false),
        (office.token(Role::Approver, "head", "G02.002"), true),
    ] {
        let answer = name(&office, &who, &address, &signed).await;
        assert_eq!(answer.problem() != "unknown-document", may, "{}", answer.body);
    }
    let unnamed = office.browser.get(&format!("{address}/documents/{signed}"), &applicant).await;
    assert_eq!(unnamed.refused(), (404, "not-found"));
    let taken = submit(&office, &applicant, [&signed, &signed]).await;
    assert_eq!(taken.refused(), (422, "unknown-document"));
    // At the counter the clerk scans, and enters the dossier for the applicant.
    let at_counter = office.browser.upload(&clerk("c1", "H26.14"), "form 02").await;
    let body = json!({
        "procedure": "2.000004", "agency": "H26.14", "channel": "counter", "applicant": "a9",
        "form": {
            "merchant": { "name": "Sao Mai", "tax_code": "0101234565", "phone": "02438220000" },
            "programme": {
                "name": "Q", "goods": "TV", "from": "2026-12-01", "to": "2026-12-31", "prizes_vnd": 90_000_000,
            },
        },
        "documents": [
            { "component": "form_02", "document": at_counter, "file_name": "a.pdf" },
            { "component": "rules", "document": at_counter, "file_name": "a.pdf" },
        ],
    });
    office.browser.post("/v1/dossiers", &clerk("c2", "H26.14"), "", body).await.granted();
}

#[tokio::test]
async fn who_acts_for_somebody_uploads_and_names_for_them() {
    let office = Office::open().await;
    let (agent, colleague) = (acting_for("agent", "firm"), acting_for("colleague", "firm"));
    let scan = office.browser.upload(&agent, "scan").await;
    for may in [&agent, &colleague, &office.applicant("firm"), &office.applicant("agent")] {
        submit(&office, may, [&scan, &scan]).await.granted();
    }
    for may_not in [&acting_for("colleague", "other"), &office.applicant("colleague")] {
        let refused = submit(&office, may_not, [&scan, &scan]).await;
        assert_eq!(refused.refused(), (422, "unknown-document"));
    }
}

#[tokio::test]
async fn a_document_without_a_record_of_this_installation_is_given_to_its_dossier_and_named_by_nobody()
 {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let (address, _) = submitted(&office.browser, &applicant).await;
    let dossier = office.browser.get(&address, &applicant).await.granted();
    let named = dossier["documents"][0]["document"].as_str().unwrap();
    let record = office.documents().join(format!("{named}.json"));
    let foreign = office.browser.upload(&office.applicant("somebody"), "foreign").await;
    std::fs::remove_file(&record).unwrap();
    // Whoever may write there does not make somebody else's document their own.
    let own = office.browser.upload(&applicant, "own").await;
    let read = |name: &str| {
        std::fs::read_to_string(office.documents().join(format!("{name}.json"))).unwrap()
    };
    let (text, mine) = (read(&foreign), read(&own));
    assert!(!text.contains("somebody"), "a record names nobody in the open: {text}");
    let mine: Value = serde_json::from_str(&mine).unwrap();
    let mut forged: Value = serde_json::from_str(&text).unwrap();
    for field in ["uploader", "party"] {
        forged[field] = mine[field].clone();
    }
    let theirs = office.documents().join(format!("{foreign}.json"));
    std::fs::write(theirs, forged.to_string()).unwrap();
    // A process that has read none of them before.
    let documents = {
        let secret = Arc::new(Secret::new(DIGEST_KEY.to_vec()));
        Documents::in_folder(&office.documents(), &office.engine.clock, &secret).unwrap()
    };
    let caller = Caller {
        subject: "a1".into(),
        roles: vec![Role::Applicant],
        agency: None,
        predecessors: Vec::new(),
        on_behalf_of: None,
        mandate: None,
        credential: None,
    };
    let named_by = async |name: &str| {
        let (mays, named) = ([any(Role::Applicant)], vec![(String::new(), name.into())]);
        documents.to_be_named((&caller, &mays), named).await
    };
    assert_eq!(named_by(&own).await.unwrap().len(), 1);
    for name in [named, &foreign] {
        let refused = named_by(name).await.unwrap_err();
        assert!(matches!(refused, NamedError::Unknown(_)), "{name}: {refused:?}");
    }
    // As it was stored before there were records.
    documents.open(&named.into()).await.unwrap();
    let content = office.browser.get(&format!("{address}/documents/{named}"), &applicant).await;
    assert_eq!(content.granted(), "%PDF-1.7 declaration");
}

#[tokio::test]
async fn what_a_document_was_is_recorded_with_its_name_and_one_that_has_shrunk_is_not_given() {
    let office = Office::open().await;
    let applicant = office.applicant("a1");
    let (address, _) = submitted(&office.browser, &applicant).await;
    let all = Filter::default();
    let page = office.engine.store.read_all(events::Position::START, &all, 10_000).await.unwrap();
    let named = page.events.iter().flat_map(|e| documents_named(&e.kind, &e.data).unwrap());
    let named: Vec<_> = named.collect();
    assert_eq!(named.len(), 2);
    for document in &named {
        let examined = office.components.documents.examine(&document.name).await.unwrap().unwrap();
        assert_eq!(Some(&examined.sha256), document.sha256.as_ref());
    }
    let file = office.documents().join(format!("{}.pdf", named[0].name));
    std::fs::write(&file, "%PDF-1.7 declaratioN").unwrap();
    let changed = office.components.documents.examine(&named[0].name).await.unwrap().unwrap();
    assert_ne!(Some(&changed.sha256), named[0].sha256.as_ref());
    std::fs::write(&file, "%PDF-1.7").unwrap();
    let path = format!("{address}/documents/{}", named[0].name);
    let shrunk = office.browser.get(&path, &applicant).await;
    assert_eq!(shrunk.refused(), (500, "internal"), "no retry brings it back");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(office.browser.get(&path, &applicant).await.refused(), (500, "internal"));
    assert_eq!(office.components.documents.examine(&named[0].name).await.unwrap(), None);
}
