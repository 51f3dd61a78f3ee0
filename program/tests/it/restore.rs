//! The drills of docs/operating.md: a log that is backed up while it is written to, and restored.

use std::path::Path;
use std::process::{Command, Output};

use dossier::contract::Role;
use events::EventStore;
use serde_json::json;
use web::auth::DevelopmentKey;

use crate::documents::{BUCKET, objects};
use crate::durability::Process;
use crate::support::{Office, at, dossier, postgres, postgres_url, printed, submitted, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_backed_up_while_it_is_written_to_is_restored_elsewhere() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let process = Process::start(first.path());
    let key = DevelopmentKey::in_folder(first.path()).unwrap();
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let mut addresses = Vec::new();
    for _ in 0..5 {
        addresses.push(submitted(&process.browser, &applicant).await.0);
    }
    let log = rusqlite::Connection::open(first.path().join("log.sqlite")).unwrap();
    let backup = second.path().join("log.sqlite").display().to_string();
    log.execute("VACUUM INTO ?1", [&backup]).unwrap();
    submitted(&process.browser, &applicant).await;
    process.kill();

    for name in ["digest-key", "development-signing-key"] {
        std::fs::copy(first.path().join(name), second.path().join(name)).unwrap();
    }
    let copied = Command::new("cp")
        .arg("-r")
        .args([first.path(), second.path()].map(|folder| folder.join("documents")))
        .status();
    assert!(copied.unwrap().success());
    printed(&dossier(second.path(), &["check"]));
    let restored = Process::start(second.path());
    for address in &addresses {
        let shown = restored.browser.get(address, &applicant).await.granted();
        let document = shown["documents"][0]["document"].as_str().unwrap();
        let read = format!("{address}/documents/{document}");
        assert!(restored.browser.get(&read, &applicant).await.status.is_success());
    }
    // And it goes on where it stood.
    let clerk = token(&key, Role::Clerk, "clerk-1", "G02.002");
    let etag = restored.browser.get(&addresses[0], &clerk).await.etag();
    let accept = format!("{}/acceptance", addresses[0]);
    restored.browser.post(&accept, &clerk, &etag, json!({})).await.granted();
}

#[tokio::test]
async fn a_log_on_a_server_is_backed_up_into_a_file_and_restored_on_another() {
    cluster::needs!(cluster::postgres());
    let mut office = Office::open_with(postgres().await, at("2026-11-20T09:00")).await;
    let applicant = office.applicant("company-1");
    let (path, etag) = submitted(&office.browser, &applicant).await;
    office.settle().await;
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("backup.sqlite").display());
    let backup = EventStore::open(&file).await.unwrap();
    program::copy(&office.engine.store, &backup).await.unwrap();
    drop(office);

    let other = postgres().await;
    let copied = program::copy(&backup, &other).await.unwrap();
    assert!(copied.written > 0);
    let office = Office::open_with(other, at("2026-11-20T10:00")).await;
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dossier")).args(arguments).output().unwrap()
}

/// The document of a dossier is there, byte for byte.
async fn document_is_there(process: &Process, address: &str, applicant: &str) {
    let shown = process.browser.get(address, applicant).await.granted();
    let document = shown["documents"][0]["document"].as_str().unwrap().to_owned();
    let read = format!("{address}/documents/{document}");
    let content = process.browser.get(&read, applicant).await.granted();
    assert_eq!(content, "%PDF-1.7 declaration");
}

/// The drill of docs/operating.md, "On Kubernetes": log on PostgreSQL, documents in a bucket, key elsewhere; old ones go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_office_on_servers_is_backed_up_by_the_command_checked_and_restored_on_others() {
    cluster::needs!(cluster::postgres(), cluster::tools::SEAWEEDFS.path());
    let folder = tempfile::tempdir().unwrap();
    let objects = tokio::task::block_in_place(|| objects(folder.path()));
    let (data, url) = (folder.path().join("data"), postgres_url());
    let (environment, kept) = (objects.environment().unwrap(), folder.path().join("kept"));
    let start = |data: &Path, url: &str, bucket: &str| {
        Process::start_in(data, &["--store", url, "--documents", bucket], &environment)
    };
    let process = start(&data, &url, BUCKET);
    let applicant =
        token(&DevelopmentKey::in_folder(&data).unwrap(), Role::Applicant, "company-1", "");
    let (address, etag) = submitted(&process.browser, &applicant).await;
    let place = |number: u8| kept.join(number.to_string()).display().to_string();
    // Two documents, each with its record.
    for number in 1..=3 {
        let mut backup = Command::new(env!("CARGO_BIN_EXE_dossier"));
        backup.args(["backup", "--store", &url, "--documents", BUCKET, "--data"]).arg(&data);
        backup.arg(place(number)).envs(environment.iter().map(|(name, value)| (name, value)));
        let said = printed(&backup.output().unwrap());
        assert!(said.contains("4 document files"), "{said}");
        // Without the store and the bucket: it is whole in itself.
        let checked = printed(&run(&["restore-check", "--keep", "2", &place(number)]));
        assert!(checked.contains("can be restored"), "{checked}");
        let removed = checked.contains(&format!("removed {}", place(1)));
        assert_eq!(removed, number == 3, "{checked}");
    }
    assert!(!Path::new(&place(1)).exists() && Path::new(&place(2)).exists());
    process.kill();

    // As it is written there: the log into another database, documents into another place, the keys beside.
    let (other, to) = (folder.path().join("other"), postgres_url());
    let backup = Path::new(&place(3)).to_owned();
    printed(&run(&["copy", &format!("sqlite:{}", backup.join("log.sqlite").display()), &to]));
    std::fs::create_dir(&other).unwrap();
    for name in ["digest-key", "development-signing-key"] {
        std::fs::copy(backup.join(name), other.join(name)).unwrap();
    }
    let documents = backup.join("documents").display().to_string();
    let restored = start(&other, &to, &documents);
    document_is_there(&restored, &address, &applicant).await;
    let key = DevelopmentKey::in_folder(&other).unwrap();
    let clerk = token(&key, Role::Clerk, "clerk-1", "G02.002");
    let accept = format!("{address}/acceptance");
    restored.browser.post(&accept, &clerk, &etag, json!({})).await.granted();
}

/// The drill of docs/one-machine.md: steps go on while the backup is taken, and what it holds is an office that goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_of_an_office_that_is_served_is_an_office() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let process = Process::start(&data);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let mut before = Vec::new();
    for _ in 0..3 {
        before.push(submitted(&process.browser, &applicant).await.0);
    }
    let (browser, other) = (process.browser.clone(), token(&key, Role::Applicant, "company-2", ""));
    let mut meanwhile = tokio::task::JoinSet::new();
    meanwhile.spawn(async move {
        for _ in 0..10 {
            submitted(&browser, &other).await;
        }
    });
    let to = backup.to_str().unwrap();
    let said = printed(&dossier(&data, &["backup", to]));
    assert!(said.contains("restore-check"), "{said}");
    meanwhile.join_all().await;
    process.kill();
    let checked = printed(&run(&["restore-check", to]));
    assert!(checked.contains(" 0 findings") && checked.contains("can be restored"), "{checked}");
    let again = dossier(&data, &["backup", to]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));

    let restored = Process::start(&backup);
    let mut documents = Vec::new();
    for address in &before {
        let shown = restored.browser.get(address, &applicant).await.granted();
        let document = shown["documents"][0]["document"].as_str().unwrap().to_owned();
        let read = format!("{address}/documents/{document}");
        assert!(restored.browser.get(&read, &applicant).await.status.is_success());
        documents.push(document);
    }
    let clerk = token(&key, Role::Clerk, "clerk-1", "G02.002");
    let etag = restored.browser.get(&before[0], &clerk).await.etag();
    let accept = format!("{}/acceptance", before[0]);
    restored.browser.post(&accept, &clerk, &etag, json!({})).await.granted();
    restored.kill();
    let served = run(&["restore-check", to]);
    assert!(String::from_utf8_lossy(&served.stderr).contains("no longer a backup"), "{served:?}");

    let other = folder.path().join("other");
    printed(&dossier(&backup, &["backup", other.to_str().unwrap()]));
    // A document that the log names: one that was uploaded while the backup ran may be there without a step that names it.
    let changed = other.join("documents").join(format!("{}.pdf", documents[0]));
    assert!(changed.exists(), "{}", changed.display());
    std::fs::write(changed, "%PDF-1.7 changed").unwrap();
    let rotten = run(&["restore-check", other.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&rotten.stdout);
    assert!(said.contains("document-changed"), "{said}");
    assert!(!rotten.status.success());
    std::fs::remove_file(other.join("backup.json")).unwrap();
    let incomplete = run(&["restore-check", other.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&incomplete.stderr).contains("incomplete"));
}
