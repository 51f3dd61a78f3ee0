//! A disk that does not answer: the process ends nevertheless.

use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::time::Duration;

use dossier::contract::Role;
use serde_json::json;
use tokio::task::JoinSet;
use web::auth::DevelopmentKey;

use crate::private::Said;
use crate::support::{energy_label, token};

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_a_thread_that_waits_for_a_disk_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let said = tokio::task::block_in_place(|| Said::start(folder.path(), &[]));
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let mut body = energy_label(&said.browser, &applicant).await;
    // Reading a pipe lasts as long as somebody may still write into it.
    let name = "A".repeat(22);
    let pipe = folder.path().join("documents").join(format!("{name}.json"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    body["documents"][0]["document"] = json!(name);
    let (browser, mut asking) = (said.browser.clone(), JoinSet::new());
    asking.spawn(async move { browser.post("/v1/dossiers", &applicant, "", body).await });
    let mut to_write = std::fs::File::options();
    to_write.write(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let read = async {
        loop {
            // There is no other end as long as nobody reads it.
            match to_write.open(&pipe) {
                Ok(writer) => return writer,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let _writer = tokio::time::timeout(LIMIT, read).await.expect("nobody reads the document");
    asking.shutdown().await;
    let mut ending = JoinSet::new();
    ending.spawn_blocking(move || said.end());
    let ended = tokio::time::timeout(LIMIT, ending.join_next()).await.expect("it does not end");
    let lines = ended.unwrap().unwrap();
    assert!(lines.iter().any(|line| line["fields"]["message"] == "stopping"));
}
