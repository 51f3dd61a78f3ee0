//! A dossier's life is the same in a cluster as in one process.

use std::process::Command;

use dossier::contract::Role;
use web::auth::DevelopmentKey;

use crate::portal::{Load, Portal, verify};
use crate::support::{example_script, token};
use crate::{ONE_AT_A_TIME, folder, program, say, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dossiers_are_carried_through_a_cluster_and_counted_as_in_one_process() {
    cluster::needs!(cluster::Cluster::installed());
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let cluster = start(&folder);
    let portal = Portal::open(cluster.address(), &cluster.data(), "life").await;
    let load = Load::begin(&portal, 4);
    load.more(20).await;
    let ids = load.end().await;
    verify(&cluster.postgres.url, &ids).await;
    example_script(cluster.address(), &cluster.data());

    // The visitor of `helm test` comes through as well.
    let key = DevelopmentKey::in_folder(&cluster.data()).unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::create_dir_all(&tokens).unwrap();
    let of = |role, subject, agency| token(&key, role, subject, agency);
    for (name, token) in [
        ("applicant", of(Role::Applicant, "visitor", "")),
        ("clerk", of(Role::Clerk, "clerk-2", "G02.001")),
        ("cashier", of(Role::Cashier, "cashier-2", "G02.001")),
        ("reviewer", of(Role::Reviewer, "reviewer-2", "G02.001")),
        ("approver", of(Role::Approver, "approver-2", "G02.001")),
    ] {
        std::fs::write(tokens.join(name), token).unwrap();
    }
    let portal = format!("http://{}", cluster.address());
    let mut visit = Command::new(program());
    visit.args(["visit", "--intake", &portal, "--tokens"]).arg(&tokens);
    let visited = visit.output().unwrap();
    let said = String::from_utf8_lossy(&visited.stdout).into_owned();
    assert!(visited.status.success(), "{}", String::from_utf8_lossy(&visited.stderr));
    assert!(said.contains("delivered and verified"), "{said}");
    say(format_args!("{} dossiers; {:?}", ids.len(), cluster.cpu().unwrap()));
}
