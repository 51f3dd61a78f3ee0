//! Runs all checks in one command, as CI does.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::needs::SKIP_NOTHING;
use cluster::tools;

use crate::phases::{Beside, Phases};
use crate::root;

/// All packages, with the features of the images. Everything is built with the same selection;
/// another one would rebuild the dependencies.
const ALL: [&str; 3] = ["--workspace", "--features", "program/eventstoredb"];

pub(crate) fn run() -> Result<()> {
    let junit = root().join("target/nextest/ci/junit.xml");
    // The report of an earlier run; it may be absent.
    let _ = std::fs::remove_file(&junit);
    let mut phases = Phases::new();
    let done = all(&mut phases);
    std::io::stdout().write_all(phases.report(&junit).as_bytes())?;
    done
}

fn all(phases: &mut Phases) -> Result<()> {
    // Its own path, taken now because the build may replace the file.
    let program = std::env::current_exe()?;
    let own = |arguments: &[&str]| {
        let mut own = Command::new(&program);
        own.args(arguments).current_dir(root());
        own
    };
    let logs = root().join("target/phases");
    std::fs::create_dir_all(&logs)?;
    // Downloads tools while the compiler runs.
    let tools = Beside::start(&logs, vec![("tools", own(&["tools"]))]);
    phases.run("format", || cargo(&["fmt", "--all", "--check"]))?;
    phases.run("licences", licences)?;
    phases.run("clippy", || {
        cargo(&[&["clippy", "--all-targets"], &ALL[..], &["--", "-D", "warnings"]].concat())
    })?;
    phases.run("build", || succeed(nextest()?.arg("--no-run")))?;
    phases.join(tools)?;
    // These checks and many tests wait most of the time, so they run side by side.
    let documents = Beside::start(
        &logs,
        vec![
            ("charts", xtask("charts")),
            ("validate", xtask("validate")),
            ("clients", own(&["clients", "--built"])),
            ("api", own(&["api", "--built"])),
            ("desk", own(&["desk", "--built"])),
        ],
    );
    let tested = phases.run("tests", tests);
    let documents = phases.join(documents);
    tested.and(documents)
}

/// A task of the package `xtask`, from the binary that was built with everything else.
pub(crate) fn xtask(task: &str) -> Command {
    let mut xtask = Command::new(root().join("target/debug/xtask"));
    xtask.arg(task).current_dir(root());
    xtask
}

fn licences() -> Result<()> {
    let mut deny = Command::new(tools::CARGO_DENY.path()?);
    succeed(deny.args(["check", "bans", "licenses", "sources"]).current_dir(root()))
}

/// Runs all tests with a shared PostgreSQL server, which ends with this process.
fn tests() -> Result<()> {
    cluster::postgres()?;
    if std::env::var_os("EVENTSTORE_URL").is_none() {
        writeln!(
            std::io::stderr(),
            "EVENTSTORE_URL names no server: EventStoreDB is tested on its double"
        )?;
    }
    // Twice the number of processors, because most tests wait for a server most of the time.
    let threads = 2 * std::thread::available_parallelism()?.get();
    let threads = threads.to_string();
    succeed(nextest()?.args(["--test-threads", &threads]).env(SKIP_NOTHING, "1"))
}

/// `cargo nextest run` for all packages.
fn nextest() -> Result<Command> {
    let mut nextest = Command::new(tools::CARGO_NEXTEST.path()?);
    nextest.args(["nextest", "run", "--profile", "ci"]).args(ALL).current_dir(root());
    without_incremental(&mut nextest);
    Ok(nextest)
}

/// Disables incremental compilation in CI, where everything is built once.
fn without_incremental(command: &mut Command) {
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
}

/// Path of the built program.
pub(crate) fn program() -> PathBuf {
    root().join("target/debug/dossier")
}

/// Builds the program with the same features as the tests.
pub(crate) fn build_program() -> Result<()> {
    cargo(&[&["build", "--bins"], &ALL[..]].concat())
}

/// Compares the calendar with the independent reckoner in release mode, on more cases than the
/// regular tests.
pub(crate) fn reckon() -> Result<()> {
    let many = ["--release", "-p", "calendar", "--features", "many-cases"];
    cargo(&[&["test"], &many[..], &["--test", "independent"]].concat())
}

pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    let mut cargo = crate::cargo();
    without_incremental(&mut cargo);
    succeed(cargo.args(arguments))
}

/// Runs a command; the error names it.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed") }
}
