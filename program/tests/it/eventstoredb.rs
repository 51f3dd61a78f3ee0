//! Offices whose log stands on EventStoreDB, that is, on its double: positions are far apart there, and other programs'
//! events lie between ours.

use std::process::Command;
use std::time::Duration;

use events::EventStore;
use events::contract_suite::SENTENCES;
use eventstoredb_double::EventStoreDbDouble;
use tokio::time::timeout;

use crate::durability::Process;
use crate::health::{assert_told, probed};
use crate::support::{Office, at, energy_label, printed, submitted};

async fn store(double: &EventStoreDbDouble) -> EventStore {
    EventStore::eventstoredb(&double.url("office")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_origin_from_submission_to_rating() {
    let double = EventStoreDbDouble::start().unwrap();
    let office = Office::open_with(store(&double).await, at("2026-11-20T09:00")).await;
    crate::life::from_submission_to_rating(office).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_in_one_store_goes_on_there() {
    let double = EventStoreDbDouble::start().unwrap();
    crate::copy::goes_on_in(store(&double).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_carried_through_by_processes_that_share_nothing_but_the_log() {
    let double = EventStoreDbDouble::start().unwrap();
    crate::services::carried_through_by_processes(&double.url("office")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_frozen_or_without_a_leader_shows_at_once() {
    let double = EventStoreDbDouble::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start_with(folder.path(), &["--store", &double.url("office")]);
    let ready = |body: &serde_json::Value| body["ready"] == true;
    probed(&process.browser, ready).await;
    double.freeze();
    assert_told(&process).await;
    double.thaw();
    probed(&process.browser, ready).await;
    double.lose_leader();
    assert_told(&process).await;
    double.regain_quorum(false);
    probed(&process.browser, ready).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_a_server_that_freezes_are_answered_within_the_time_that_is_promised() {
    let double = EventStoreDbDouble::start().unwrap();
    let office = Office::open_with(store(&double).await, at("2026-11-20T09:00")).await;
    let (browser, applicant) = (&office.browser, office.applicant("company-1"));
    let (dossier, _) = submitted(browser, &applicant).await;
    let another = energy_label(browser, &applicant).await;
    double.freeze();
    let promised = Duration::from_secs(20);
    let (read, written) = tokio::join!(
        timeout(promised, browser.get(&dossier, &applicant)),
        timeout(promised, browser.post("/v1/dossiers", &applicant, "", another.clone())),
    );
    for answer in [read.expect("a read waits"), written.expect("a step waits")] {
        assert_eq!(answer.refused(), (503, "unavailable"), "{}", answer.body);
    }
    double.thaw();
    let again = async { while !browser.get(&dossier, &applicant).await.status.is_success() {} };
    timeout(promised, again).await.expect("it stays away");
    browser.post("/v1/dossiers", &applicant, "", another).await.granted();
}

#[test]
fn the_contract_is_tried_sentence_by_sentence_at_its_address() {
    let double = EventStoreDbDouble::start().unwrap();
    // Its own setting of a log's name is replaced by one for each sentence: the last that is said holds.
    let run = Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(["store-suite", &double.url("suite"), "--log", "off"])
        .output()
        .unwrap();
    let said = printed(&run);
    let holds = said.lines().filter(|line| line.starts_with("holds")).count();
    assert_eq!((holds, said.lines().count()), (SENTENCES.len(), SENTENCES.len()), "{said}");
}
