//! Checkpoints of a write-ahead log, and what blocks them.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::*;

const LIMITS: WalLimits = WalLimits { copy: 10, wait: u64::MAX, alarm: 40, most: 200 };
const PATIENCE: Duration = Duration::from_secs(20);

/// A file opened for writing.
fn writer(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    connection.execute_batch("CREATE TABLE t (x BLOB)").unwrap();
    connection
}

/// Writes about five pages.
fn write(connection: &Connection, wal: &Wal) {
    connection.execute("INSERT INTO t VALUES (zeroblob(16384))", []).unwrap();
    wal.tend(connection);
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_file_that_cannot_be_opened_a_second_time_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = writer(&folder.path().join("a.sqlite"));
    let elsewhere = folder.path().join("missing").join("a.sqlite");
    assert!(Wal::of(&mut connection, elsewhere, LIMITS).is_err());
}

#[test]
fn while_the_thread_cannot_copy_the_writer_does_and_says_so_until_it_can_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("a.sqlite"), folder.path().join("link.sqlite"));
    let mut connection = writer(&path);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut copier = Copier::open(link.clone(), Arc::default(), LIMITS).unwrap();
    // Its connection fails, and the file cannot be reopened.
    let deny = |context: AuthContext<'_>| match context.action {
        AuthAction::Pragma { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    };
    copier.connection.authorizer(Some(deny)).unwrap();
    std::fs::remove_file(&link).unwrap();
    let wal = Wal::with(&mut connection, copier).unwrap();
    until("it does not notice", || {
        write(&connection, &wal);
        wal.state.failing().is_some()
    });
    for _ in 0..200 {
        write(&connection, &wal);
    }
    let longest = wal.state.bytes();
    assert!(longest <= bytes(LIMITS.alarm), "{longest} bytes although the writer copies");
    assert!(wal.full().is_none());
    std::os::unix::fs::symlink(&path, &link).unwrap();
    until("it is not tried again", || {
        write(&connection, &wal);
        wal.state.failing().is_none()
    });
}

#[test]
fn a_thread_that_ended_is_noticed_and_the_writer_copies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let mut connection = writer(&path);
    let mut wal = Wal::of(&mut connection, path, LIMITS).unwrap();
    // Nothing receives this.
    wal.wake = Some(sync_channel(1).0);
    for _ in 0..200 {
        write(&connection, &wal);
    }
    assert!(wal.state.failing().is_some_and(|why| why.to_string().contains("ended")));
    assert!(wal.state.bytes() <= bytes(LIMITS.alarm), "{} bytes", wal.state.bytes());
}

#[test]
fn a_log_that_is_full_says_whether_a_reader_is_to_blame_or_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let wal = Wal::of(&mut writer(&path), path.clone(), LIMITS).unwrap();
    assert!(wal.full().is_none());
    wal.state.pages.store(LIMITS.most, Ordering::Relaxed);
    wal.state.set_failing(&path, Some(Cause::new("disk I/O error")));
    let why = wal.full().unwrap();
    assert!(
        matches!(&why, Unwritable::Broken(_)) && why.to_string().contains("disk I/O error"),
        "{why}"
    );
}

#[test]
fn a_log_that_is_full_because_of_a_reader_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let mut connection = writer(&path);
    let wal = Wal::of(&mut connection, path.clone(), LIMITS).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
    until("it does not fill up", || {
        write(&connection, &wal);
        wal.full().is_some()
    });
    assert!(matches!(wal.full(), Some(Unwritable::Pinned { bytes }) if bytes > 0));
}

#[test]
fn a_writer_that_is_faster_than_the_thread_waits_for_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let mut connection = writer(&path);
    let limits = WalLimits { wait: 40, alarm: 400, ..LIMITS };
    let wal = Wal::of(&mut connection, path.clone(), limits).unwrap();
    let mut longest = 0;
    for _ in 0..400 {
        write(&connection, &wal);
        longest = longest.max(wal.state.bytes());
    }
    assert!(longest <= bytes(limits.wait + 20), "{longest} bytes");
    // It does not wait for a reader: the limit at which writes are refused is for that.
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
    while wal.full().is_none() {
        write(&connection, &wal);
    }
    reader.execute_batch("COMMIT").unwrap();
    until("it is not reset", || wal.full().is_none());
}
