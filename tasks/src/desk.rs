//! Tests of the desk in a real browser, and the measurement of its pages.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use cluster::tools;

use crate::checks::{program, succeed};
use crate::root;
use crate::server::start;

/// What is measured, if anything is.
#[derive(Debug, clap::Args)]
pub(crate) struct Measure {
    /// Address of a server in development mode, for example http://127.0.0.1:8080: print requests,
    /// bytes, and the time until the first row can be clicked, for the pages of an officer.
    #[arg(long, value_name = "ADDRESS", requires = "token")]
    pub(crate) measure: Option<String>,
    /// Token of the officer, from `dossier token`; a clerk has all pages.
    #[arg(long, requires = "measure")]
    pub(crate) token: Option<String>,
    /// Words to search for; the name of the first applicant of the list if absent.
    #[arg(long, requires = "measure")]
    pub(crate) words: Option<String>,
    /// Runs, each with an empty cache.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
}

/// Measures the pages of an officer on a server that runs.
pub(crate) fn measure(address: &str, token: &str, words: Option<&str>, runs: u32) -> Result<()> {
    let mut measure = Command::new("node");
    measure
        .arg(root().join("desk/tests/measure.mjs"))
        .env("ADDRESS", address.trim_end_matches('/'))
        .env("CHROMIUM", tools::chromium()?)
        .env("PACKAGES", tools::node_packages()?)
        .env("SHOTS", root().join("target/desk/shots"))
        .env("TOKEN", token)
        .env("RUNS", runs.to_string());
    if let Some(words) = words {
        measure.env("WORDS", words);
    }
    // Not `succeed`, whose error would show the token.
    let status = measure.status().context("node")?;
    ensure!(status.success(), "desk/tests/measure.mjs failed");
    Ok(())
}

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
