//! A cluster on this machine: three NATS servers, PostgreSQL, two replicas of each service behind a proxy. What one process
//! does, it does; and it does it while any part of it is broken.
//!
//! One test after another, each on a cluster of its own: two cores carry no two of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bus;
mod deadlines;
mod faults;
mod life;
mod portal;
mod replayed;
#[expect(dead_code, reason = "the vocabulary of the other tests")]
#[path = "../it/support.rs"]
mod support;

use std::path::{Path, PathBuf};

use cluster::Cluster;
use tempfile::TempDir;

/// Held by the test whose cluster runs.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_dossier"))
}

fn openapi() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

/// A folder that PostgreSQL's own user may enter too.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// What a run has shown, for whoever looks at its output.
fn say(what: std::fmt::Arguments<'_>) {
    use std::io::Write;
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{what}");
}

fn start(folder: &TempDir) -> Cluster {
    Cluster::start(program(), &openapi(), folder.path()).unwrap()
}
