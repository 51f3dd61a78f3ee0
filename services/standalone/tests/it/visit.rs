//! The visitor of `helm test`, in a process of its own.

use std::path::Path;
use std::process::{Command, Output};

use dossier::contract::Role;
use service_kit::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{printed, token};

fn visit(address: &str, tokens: &Path) -> Output {
    let mut visit = Command::new(env!("CARGO_BIN_EXE_dossier"));
    visit.args(["visit", "--intake", &format!("http://{address}"), "--tokens"]);
    visit.arg(tokens).args(["--log", "error"]).output().unwrap()
}

fn tokens(folder: &Path, key: &DevelopmentKey, cashier: Role) {
    for (name, role, agency) in [
        ("applicant", Role::Applicant, ""),
        ("clerk", Role::Clerk, "G02.001"),
        ("cashier", cashier, "G02.001"),
        ("reviewer", Role::Reviewer, "G02.001"),
        ("approver", Role::Approver, "G02.001"),
    ] {
        std::fs::write(folder.join(name), token(key, role, name, agency)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_carried_from_submission_over_its_receipt_to_its_verified_result() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let process = Process::start(folder.path());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    tokens(files.path(), &key, Role::Cashier);
    let address = process.browser.address.to_string();
    let said = printed(&visit(&address, files.path()));
    assert!(said.contains("paid (receipt ") && said.contains("delivered and verified"), "{said}");

    // Nobody who may not do it gets through.
    tokens(files.path(), &key, Role::Clerk);
    let refused = visit(&address, files.path());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("/cash: 403"), "{said}");
}
