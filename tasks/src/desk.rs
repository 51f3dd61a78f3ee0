//! Tests of the desk in a real browser.

use std::process::Command;

use anyhow::{Context, Result};
use cluster::tools;

use crate::checks::{program, succeed};
use crate::root;
use crate::server::start;

/// Dossiers of the demo besides those of the stories.
const DOSSIERS: &str = "60";

/// All tests look things up from one address, and faster than people do.
const QUOTAS: &str = "address: { look_ups: { count: 100000, seconds: 60 }, \
                      look_ups_of_a_day: { count: 1000000, seconds: 86400 } }\n";

/// Creates a demo with the built program, and runs the tests of `desk/tests` on it in Chromium.
/// Pictures of the pages are kept in `target/desk/shots`.
pub(crate) fn in_a_browser() -> Result<()> {
    let folder = root().join("target/desk");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let quotas = folder.join("quotas.yaml");
    std::fs::write(&quotas, QUOTAS)?;
    let mut demo = Command::new(program());
    demo.arg("demo").arg("--quotas").arg(quotas);
    demo.args(["--dossiers", DOSSIERS, "--listen", "127.0.0.1:0", "--data"]);
    let (_server, address) = start(demo.arg(folder.join("data")))?;
    let browser = tools::chromium()?;
    let packages = tools::node_packages()?;
    let mut tests = Command::new("node");
    tests
        .arg(root().join("desk/tests/run.mjs"))
        .env("ADDRESS", format!("http://{address}"))
        .env("CHROMIUM", browser)
        .env("PACKAGES", packages)
        .env("PROGRAM", program())
        .env("DATA", folder.join("data"))
        .env("SHOTS", folder.join("shots"));
    succeed(&mut tests).context("pictures of the pages are in target/desk/shots")
}
