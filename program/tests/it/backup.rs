//! What a backup refuses before it writes anything, and what its check finds of what is missing or was changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dossier::contract::Role;
use serde_json::Value;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{dossier, printed, submitted, token};

/// A data directory with a dossier that names a document.
async fn data(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    let process = Process::start(&data);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    submitted(&process.browser, &token(&key, Role::Applicant, "company-1", "")).await;
    process.kill();
    data
}

fn restore_check(folder: &Path) -> Output {
    restore_check_with(folder, &[])
}

fn restore_check_with(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
    command.arg("restore-check").arg(folder).args(arguments).output().unwrap()
}

/// What it says that comes to nothing.
fn refused(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!output.status.success(), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_would_fill_the_disk_is_refused_and_one_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path()).await;
    let to = folder.path().join("backup");
    let (to, leaves) = (to.to_str().unwrap(), "999999999999");
    let said = refused(&dossier(&data, &["backup", "--leave-mib", leaves, to]));
    assert!(said.contains("must stay free"), "{said}");
    assert!(!Path::new(to).exists());
    // One that somebody made stays, and what breaks off late leaves nothing in it either.
    std::fs::create_dir(to).unwrap();
    refused(&dossier(&data, &["backup", "--leave-mib", leaves, to]));
    let key = data.join("development-signing-key");
    std::fs::rename(&key, data.join("elsewhere")).unwrap();
    std::fs::create_dir(&key).unwrap();
    refused(&dossier(&data, &["backup", to]));
    assert_eq!(std::fs::read_dir(to).unwrap().count(), 0);
    std::fs::remove_dir(&key).unwrap();
    printed(&dossier(&data, &["backup", to]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_without_the_key_or_the_documents_of_its_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path()).await;
    let to = folder.path().join("backup").display().to_string();
    for flag in ["--digest-key", "--documents"] {
        let said = refused(&dossier(&data, &["backup", flag, "/nowhere", &to]));
        assert!(said.contains("/nowhere"), "{said}");
    }
    for (name, flag) in [("digest-key", "--digest-key"), ("documents", "--documents")] {
        let (here, elsewhere) = (data.join(name), folder.path().join(name));
        std::fs::rename(&here, &elsewhere).unwrap();
        let said = refused(&dossier(&data, &["backup", &to]));
        assert!(said.contains(name) && said.contains(flag), "{said}");
        assert!(!Path::new(&to).exists(), "nothing was written");
        printed(&dossier(&data, &["backup", flag, elsewhere.to_str().unwrap(), &to]));
        assert!(printed(&restore_check(Path::new(&to))).contains("can be restored"));
        std::fs::remove_dir_all(&to).unwrap();
        std::fs::rename(&elsewhere, &here).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_part_that_a_backup_lost_or_that_was_changed_in_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path()).await;
    let to = folder.path().join("backup");
    printed(&dossier(&data, &["backup", to.to_str().unwrap()]));
    assert!(printed(&restore_check(&to)).contains("can be restored"));

    let documents = std::fs::read_dir(to.join("documents")).unwrap();
    let record = documents
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "json"));
    let record = record.unwrap();
    for (path, changed) in [
        (record.clone(), false),
        (record.clone(), true),
        (to.join("digest-key"), true),
        (to.join("development-signing-key"), false),
        (to.join("SHA256SUMS"), false),
    ] {
        let before = std::fs::read(&path).unwrap();
        if changed {
            let other: Vec<u8> = before.iter().map(|byte| byte ^ 1).collect();
            std::fs::write(&path, other).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        let said = refused(&restore_check(&to));
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(said.contains(name) && said.contains("differs from what was backed up"), "{said}");
        std::fs::write(&path, before).unwrap();
    }
    assert!(printed(&restore_check(&to)).contains("can be restored"));

    // A backup of an older program has numbers alone.
    let list = to.join("backup.json");
    let mut older: Value = serde_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    let whole = std::fs::read(&list).unwrap();
    older.as_object_mut().unwrap().retain(|field, _| field != "sums" && field != "log");
    std::fs::write(&list, older.to_string()).unwrap();
    assert!(printed(&restore_check(&to)).contains("can be restored"));
    let before = std::fs::read(&record).unwrap();
    std::fs::remove_file(&record).unwrap();
    let said = refused(&restore_check(&to));
    assert!(said.contains("documents has "), "{said}");
    std::fs::write(&record, before).unwrap();
    std::fs::write(&list, whole).unwrap();

    // A text that nothing else in the log repeats.
    let log = rusqlite::Connection::open(to.join("log.sqlite")).unwrap();
    let changed = "UPDATE events SET data = replace(data, 'b.pdf', 'd.pdf') WHERE position = (SELECT max(position) FROM events WHERE data LIKE '%b.pdf%')";
    assert_eq!(log.execute(changed, []).unwrap(), 1);
    drop(log);
    let said = refused(&restore_check(&to));
    assert!(said.contains("log.sqlite has other events"), "{said}");
}

/// Makes a file look as if it had been written so many hours ago.
fn aged(path: &Path, hours: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - std::time::Duration::from_secs(hours * 60 * 60)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pruning_removes_incomplete_backups_and_no_installation_that_stands_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path()).await;
    let place = |name: &str| folder.path().join(name);
    printed(&dossier(&data, &["backup", place("first").to_str().unwrap()]));
    // A restored installation, in the folder of its backup.
    printed(&dossier(&data, &["backup", place("restored").to_str().unwrap()]));
    Process::start(&place("restored")).kill();
    // A backup that was killed two nights ago.
    printed(&dossier(&data, &["backup", place("killed").to_str().unwrap()]));
    std::fs::rename(place("killed").join("backup.json"), place("killed").join("backup.unfinished"))
        .unwrap();
    aged(&place("killed").join("backup.unfinished"), 48);
    // Nothing was recorded over the weekend.
    for quiet in [&data, &place("restored")] {
        aged(&quiet.join("log.sqlite"), 72);
    }
    printed(&dossier(&data, &["backup", place("second").to_str().unwrap()]));
    assert!(!place("killed").exists(), "removed before the next one is written");
    let said = printed(&restore_check_with(&place("second"), &["--keep", "1"]));
    assert!(said.contains(&format!("removed {}", place("first").display())), "{said}");
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["data", "restored", "second"]);
    Process::start(&data).kill();
}
