//! What the real log came to in one process, a cluster answers in the same words: statuses, periods, what was missed, figures.

use std::path::{Path, PathBuf};
use std::process::Command;

use cluster::{Cluster, Postgres, Process, free_port, get, wait_until};
use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use serde_json::Value;
use service_kit::auth::DevelopmentKey;

use crate::support::{Browser, token};
use crate::{ONE_AT_A_TIME, folder, openapi, program, say};

/// Enough to have every kind of end and of deadline in it.
const CASES: usize = 150;

/// The log, where it is; it is not part of the project.
fn log() -> Option<String> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/permit-receipts.csv");
    std::fs::read_to_string(beside).ok()
}

/// Its first cases, in a file of their own.
fn beginning(log: &str, folder: &Path) -> PathBuf {
    let mut lines = log.lines();
    let head = lines.next().unwrap();
    let column = head.split(',').position(|name| name == "case:concept:name").unwrap();
    let (mut cases, mut kept) = (Vec::new(), vec![head]);
    for line in lines {
        let case = line.split(',').nth(column).unwrap();
        if !cases.contains(&case) {
            cases.push(case);
        }
        if cases.len() > CASES {
            break;
        }
        kept.push(line);
    }
    let file = folder.join("log.csv");
    std::fs::write(&file, kept.join("\n") + "\n").unwrap();
    file
}

/// Everything there is to be asked of each dossier, and the figures of all of them.
async fn answers(browser: &Browser, who: &str, dossiers: &[String]) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    let of_each = ["", "/obligations", "/timeline", "/elapsed"];
    let each =
        dossiers.iter().flat_map(|id| of_each.map(|what| format!("/v1/dossiers/{id}{what}")));
    for path in each.chain(["/v1/statistics?agency=Z99.NL".to_owned()]) {
        let answer = browser.get(&path, who).await.granted();
        answers.push((path, answer));
    }
    answers
}

/// The dossiers in a log.
async fn dossiers(store: &EventStore) -> Vec<String> {
    let kinds = events::Filter { kinds: vec!["intake.DossierSubmitted".into()] };
    let page = store.read_all(events::Position::START, &kinds, 10_000).await.unwrap();
    page.events.iter().map(|event| event.stream.id().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_log_is_answered_by_a_cluster_as_by_one_process() {
    let Some(log) = log() else {
        say(format_args!(
            "SKIPPED: permit-receipts.csv is not here, so a cluster on the real log was NOT tested"
        ));
        return;
    };
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let (alone, data) = (folder.path().join("alone"), folder.path().join("data"));
    let file = beginning(&log, folder.path());
    let summary = standalone::replay(&file, &alone, false).await.unwrap();
    assert_eq!(summary.dossiers, CASES);
    assert!(summary.deadlines_missed > 10 && summary.missed_still_open + summary.open_not_due > 0);

    let postgres =
        Postgres::start_in(&folder.path().join("postgres"), free_port().unwrap()).unwrap();
    let from = EventStore::sqlite(&alone.join("log.sqlite"), SqliteOptions::default()).unwrap();
    let to = EventStore::open(&postgres.url).await.unwrap();
    standalone::copy(&from, &to).await.unwrap();
    let dossiers = dossiers(&from).await;
    drop((from, to));
    // The keys go with the log, and so does the moment at which its time stands still.
    std::fs::create_dir_all(&data).unwrap();
    for name in ["virtual-time-ended-at", "development-signing-key", "digest-key"] {
        std::fs::copy(alone.join(name), data.join(name)).unwrap();
    }
    let cluster = Cluster::start_on(postgres, program(), &openapi(), folder.path()).unwrap();
    let address = ([127, 0, 0, 1], free_port().unwrap()).into();
    let mut serve = Command::new(program());
    serve.args(["serve", "--listen", &format!("{address}"), "--data"]).arg(&alone);
    let _process = Process::start(&mut serve, &folder.path().join("alone.log")).unwrap();
    wait_until("the one process", || {
        Ok(get(address, "/health/ready").is_some_and(|(status, _)| status == 200))
    })
    .unwrap();

    let key = DevelopmentKey::in_folder(&alone).unwrap();
    let auditor = token(&key, Role::Auditor, "auditor-1", "Z99");
    let one = answers(&Browser::new(address), &auditor, &dossiers).await;
    let many = answers(&Browser::new(cluster.address()), &auditor, &dossiers).await;
    for (one, many) in one.iter().zip(&many) {
        assert_eq!(one, many);
    }
    let figures = &one.last().unwrap().1;
    assert!(figures.to_string().contains(&CASES.to_string()), "{figures}");
    say(format_args!("{} answers are the same, of {} dossiers", one.len(), dossiers.len()));
}
