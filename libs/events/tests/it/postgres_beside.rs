//! What others do to the tables beside the writers: locks, poolers, tools.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::limits::{LOCK_WAIT, PROBE_WAIT};
use events::{
    AppendError, EventStore, Expected, Filter, Flaw, NewEvent, OpenError, Position, StreamName,
    Unwritable,
};
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::{Server, address, port};

const LIMIT: Duration = Duration::from_secs(30);

fn event(id: u128) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    }
}

fn stream(n: u128) -> StreamName {
    StreamName::new(&format!("a-{n}")).unwrap()
}

async fn append(store: &EventStore, id: u128) -> Result<(), AppendError> {
    store.append(&stream(id), Expected::NoStream, vec![event(id)]).await.map(drop)
}

async fn ids(store: &EventStore) -> Vec<u128> {
    let page = store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    page.events.iter().map(|event| event.id.as_u128()).collect()
}

fn database(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

/// Sessions of a database that wait for a lock.
async fn waiting(server: &Server, name: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity
      WHERE datname = $1 AND wait_event_type = 'Lock'";
    server.client.query_one(sql, &[&name]).await.unwrap().get(0)
}

async fn sessions(server: &Server, name: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
    server.client.query_one(sql, &[&name]).await.unwrap().get(0)
}

/// Somebody locks with `sql` and goes away for long.
async fn a_lock_held_outside(sql: &str) {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let store = Arc::new(EventStore::postgres(&url).await.unwrap());
    append(&store, 1).await.unwrap();
    let outside = Server::connect().await;
    let before = sessions(&outside, database(&url)).await;
    let holder = Server::connect_to(&url).await;
    holder.client.batch_execute(&format!("BEGIN; {sql}")).await.unwrap();
    let until_asked = async {
        while store.writable().await.is_ok() {
            tokio::task::yield_now().await;
        }
        store.writable().await.unwrap_err()
    };
    let why = timeout(PROBE_WAIT * 4, until_asked).await.expect("it counts as writable");
    assert!(why.is_retryable(), "{why}");
    let began = Instant::now();
    for round in 0..2_u128 {
        let mut appends = JoinSet::new();
        for n in 0..10 {
            let store = Arc::clone(&store);
            appends.spawn(async move { append(&store, 2 + round * 10 + n).await });
        }
        for refused in appends.join_all().await {
            let error = refused.unwrap_err();
            assert!(matches!(error, AppendError::Busy(wait) if !wait.is_zero()), "{error}");
        }
    }
    let waited = began.elapsed();
    assert!(waited < LOCK_WAIT * 4, "{waited:?} for two times {LOCK_WAIT:?}");
    let gone = async {
        let name = database(&url);
        while waiting(&outside, name).await > 0 || sessions(&outside, name).await > before + 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, gone).await.expect("sessions are left behind");
    holder.client.batch_execute("ROLLBACK").await.unwrap();
    append(&store, 100).await.unwrap();
    store.writable().await.unwrap();
    assert_eq!(ids(&store).await, [1, 100]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_the_head_makes_appends_wait_within_a_limit_and_leaves_no_session_behind() {
    a_lock_held_outside("SELECT position FROM log_store FOR UPDATE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_locks_the_events_makes_appends_wait_within_a_limit_and_leaves_no_session_behind() {
    a_lock_held_outside("LOCK TABLE log_events").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_waits_for_the_disk_whatever_the_database_says() {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let tool = Server::connect_to(&url).await;
    let name = database(&url);
    let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    tool.client.batch_execute(&off).await.unwrap();
    let store = EventStore::postgres(&url).await.unwrap();
    tool.client
        .batch_execute(
            "CREATE TABLE seen (setting text);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
             CREATE TRIGGER see AFTER INSERT ON log_events EXECUTE FUNCTION see()",
        )
        .await
        .unwrap();
    append(&store, 1).await.unwrap();
    let seen: String = tool.client.query_one("SELECT setting FROM seen", &[]).await.unwrap().get(0);
    assert_eq!(seen, "on");
}

#[tokio::test]
async fn whoever_reads_makes_no_tables_and_reads_beside_the_writer() {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let missing = EventStore::open_read_only(&url).await.unwrap_err();
    assert!(matches!(missing, OpenError::Missing { .. }), "{missing}");
    let tool = Server::connect_to(&url).await;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let tables: i64 = tool.client.query_one(tables, &[]).await.unwrap().get(0);
    assert_eq!(tables, 0, "something was made");
    let elsewhere = format!("{url}?options=-csearch_path%3Dnone");
    let elsewhere = EventStore::open_read_only(&elsewhere).await.unwrap_err();
    assert!(matches!(elsewhere, OpenError::Missing { .. }), "{elsewhere}");
    let store = EventStore::postgres(&url).await.unwrap();
    append(&store, 1).await.unwrap();
    let reader = EventStore::open_read_only(&url).await.unwrap();
    assert_eq!((reader.id(), reader.head()), (store.id(), store.head()));
    append(&store, 2).await.unwrap();
    assert_eq!(ids(&reader).await, [1, 2]);
    let refused = append(&reader, 3).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unwritable(Unwritable::ReadOnly(_))), "{refused}");
    assert!(matches!(reader.writable().await, Err(Unwritable::ReadOnly(_))));
}

#[tokio::test]
async fn flaws_are_named() {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let store = EventStore::postgres(&url).await.unwrap();
    for id in 1..=4 {
        append(&store, id).await.unwrap();
    }
    let long = vec![event(5), event(6), event(7)];
    store.append(&stream(5), Expected::NoStream, long).await.unwrap();
    let tool = Server::connect_to(&url).await;
    tool.client
        .batch_execute(
            "INSERT INTO log_streams (name) VALUES ('a-9');
             DELETE FROM log_events WHERE position IN (1, 6, 7);
             DELETE FROM log_streams WHERE name = 'a-4'",
        )
        .await
        .unwrap();
    let expected = [
        Flaw::EmptyStream("a-1".to_owned()),
        Flaw::EmptyStream("a-9".to_owned()),
        Flaw::NoStream(Position(4)),
        Flaw::Gap { after: Position(0), before: Position(2) },
        Flaw::End { said: Position(7), found: Position(5) },
    ];
    assert_eq!(store.flaws().await.unwrap(), expected);
}

/// A pooler before the server of an address.
struct Pooler {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Pooler {
    fn start(program: &Path, url: &str, mode: &str) -> Self {
        let (server, name) = url.rsplit_once('/').unwrap();
        let (user, at) = server.trim_start_matches("postgres://").split_once('@').unwrap();
        let (host, to) = at.split_once(':').unwrap();
        let (folder, port) = (tempfile::tempdir().unwrap(), port());
        let settings = format!(
            "[databases]\n{name} = host={host} port={to} user={user}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {mode}\ndefault_pool_size = 20\n"
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        command.arg("--quiet").arg(&file).stderr(Stdio::null());
        // It does not run as root; whom it runs as must be able to read its settings.
        std::fs::set_permissions(
            folder.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0 {
            command.args(["--user", "nobody"]);
        }
        let process = command.spawn().unwrap();
        let url = format!("postgres://{user}@127.0.0.1:{port}/{name}");
        Self { process, url, _folder: folder }
    }

    /// The answer to whoever opens a store behind it, once it runs.
    async fn open(&self) -> Result<EventStore, OpenError> {
        let running = async {
            loop {
                match EventStore::postgres(&self.url).await {
                    Err(OpenError::Unusable { cause, .. })
                        if cause.to_string().contains("connect") => {}
                    opened => return opened,
                }
            }
        };
        timeout(LIMIT, running).await.expect("the pooler does not run")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn pooler() -> PathBuf {
    cluster::tools::pgbouncer().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_a_store_works_by_session_and_says_what_to_set_by_transaction() {
    cluster::needs!(cluster::postgres(), cluster::tools::pgbouncer());
    let url = address().await;
    let refused = Pooler::start(&pooler(), &url, "transaction").open().await.unwrap_err();
    assert!(matches!(refused, OpenError::Pooled { .. }), "{refused}");
    assert!(refused.to_string().contains("pool_mode = session"), "{refused}");
    let pooler = Pooler::start(&pooler(), &url, "session");
    let store = pooler.open().await.unwrap();
    append(&store, 1).await.unwrap();
    let other = EventStore::postgres(&url).await.unwrap();
    append(&other, 2).await.unwrap();
    timeout(LIMIT, store.wait_past(Position(1))).await.expect("not heard of");
    assert_eq!(ids(&store).await, [1, 2]);
}
