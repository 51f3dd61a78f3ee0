//! Programs that only read: beside whoever serves, and on nothing.

use std::path::Path;
use std::process::{Command, Output};

use dossier::contract::Role;
use events::EventStore;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::health::left_behind;
use crate::support::{dossier, printed, submitted, token};

fn copy(from: &Path, to: &Path) -> Output {
    let url = |path: &Path| format!("sqlite:{}", path.display());
    let program = env!("CARGO_BIN_EXE_dossier");
    Command::new(program).args(["copy", &url(from), &url(to), "--log", "error"]).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_read_a_log_while_somebody_serves_from_it_and_change_nothing() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let process = Process::start(folder.path());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let (path, _) = submitted(&process.browser, &applicant).await;
    let shown = process.browser.get(&path, &applicant).await.granted();
    let code = shown["code"].as_str().unwrap();

    let checked = printed(&dossier(folder.path(), &["check"]));
    assert!(checked.contains("0 findings"), "{checked}");
    let exported = printed(&dossier(folder.path(), &["export"]));
    assert!(exported.contains(code), "{exported}");
    printed(&dossier(folder.path(), &["explain", code]));
    let change = ["whatif", "--procedure", "ENERGY.LABEL", "--budget", "3wd"];
    printed(&dossier(folder.path(), &change));
    printed(&dossier(folder.path(), &["bus", "dead-letters"]));
    let copied =
        printed(&copy(&folder.path().join("log.sqlite"), &other.path().join("copy.sqlite")));
    assert!(copied.contains("all are identical"), "{copied}");

    // Whoever serves goes on, and what is recorded now is copied by the next copy.
    submitted(&process.browser, &applicant).await;
    let again =
        printed(&copy(&folder.path().join("log.sqlite"), &other.path().join("copy.sqlite")));
    assert!(!again.contains(" 0 were copied"), "{again}");
}

#[test]
fn the_tools_fail_where_there_is_no_log_and_make_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, empty) = (folder.path().join("typo"), folder.path().join("empty"));
    std::fs::create_dir(&empty).unwrap();
    let change = ["whatif", "--procedure", "ENERGY.LABEL", "--budget", "3wd"];
    let tools: [&[&str]; 5] =
        [&["check"], &["export"], &["explain", "X"], &change, &["bus", "dead-letters"]];
    for data in [&missing, &empty] {
        for tool in tools {
            let output = dossier(data, tool);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains("no log at"), "{tool:?}: {said}");
        }
        let output = copy(&data.join("log.sqlite"), &folder.path().join("copy.sqlite"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("source store"), "{said}");
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left, ["empty"], "nothing was made");
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_log_that_is_empty_or_shorter_than_its_read_models_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    // An empty log where the right one should have been put.
    let log = folder.path().join("log.sqlite");
    drop(EventStore::open(&format!("sqlite:{}", log.display())).await.unwrap());
    let output = dossier(folder.path(), &["check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("the log is empty"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path()).await;
    for ending in ["", "-wal", "-shm"] {
        // Not each of them is there.
        let _ = std::fs::remove_file(folder.path().join(format!("log.sqlite{ending}")));
    }
    let log = folder.path().join("log.sqlite");
    drop(EventStore::open(&format!("sqlite:{}", log.display())).await.unwrap());
    let output = dossier(folder.path(), &["check"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("log-lost"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_gone_or_have_another_content_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    submitted(&process.browser, &token(&key, Role::Applicant, "company-1", "")).await;
    process.kill();
    let checked = printed(&dossier(folder.path(), &["check"]));
    assert!(checked.contains("2 documents compared, 0 findings"), "{checked}");

    let documents = folder.path().join("documents");
    let files = std::fs::read_dir(&documents).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "pdf")).collect();
    files.sort();
    std::fs::write(&files[0], "%PDF-1.7 forged, and longer than both").unwrap();
    std::fs::remove_file(&files[1]).unwrap();
    let said = |kind: &str| {
        let output = dossier(folder.path(), &["check"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && said.contains(kind), "{kind}: {said}");
    };
    said("document-changed");
    said("document-missing");
    std::fs::remove_dir_all(&documents).unwrap();
    said("the folder of documents is missing");
    assert!(!documents.exists(), "nothing is made");
    std::fs::remove_file(folder.path().join("digest-key")).unwrap();
    said("key-missing");
    assert!(!folder.path().join("digest-key").exists(), "nothing is made");
}
