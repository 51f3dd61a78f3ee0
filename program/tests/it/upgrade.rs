//! An office that an older program kept (25 November 2026: a demo of eight dossiers, and three of company-1 that were under way) is
//! opened by this one, and goes on. `cargo xtask upgrade` does it with a real older program, and goes back.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dossier::contract::Role;
use program::DataDirectory;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{Answer, Browser, at, dossier, printed, token};

/// As it was packed, without what is built anew from it.
const OFFICE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden/office-2026-11-25.tar.gz");
const SUBMITTED: &str = "127abbb1-492a-5c38-8603-69b88f37bfb8";
const ACCEPTED: &str = "36d94e40-103f-5af2-b2c4-ed78b0bf600c";
/// Claimed, and a supplement was asked for.
const SUPPLEMENT: &str = "23d2874b-7ce0-5523-8831-76bcaa477599";

pub(crate) async fn step(browser: &Browser, path: &str, who: &str, body: Value) -> Answer {
    let (resource, _) = path.rsplit_once('/').unwrap();
    // What it follows from may not have been reacted to yet: there is nothing, it is not open yet, or it changes meanwhile.
    let taken = async {
        loop {
            let read = browser.get(resource, who).await;
            if read.status.is_success() {
                let answer = browser.post(path, who, &read.etag(), body.clone()).await;
                if !matches!(answer.status.as_u16(), 409 | 412) {
                    return answer;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), taken).await.expect("it never comes")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_that_an_older_program_kept_is_clean_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar").args(["-xzf", OFFICE, "-C"]).arg(folder.path()).status();
    assert!(unpacked.unwrap().success());
    let data = folder.path().join("office");
    let checked = printed(&dossier(&data, &["check"]));
    assert!(checked.contains("173 events") && checked.contains(" 0 findings"), "{checked}");

    let process = Process::start(&data);
    let (browser, key) = (&process.browser, DevelopmentKey::in_folder(&data).unwrap());
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let officer = |role, name| token(&key, role, name, "G02.002");
    let (clerk, reviewer) =
        (officer(Role::Clerk, "clerk-1"), officer(Role::Reviewer, "reviewer-1"));
    let path = format!("/v1/dossiers/{SUBMITTED}/acceptance");
    step(browser, &path, &clerk, json!({})).await.granted();
    let path = format!("/v1/reviews/{ACCEPTED}/claim");
    step(browser, &path, &reviewer, json!({})).await.granted();
    let document = browser.upload(&applicant, "again").await;
    let again = json!({ "documents": [
        { "component": "test_report", "document": document, "file_name": "c.pdf" }] });
    let path = format!("/v1/dossiers/{SUPPLEMENT}/supplements");
    step(browser, &path, &applicant, again).await.granted();
    for (name, body) in [
        ("activities", json!({ "activity": "registration" })),
        ("decision-proposals", json!({ "outcome": "approved", "reason": "complete" })),
    ] {
        let path = format!("/v1/reviews/{SUPPLEMENT}/{name}");
        step(browser, &path, &reviewer, body).await.granted();
    }
    // What the older program promised is enforced.
    let deadline = format!("/v1/dossiers/{ACCEPTED}/deadline");
    assert_eq!(browser.get(&deadline, &clerk).await.granted()["missed"], false);
    let directory = DataDirectory::open(&data).unwrap();
    directory.end_virtual_time(at("2027-03-01T09:00")).unwrap();
    let missed =
        async { while browser.get(&deadline, &clerk).await.granted()["missed"] != true {} };
    tokio::time::timeout(Duration::from_secs(60), missed).await.expect("nobody enforces it");
    process.kill();

    let checked = printed(&dossier(&data, &["check"]));
    assert!(checked.contains(" 0 findings"), "{checked}");
    assert!(Path::new(&data).join("views").exists(), "read models were built");
}
