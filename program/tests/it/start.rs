//! What a start asks an operator, and how it can be answered: by a flag and by the environment.

use std::path::Path;
use std::process::Command;

use dossier::contract::Role;
use dossier::services::ServiceName;
use events::{EventStore, SqliteOptions};
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;

use crate::durability::Process;
use crate::health::probed;
use crate::support::{DIGEST_KEY, Office, postgres_url, submitted};

/// A data directory whose log ended so many days ago, with a dossier that somebody must act on, or without any.
async fn ended(folder: &Path, days: i64, with_dossier: bool) {
    let log = EventStore::sqlite(&folder.join("log.sqlite"), SqliteOptions::default()).unwrap();
    ended_in(log, folder, days, with_dossier).await;
}

async fn ended_in(log: EventStore, folder: &Path, days: i64, with_dossier: bool) {
    let mut office = Office::open_with(log, days_ago(days)).await;
    if with_dossier {
        submitted(&office.browser, &office.token(Role::Applicant, "company-1", "")).await;
    }
    // What still answers holds the log.
    office.stop().await;
    drop(office);
    std::fs::write(folder.join("digest-key"), DIGEST_KEY).unwrap();
}

fn days_ago(days: i64) -> Timestamp {
    TimeSource::System.now().checked_sub(SignedDuration::from_hours(24 * days)).unwrap()
}

/// What a start says that comes to nothing.
fn refused(folder: &Path) -> String {
    refused_with(folder, &[])
}

fn refused_with(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).args(arguments);
    let ended = command.output().unwrap();
    assert!(!ended.status.success());
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_in_which_nothing_fell_due_starts_after_a_long_holiday_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    ended(folder.path(), 40, false).await;
    let process = Process::start(folder.path());
    assert!(process.browser.get("/health/live", "").await.status.is_success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_in_which_something_fell_due_asks_and_is_answered_by_a_flag_or_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    ended(folder.path(), 40, true).await;
    for _ in 0..2 {
        let said = refused(folder.path());
        assert!(said.contains("deadlines fell due since"), "{said}");
        assert!(said.contains("--confirm-clock") && said.contains("DOSSIER_CONFIRM_CLOCK=true"));
    }
    let confirmed = [("DOSSIER_CONFIRM_CLOCK", "true".to_owned())];
    let process = Process::start_in(folder.path(), &[], &confirmed);
    probed(&process.browser, |body| body["ready"] == true && body["overdue_obligations"] == 0)
        .await;
    process.kill();
    // What it enforced is the end of the log now.
    Process::start(folder.path()).kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_years_ahead_of_the_log_is_asked_about_whatever_fell_due() {
    let folder = tempfile::tempdir().unwrap();
    ended(folder.path(), 800, false).await;
    let said = refused(folder.path());
    assert!(said.contains("800 days earlier") && said.contains("DOSSIER_CONFIRM_CLOCK"), "{said}");
    Process::start_with(folder.path(), &["--confirm-clock"]).kill();
}

/// Once one of them recorded something, the log would end now, and the next start would enforce without asking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_a_part_of_the_services_asks_about_what_fell_due_in_the_others() {
    cluster::needs!(cluster::postgres());
    let folder = tempfile::tempdir().unwrap();
    let (url, idle) = (postgres_url(), postgres_url());
    let log = EventStore::open(&url).await.unwrap();
    // What falls due is the acceptance, which is intake's.
    ended_in(log, folder.path(), 14, true).await;
    let services = ServiceName::ALL.map(ServiceName::as_str);
    for service in services {
        let said = refused_with(folder.path(), &["--store", &url, "--services", service]);
        assert!(said.contains("deadlines fell due since"), "{service}: {said}");
    }
    let confirmed = ["--store", &url, "--services", "review", "--confirm-clock"];
    Process::start_with(folder.path(), &confirmed).kill();
    // Where nothing fell due each of them starts.
    let log = EventStore::open(&idle).await.unwrap();
    ended_in(log, folder.path(), 14, false).await;
    for service in services {
        Process::start_with(folder.path(), &["--store", &idle, "--services", service]).kill();
    }
}
