//! Services in processes of their own, on one event store.

use std::process::Command;

use dossier::contract::Role;
use dossier::services::ServiceName;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{Answer, Browser, all_but, energy_label, postgres_url, token};

/// Takes a step once the process knows of everything up to `seen`, and says up to where that is then.
async fn take(
    browser: &Browser,
    (path, step): (&str, &str),
    who: &str,
    seen: &mut String,
    body: Value,
) -> Value {
    let read =
        [("authorization", &*format!("Bearer {who}")), ("consistency-token", &*seen.clone())];
    let shown = browser.send(http::Method::GET, path, &read, Vec::new()).await.unwrap();
    let etag = shown.etag();
    shown.granted();
    let answer: Answer = browser.post(&format!("{path}/{step}"), who, &etag, body).await;
    *seen = answer.header("consistency-token");
    answer.granted()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_carried_through_by_processes_that_share_nothing_but_the_log() {
    cluster::needs!(cluster::postgres());
    carried_through_by_processes(&postgres_url()).await;
}

pub(crate) async fn carried_through_by_processes(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let start =
        |services: &str| Process::start_with(data, &["--store", url, "--services", services]);
    let front = start("intake,register");
    let back = start(&all_but(&[ServiceName::Intake, ServiceName::Register]));
    let key = DevelopmentKey::in_folder(data).unwrap();
    let officer = |role, name| token(&key, role, name, "G02.002");
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let body = energy_label(&front.browser, &applicant).await;
    let submitted = front.browser.post("/v1/dossiers", &applicant, "", body).await;
    let mut seen = submitted.header("consistency-token");
    let id = submitted.granted()["id"].as_str().unwrap().to_owned();
    let (dossier, review) = (format!("/v1/dossiers/{id}"), format!("/v1/reviews/{id}"));
    let clerk = officer(Role::Clerk, "clerk-1");
    take(&front.browser, (&dossier, "acceptance"), &clerk, &mut seen, json!({})).await;

    // The process with review is killed, and another takes over from what stands in the log.
    back.kill();
    let back = start(&all_but(&[ServiceName::Intake, ServiceName::Register]));
    let reviewer = officer(Role::Reviewer, "reviewer-1");
    take(&back.browser, (&review, "claim"), &reviewer, &mut seen, json!({})).await;
    let done = json!({ "activity": "registration" });
    take(&back.browser, (&review, "activities"), &reviewer, &mut seen, done).await;
    let decision = json!({ "outcome": "approved", "reason": "complete" });
    take(&back.browser, (&review, "decision-proposals"), &reviewer, &mut seen, decision).await;
    let authorization = format!("Bearer {applicant}");
    let read = [("authorization", &*authorization), ("consistency-token", &*seen)];
    let shown = front.browser.send(http::Method::GET, &dossier, &read, Vec::new()).await.unwrap();
    let shown = shown.granted();
    assert_eq!((&shown["outcome"], &shown["stage"]), (&json!("approved"), &json!("closed")));

    // A service runs once in a directory, and a log in a file is not shared.
    let refused = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(arguments);
        let ended = command.output().unwrap();
        assert!(!ended.status.success());
        String::from_utf8_lossy(&ended.stderr).into_owned()
    };
    let twice = refused(&["--store", url, "--services", "review"]);
    assert!(twice.contains("review runs in another process"), "{twice}");
    let file = refused(&["--services", "review"]);
    assert!(file.contains("needs `--store`"), "{file}");
}
