//! A directory whose time stands still until somebody moves it on.

use std::time::Duration;

use dossier::contract::Role;
use program::DataDirectory;
use serde_json::json;
use tokio::time::timeout;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{at, energy_label, token};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_is_enforced_once_time_is_moved_there() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path()).unwrap();
    directory.end_virtual_time(at("2026-11-20T09:00")).unwrap();
    let process = Process::start(folder.path());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let (applicant, clerk) = (
        token(&key, Role::Applicant, "company-1", ""),
        token(&key, Role::Clerk, "clerk-1", "G02.002"),
    );
    let body = energy_label(&process.browser, &applicant).await;
    let submitted = process.browser.post("/v1/dossiers", &applicant, "", body).await;
    let etag = submitted.etag();
    let dossier = format!("/v1/dossiers/{}", submitted.granted()["id"].as_str().unwrap());
    let accept = format!("{dossier}/acceptance");
    let accepted = process.browser.post(&accept, &clerk, &etag, json!({})).await.granted();
    assert_eq!(accepted["submitted_at"], "2026-11-20T02:00:00Z", "time stands still");

    let deadline = format!("{dossier}/deadline");
    let shown = process.browser.get(&deadline, &applicant).await.granted();
    assert_eq!(shown["missed"], false);
    directory.end_virtual_time(at("2027-02-01T09:00")).unwrap();
    let enforced = async {
        while process.browser.get(&deadline, &applicant).await.granted()["missed"] != true {}
    };
    timeout(LIMIT, enforced).await.expect("nobody enforces it");
}
