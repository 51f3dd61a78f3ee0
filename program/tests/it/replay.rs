//! The real log. It is not part of the project: the test uses it where it is, and says loudly when it is not.

use std::path::{Path, PathBuf};

use events::{EventStore, SqliteOptions};

fn log() -> Option<PathBuf> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/permit-receipts.csv");
    beside.exists().then_some(beside)
}

#[tokio::test]
async fn the_real_log_gives_the_figures_that_can_be_computed_from_its_own_columns() {
    let Some(file) = log() else {
        eprintln!(
            "SKIPPED: permit-receipts.csv is not here, so the replay of the real log was NOT tested"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let summary = program::replay(&file, folder.path(), false).await.unwrap();
    assert_eq!(summary.dossiers, 1_434);
    assert_eq!(summary.closed, 1_329);
    assert_eq!(summary.deadlines_missed, 416);
    assert_eq!(summary.missed_closed_late, 377);
    assert_eq!(summary.missed_still_open, 39);
    assert_eq!(summary.open_not_due, 66);
    assert_eq!(summary.activities, 8_577);
    assert_eq!(summary.activities_refused, 180);
    assert_eq!(summary.recorded_late, 0, "each miss stands at exactly its due instant");
    let ended = program::DataDirectory::open(folder.path()).unwrap().virtual_end().unwrap();
    assert_eq!(ended.unwrap().to_string(), "2012-01-23T14:42:54.644Z");
    let store =
        EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default()).unwrap();
    let report = program::check(&store).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.promises, 1_434);
}

#[tokio::test]
async fn a_log_is_replayed_only_into_a_fresh_directory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.csv");
    std::fs::write(&file, "case:channel,case:concept:name,case:deadline,case:department,case:enddate,\
        case:group,case:startdate,concept:name,org:resource,time:timestamp\n\
        Desk,c1,2011-12-06 13:41:31+01:00,General,2011-11-01 10:00:00+01:00,G,2011-10-11 13:42:22+02:00,T02,R1,\
        2011-10-11 13:45:40+02:00\n").unwrap();
    let data = folder.path().join("data");
    let summary = program::replay(&file, &data, false).await.unwrap();
    assert_eq!((summary.dossiers, summary.closed, summary.deadlines_missed), (1, 1, 0));
    let again = program::replay(&file, &data, false).await.unwrap_err().to_string();
    assert!(again.contains("into a new one"), "{again}");
}
