//! Deadlines fall due in the moment in which the replica that enforces them is killed.

use std::time::{Duration, Instant};

use cluster::{Cluster, Postgres, free_port};
use dossier::contract::{EventSet, IntakeAnswerMissed, IntakeEvent, Role};
use events::{EventStore, Filter, Position};
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use serde_json::json;

use crate::faults::leader;
use crate::support::{DIGEST_KEY, Office, submitted};
use crate::{ONE_AT_A_TIME, folder, openapi, program, say};

const DOSSIERS: usize = 40;
/// One falls due after another.
const APART: SignedDuration = SignedDuration::from_millis(250);
/// From now until the first one: the cluster must be there by then.
const AHEAD: SignedDuration = SignedDuration::from_secs(90);
/// How late the last one may be enforced: a lease must expire, and another replica must notice.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(15);

/// A calendar of offices that hardly ever close, in a zone in which it is ten in the morning at `start`.
fn around_the_clock(start: Timestamp) -> String {
    let hour = start.as_second().rem_euclid(86_400) / 3_600;
    // The names of these zones count westwards (tz database, file `etcetera`).
    let west = hour - 10;
    let zone = if west < 0 { format!("Etc/GMT{west}") } else { format!("Etc/GMT+{west}") };
    let zone = if west == 13 { "Etc/GMT-11".to_owned() } else { zone };
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let week: Vec<String> =
        days.iter().map(|day| format!("  {day}: [\"00:00-23:59\"]\n")).collect();
    format!(
        "id: vn\nversion: 3\nlegal_basis: none\ntime_zone: {zone}\n\
         announced: {{ from: 2022-01-01, to: 2035-12-31 }}\nstatutory: none\nweek:\n{}days: []\n",
        week.concat()
    )
}

/// The dossiers, submitted eight working hours before their answers fall due.
async fn submit_all(url: &str, start: Timestamp) {
    let store = EventStore::open(url).await.unwrap();
    let office = Office::open_with(store, start).await;
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let rules = json!({ "kind": "calendar", "text": around_the_clock(start) });
    office.browser.post("/v1/rules", &operator, "", rules).await.granted();
    for number in 0..DOSSIERS {
        let number = i32::try_from(number).unwrap();
        // Nobody files so many in so short a time alone.
        let applicant = office.applicant(&format!("company-{number}"));
        office.engine.clock.advance_to(start + APART * number);
        submitted(&office.browser, &applicant).await;
    }
}

async fn missed(store: &EventStore) -> Vec<IntakeAnswerMissed> {
    let kinds = Filter { kinds: vec!["intake.IntakeAnswerMissed".into()] };
    let (mut missed, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(after, &kinds, 1_000).await.unwrap();
        if page.through == after {
            return missed;
        }
        after = page.through;
        for event in page.events {
            match IntakeEvent::decode(&event.kind, &event.data).unwrap() {
                IntakeEvent::IntakeAnswerMissed(event) => missed.push(event),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Waits until that many were missed, with a limit.
async fn until_missed(store: &EventStore, count: usize, limit: Duration) {
    let begun = Instant::now();
    loop {
        let head = store.head();
        if missed(store).await.len() >= count {
            return;
        }
        assert!(begun.elapsed() < limit, "{} of {count} were enforced", missed(store).await.len());
        let _ = tokio::time::timeout(Duration::from_secs(1), store.wait_past(head)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_is_enforced_once_although_its_keeper_is_killed_as_it_falls_due() {
    cluster::needs!(Cluster::installed());
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let postgres =
        Postgres::start_in(&folder.path().join("postgres"), free_port().unwrap()).unwrap();
    let url = postgres.url.clone();
    let start = TimeSource::System.now() - SignedDuration::from_hours(8) + AHEAD;
    submit_all(&url, start).await;
    // The digests in the log were made with this key, and a log does not go on without its own.
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("digest-key"), DIGEST_KEY).unwrap();
    let mut cluster = Cluster::start_on(postgres, program(), &openapi(), folder.path()).unwrap();
    let store = EventStore::open(&url).await.unwrap();
    assert!(missed(&store).await.is_empty(), "the cluster took too long to start");

    until_missed(&store, 1, Duration::from_secs(180)).await;
    let number = leader(&cluster, "intake");
    cluster.replica("intake", number).unwrap().process.kill();
    until_missed(&store, DOSSIERS, Duration::from_secs(60)).await;
    cluster.replica("intake", number).unwrap().revive().unwrap();
    tokio::task::block_in_place(|| cluster.wait_until_ready()).unwrap();

    let missed = missed(&store).await;
    assert_eq!(missed.len(), DOSSIERS, "each is enforced once");
    let late: Vec<i64> = missed.iter().map(|missed| missed.late_by_ms).collect();
    let (first, last) = (late.iter().min().unwrap(), late.iter().max().unwrap());
    say(format_args!("{DOSSIERS} deadlines, enforced {first} to {last} ms late"));
    assert!(SignedDuration::from_millis(*last) < LATE_MAX, "{last} ms late");
    let report = program::check(&store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
