//! What becomes of documents that nobody names.

use std::task::Poll;

use bytes::Bytes;
use documents::{Interrupted, Promised, Upload};
use dossier::contract::{Actor, DocumentName, Role, Subject};
use events::{Expected, Filter, NewEvent, Position, StreamName};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Office, submitted};

/// Uploads under a key, and gives the name.
async fn upload(office: &Office, token: &str, key: &str) -> String {
    let pdf = b"%PDF-1.7 the same".to_vec();
    let headers = [("content-type", "application/pdf")];
    let answer = office.browser.upload_as(token, key, &headers, pdf).await;
    answer.granted()["document"].as_str().unwrap().to_owned()
}

/// Submits a notice that names one document twice.
async fn submit(office: &Office, token: &str, name: &str) -> Answer {
    let body = json!({
        "procedure": "ENERGY.LABEL", "agency": "G02.002", "channel": "online",
        "form": {
            "company": { "name": "Công ty Điện Sáng", "tax_code": "0101234565" },
            "product": "LED", "model": "S1", "stars": 5,
        },
        "documents": [
            { "component": "declaration", "document": name, "file_name": "a.pdf" },
            { "component": "test_report", "document": name, "file_name": "b.pdf" },
        ],
    });
    office.browser.post("/v1/dossiers", token, "", body).await
}

async fn is_there(office: &Office, name: &str) -> bool {
    office.components.documents.examine(&name.into()).await.unwrap().is_some()
}

fn files(office: &Office, name: &str) -> Vec<String> {
    let files = std::fs::read_dir(office.documents()).unwrap().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter(|file| file.starts_with(name)).collect()
}

fn figure(office: &Office, name: &str) -> u64 {
    let text = office.engine.metrics.text();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("dossier_{name} ")));
    line.unwrap_or_else(|| panic!("no figure {name}")).parse().unwrap()
}

#[tokio::test]
async fn what_no_step_has_named_after_a_day_goes_and_what_was_named_stays() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let orphan = upload(&office, &applicant, "k").await;
    let (address, _) = submitted(&office.browser, &applicant).await;
    let who = Subject::from("a1");
    assert_eq!(office.components.documents.unnamed_of(&who), 1);
    office.wait_until("2026-11-21T08:59").await;
    submit(&office, &applicant, &orphan).await.granted();
    let orphan = upload(&office, &applicant, "other").await;
    office.settle().await;
    office.wait_until("2026-11-22T09:00").await;
    // From now on it is unknown to steps, though it is still there.
    assert!(is_there(&office, &orphan).await);
    assert_eq!(submit(&office, &applicant, &orphan).await.problem(), "unknown-document");
    assert_eq!(office.components.documents.unnamed_of(&who), 0, "nor does it count");
    assert_eq!(figure(&office, "documents_unnamed"), 1);
    office.wait_until("2026-11-22T10:30").await;
    assert!(!is_there(&office, &orphan).await);
    assert_eq!(figure(&office, "documents_removed"), 1);
    office.wait_until("2026-12-24T09:00").await;
    assert_eq!(files(&office, &orphan), [""; 0], "nothing is left of it");
    assert_eq!(figure(&office, "documents_unnamed"), 0);
    let dossier = office.browser.get(&address, &applicant).await.granted();
    for document in dossier["documents"].as_array().unwrap() {
        let path = format!("{address}/documents/{}", document["document"].as_str().unwrap());
        office.browser.get(&path, &applicant).await.granted();
    }
}

#[tokio::test]
async fn what_a_step_names_while_it_is_going_stays() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let orphan = upload(&office, &applicant, "k").await;
    submitted(&office.browser, &applicant).await;
    office.settle().await;
    office.wait_until("2026-11-21T09:00").await;
    assert_eq!(files(&office, &orphan).len(), 3, "content, record and mark");
    // A replica that still knew it records its step.
    let page = office.engine.store.read_all(Position::START, &Filter::default(), 10_000).await;
    let event = page.unwrap().events.into_iter().find(|event| event.kind.contains("Submitted"));
    let event = event.unwrap();
    let mut data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
    data["documents"][0]["document"] = json!(orphan);
    let stream = StreamName::new(&format!("intake-{}", Uuid::from_u128(1))).unwrap();
    let (kind, meta, data) = (event.kind.clone(), event.meta.clone(), data.to_string());
    let late = NewEvent { id: Uuid::from_u128(2), kind, data, meta };
    office.engine.store.append(&stream, Expected::NoStream, vec![late]).await.unwrap();
    office.wait_until("2026-12-24T09:00").await;
    assert!(is_there(&office, &orphan).await);
    assert_eq!(files(&office, &orphan).len(), 2, "the mark is gone");
}

#[tokio::test]
async fn the_same_upload_again_has_another_day_under_the_same_name_or_another_one() {
    let mut office = Office::open().await;
    let applicant = office.applicant("a1");
    let name = upload(&office, &applicant, "k").await;
    office.wait_until("2026-11-21T08:00").await;
    assert_eq!(upload(&office, &applicant, "k").await, name);
    office.wait_until("2026-11-21T12:00").await;
    submit(&office, &applicant, &name).await.granted();
    // Another one is going when it comes again.
    let going = upload(&office, &applicant, "other").await;
    office.wait_until("2026-11-22T12:00").await;
    assert_eq!(submit(&office, &applicant, &going).await.problem(), "unknown-document");
    let again = upload(&office, &applicant, "other").await;
    assert_ne!(again, going);
    submit(&office, &applicant, &again).await.granted();
    office.wait_until("2026-11-30T12:00").await;
    assert!(!is_there(&office, &going).await);
    assert!(is_there(&office, &again).await);
    let name = DocumentName::from(&*upload(&office, &applicant, "other").await);
    assert_eq!(name.as_str(), going, "once it is over the name is free");
}

#[tokio::test]
async fn an_upload_that_is_cut_off_anywhere_leaves_nothing_that_is_not_found_again() {
    let office = Office::open().await;
    let documents = &office.components.documents;
    let subject = Subject::from("a1");
    let actor = Actor::new(subject.clone(), Role::Applicant, None);
    let promised = Promised::default();
    let mut whole = 0;
    // Cut off the first time that it waits, the second time, and so on, until it comes to its end.
    for waits in 0..1_000 {
        let (key, client) = (format!("k{waits}"), "127.0.0.1".parse().unwrap());
        let (actor, promised, content_type) = (&actor, &promised, "application/pdf");
        let upload = Upload { actor, client, key: &key, content_type, promised };
        let content = [Ok(Bytes::from_static(b"%PDF-1.7 cut off"))];
        let content = futures_util::stream::iter::<[Result<_, Interrupted>; 1]>(content);
        let mut storing = Box::pin(documents.store(upload, content));
        let mut polled = 0;
        let stored = std::future::poll_fn(|context| {
            polled += 1;
            if polled > waits {
                return Poll::Ready(None);
            }
            storing.as_mut().poll(context).map(Some)
        });
        whole += u32::from(stored.await.is_some());
        drop(storing);
        if whole == 3 {
            break;
        }
    }
    assert_eq!(whole, 3);
    let files = files(&office, "");
    let documents = files.iter().filter_map(|file| file.strip_suffix(".pdf"));
    let documents: Vec<&str> = documents.collect();
    assert!(documents.len() >= 3);
    for name in &documents {
        assert!(files.contains(&format!("{name}.json")), "{name} has no record: {files:?}");
    }
    assert!(office.components.documents.unnamed_of(&subject) >= documents.len(), "each is counted");
}
