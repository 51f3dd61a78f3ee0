//! The API reference and the addresses that replies name.

use dossier::contract::Role;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::durability::Process;
use crate::support::{Answer, Browser, Office, submitted};

/// Addresses of other hosts in a text.
fn outside(text: &str) -> Vec<&str> {
    ["http://", "https://", "src=\"//", "href=\"//"]
        .into_iter()
        .filter(|scheme| text.contains(scheme))
        .collect()
}

/// A file that is fetched without a token.
async fn file(browser: &Browser, path: &str) -> Answer {
    let file = browser.send(http::Method::GET, path, &[], Vec::new()).await.unwrap();
    assert_eq!(file.status, 200, "{path}");
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_shows_every_document_and_refers_to_no_other_host() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start_with(folder.path(), &[]);
    let browser = &process.browser;
    let page = file(browser, "/docs").await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let page = page.body.as_str().unwrap().to_owned();
    assert_eq!(outside(&page), Vec::<&str>::new(), "{page}");
    for named in ["docs.css", "docs.js", "docs/redoc.standalone.js", "docs/LICENSE"] {
        assert!(page.contains(&format!("=\"{named}\"")), "{named} is not in {page}");
        file(browser, &format!("/{named}")).await;
    }
    let viewer = file(browser, "/docs/redoc.standalone.js").await;
    assert_eq!(viewer.header("content-security-policy"), policy);
    let licence = file(browser, "/docs/LICENSE").await;
    assert!(licence.body.as_str().unwrap().contains("The MIT License"));

    let script = file(browser, "/docs.js").await;
    let script = script.body.as_str().unwrap();
    assert_eq!(outside(script), Vec::<&str>::new(), "{script}");
    let list = script.lines().next().unwrap().trim_start_matches("const services = ");
    let services: Vec<String> = serde_json::from_str(list.trim_end_matches(';')).unwrap();
    let whole = file(browser, "/openapi.json").await.body;
    let mut shown = 0;
    for service in &services {
        let document = file(browser, &format!("/openapi/{service}.json")).await.body;
        assert_eq!(document["openapi"], "3.1.0", "{service}");
        shown += document["paths"].as_object().unwrap().len();
    }
    assert_eq!(shown, whole["paths"].as_object().unwrap().len(), "{services:?}");
}

#[test]
fn the_viewer_is_the_file_whose_digest_was_recorded_with_its_version() {
    let file = include_bytes!("../../src/serve/viewer/redoc.standalone.js.gz");
    let digest: String = crate::trace::hex(&Sha256::digest(file));
    let recorded = include_str!("../../src/serve/viewer/VERSION");
    assert!(recorded.contains(&digest), "{digest} is not in {recorded}");
}

#[tokio::test]
async fn what_was_created_can_be_read_at_its_location_by_whoever_created_it() {
    let mut office = Office::open().await;
    let (applicant, operator) =
        (office.applicant("a1"), office.token(Role::Operator, "operator-1", "G02"));
    let (_, code) = submitted(&office.browser, &applicant).await;
    assert!(!code.is_empty());
    let complaint = json!({
        "agency": "G02.001", "text": "Nobody answers the phone.", "name": "Lê C", "address": "Hà Nội",
        "phone": "0902123456",
    });
    let outage = json!({
        "agency": "G02", "channels": ["online"], "from": "2026-11-20T08:00:00+07:00",
        "planned": false, "notice_at": "2026-11-20T08:30:00+07:00", "reason": "Đứt cáp quang biển",
    });
    let (browser, key) = (office.browser.clone(), office.browser.key());
    let pdf = [("content-type", "application/pdf")];
    let uploaded = browser.upload_as(&applicant, &key, &pdf, b"%PDF-1.7 a".to_vec()).await;
    let name = uploaded.body.clone();
    let created = [
        (&applicant, uploaded),
        (&applicant, browser.post("/v1/complaints", &applicant, "", complaint).await),
        (&operator, browser.post("/v1/outages", &operator, "", outage).await),
    ];
    office.settle().await;
    for (who, created) in created {
        assert_eq!(created.status, 201, "{}", created.body);
        let location = created.header("location");
        let read = office.browser.get(&location, who).await;
        assert_eq!(read.status, 200, "{location}: {}", read.body);
    }
    // An upload is shown as when it was stored, and to nobody who may not name it.
    let location = format!("/v1/documents/{}", name["document"].as_str().unwrap());
    assert_eq!(office.browser.get(&location, &applicant).await.body, name);
    for other in [office.applicant("a2"), office.clerk()] {
        assert_eq!(office.browser.get(&location, &other).await.refused(), (404, "not-found"));
    }
}
