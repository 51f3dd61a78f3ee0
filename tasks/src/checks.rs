//! Every check there is, in one command: what CI runs.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::needs::SKIP_NOTHING;
use cluster::tools;

use crate::phases::{Beside, Phases};
use crate::root;

/// Everything, with the program as the images have it. One selection of packages and features for whatever is built: another one
/// would build the dependencies anew.
const ALL: [&str; 3] = ["--workspace", "--features", "standalone/eventstoredb"];

pub(crate) fn run() -> Result<()> {
    let junit = root().join("target/nextest/ci/junit.xml");
    // That of an earlier run, if there was one.
    let _ = std::fs::remove_file(&junit);
    let mut phases = Phases::new();
    let done = all(&mut phases);
    std::io::stdout().write_all(phases.report(&junit).as_bytes())?;
    done
}

fn all(phases: &mut Phases) -> Result<()> {
    // Where it was started from: what is built may replace it.
    let program = std::env::current_exe()?;
    let own = |arguments: &[&str]| {
        let mut own = Command::new(&program);
        own.args(arguments).current_dir(root());
        own
    };
    let logs = root().join("target/phases");
    std::fs::create_dir_all(&logs)?;
    // Downloads, while the compiler works.
    let tools = Beside::start(&logs, vec![("tools", own(&["tools"]))]);
    phases.run("format", || cargo(&["fmt", "--all", "--check"]))?;
    phases.run("licences", licences)?;
    phases.run("clippy", || {
        cargo(&[&["clippy", "--all-targets"], &ALL[..], &["--", "-D", "warnings"]].concat())
    })?;
    phases.run("build", || succeed(nextest()?.arg("--no-run")))?;
    phases.join(tools)?;
    // Many tests wait for something most of the time, and so do these.
    let documents = Beside::start(
        &logs,
        vec![
            ("charts", xtask("charts")),
            ("validate", xtask("validate")),
            ("api", own(&["api", "--built"])),
        ],
    );
    let tested = phases.run("tests", tests);
    let documents = phases.join(documents);
    tested.and(documents)
}

/// A task of the package `xtask`, as it was built with everything else.
pub(crate) fn xtask(task: &str) -> Command {
    let mut xtask = Command::new(root().join("target/debug/xtask"));
    xtask.arg(task).current_dir(root());
    xtask
}

fn licences() -> Result<()> {
    let mut deny = Command::new(tools::CARGO_DENY.path()?);
    succeed(deny.args(["check", "bans", "licenses", "sources"]).current_dir(root()))
}

/// Every test, with a server of PostgreSQL for all of them, which ends with this process.
fn tests() -> Result<()> {
    cluster::postgres()?;
    if std::env::var_os("EVENTSTORE_URL").is_none() {
        writeln!(
            std::io::stderr(),
            "EVENTSTORE_URL names no server: EventStoreDB is tested on its double"
        )?;
    }
    // Twice as many as there are processors: most tests wait for a server most of the time.
    let threads = 2 * std::thread::available_parallelism()?.get();
    let threads = threads.to_string();
    succeed(nextest()?.args(["--test-threads", &threads]).env(SKIP_NOTHING, "1"))
}

/// `cargo nextest run` on everything.
fn nextest() -> Result<Command> {
    let mut nextest = Command::new(tools::CARGO_NEXTEST.path()?);
    nextest.args(["nextest", "run", "--profile", "ci"]).args(ALL).current_dir(root());
    without_incremental(&mut nextest);
    Ok(nextest)
}

/// What is built once needs no record of what may be kept when it is built again.
fn without_incremental(command: &mut Command) {
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
}

/// The program, where it is built.
pub(crate) fn program() -> PathBuf {
    root().join("target/debug/dossier")
}

/// Builds the program, in the same way as for the tests.
pub(crate) fn build_program() -> Result<()> {
    cargo(&[&["build", "--bins"], &ALL[..]].concat())
}

/// The clock against the independent reckoner, in release, on many more cases than the tests have time for.
pub(crate) fn reckon() -> Result<()> {
    let many = ["--release", "-p", "calendar", "--features", "many-cases"];
    cargo(&[&["test"], &many[..], &["--test", "independent"]].concat())
}

pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    let mut cargo = crate::cargo();
    without_incremental(&mut cargo);
    succeed(cargo.args(arguments))
}

/// Runs a command; an error that names it if it fails.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed") }
}
