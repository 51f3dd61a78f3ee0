//! A server that cannot write: full, read-only, damaged, gone in the middle of a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use events::{AppendError, EventStore, Expected, NewEvent, StreamName, Unwritable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::{Server, address};

const LIMIT: Duration = Duration::from_secs(60);

fn event(id: u128) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(id),
        kind: "test.Event.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    }
}

async fn append(store: &EventStore, id: u128) -> Result<(), AppendError> {
    let stream = StreamName::new(&format!("a-{id}")).unwrap();
    store.append(&stream, Expected::NoStream, vec![event(id)]).await.map(drop)
}

async fn writable(store: &EventStore) {
    let asked = async { while store.writable().await.is_err() {} };
    timeout(LIMIT, asked).await.expect("it never counts as writable again");
}

/// A server that answers every event with an error of this code (PostgreSQL 15, appendix A). What is tried in the place of one
/// finds room.
async fn failing(code: &str, is: impl Fn(&Unwritable) -> bool) {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let store = EventStore::postgres(&url).await.unwrap();
    append(&store, 1).await.unwrap();
    let tool = Server::connect_to(&url).await;
    tool.client
        .batch_execute(&format!(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               RAISE EXCEPTION 'as on the disk' USING ERRCODE = '{code}'; END $$;
             CREATE TRIGGER fail BEFORE INSERT ON log_events EXECUTE FUNCTION fail()"
        ))
        .await
        .unwrap();
    let error = append(&store, 2).await.unwrap_err();
    let AppendError::Unwritable(why) = &error else { panic!("{error}") };
    assert!(is(why), "{why}");
    assert!(!error.is_retryable(), "{why}");
    // No retry mends a damaged log.
    assert_eq!(why.retry_after().is_none(), matches!(why, Unwritable::Corrupt(_)), "{why}");
    let why = store.writable().await.unwrap_err();
    assert!(is(&why), "{why}");
    assert_eq!(store.last(&StreamName::new("a-1").unwrap()).await.unwrap().unwrap().version.0, 1);
    tool.client.batch_execute("DROP TRIGGER fail ON log_events").await.unwrap();
    append(&store, 2).await.unwrap();
    writable(&store).await;
    assert_eq!(store.head().0, 2, "the append that was refused left nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_disk_is_full_says_so_and_takes_appends_again_once_there_is_room() {
    failing("53100", |why| matches!(why, Unwritable::Full(_))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_disk_fails_says_so_and_takes_appends_again_once_it_is_mended() {
    failing("58030", |why| matches!(why, Unwritable::Broken(_))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_log_is_corrupt_says_so_and_announces_no_retry() {
    failing("XX001", |why| matches!(why, Unwritable::Corrupt(_))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_can_only_be_read_is_waited_for_as_long_as_a_failover_takes_and_then_named() {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let store = EventStore::postgres(&url).await.unwrap();
    append(&store, 1).await.unwrap();
    let (_, name) = url.rsplit_once('/').unwrap();
    let tool = Server::connect().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    let set = async |to: &str| {
        let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = {to}");
        tool.client.batch_execute(&sql).await.unwrap();
        tool.client.query(end, &[&name]).await.unwrap();
    };
    set("on").await;
    let error = append(&store, 2).await.unwrap_err();
    assert!(matches!(error, AppendError::Unwritable(Unwritable::ReadOnly(_))), "{error}");
    let last = store.last(&StreamName::new("a-1").unwrap()).await.unwrap();
    assert!(last.is_some(), "reads go on");
    set("off").await;
    append(&store, 2).await.unwrap();
    writable(&store).await;
}

/// Stands between a store and its server, and can lose the answer to a commit.
struct Wire {
    url: String,
    /// The next commit is the last that its connection says.
    cut: Arc<AtomicBool>,
    /// Hears that a commit was cut off, and answers once its connection may be closed.
    cuts: mpsc::Receiver<tokio::sync::oneshot::Sender<()>>,
    _accepting: JoinSet<()>,
}

impl Wire {
    /// A commit whose answer is lost was made if it `passes`, or is lost too.
    async fn before(url: &str, passes: bool) -> Self {
        let (server, name) = url.rsplit_once('/').unwrap();
        let (user, at) = server.trim_start_matches("postgres://").split_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("postgres://{user}@{}/{name}", listener.local_addr().unwrap());
        let (at, cut) = (at.to_owned(), Arc::new(AtomicBool::new(false)));
        let (told, cuts) = mpsc::channel(1);
        let (mut accepting, armed) = (JoinSet::new(), Arc::clone(&cut));
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&at).await.unwrap();
                connections.spawn(carry(client, server, Arc::clone(&armed), told.clone(), passes));
            }
        });
        Self { url: own, cut, cuts, _accepting: accepting }
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    armed: Arc<AtomicBool>,
    told: mpsc::Sender<tokio::sync::oneshot::Sender<()>>,
    passes: bool,
) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(read @ 1..) = read else { return };
                let said = &asked[..read];
                let commits = said.windows(6).any(|word| word == b"COMMIT");
                if commits && armed.swap(false, Ordering::SeqCst) {
                    if passes {
                        server.write_all(said).await.unwrap();
                    }
                    let (close, closes) = tokio::sync::oneshot::channel();
                    told.send(close).await.unwrap();
                    // The answer is read by nobody.
                    let _ = closes.await;
                    return;
                }
                if server.write_all(said).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(read @ 1..) = read else { return };
                if client.write_all(&answered[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// An append whose commit is cut off; before the next try somebody takes the lock and keeps it.
async fn cut_off_then_locked(passes: bool) {
    cluster::needs!(cluster::postgres());
    let url = address().await;
    let mut wire = Wire::before(&url, passes).await;
    let store = Arc::new(EventStore::postgres(&wire.url).await.unwrap());
    append(&store, 1).await.unwrap();
    let holder = Server::connect_to(&url).await;
    wire.cut.store(true, Ordering::SeqCst);
    let mut appending = JoinSet::new();
    let other = Arc::clone(&store);
    appending.spawn(async move { append(&other, 2).await });
    let close = timeout(LIMIT, wire.cuts.recv()).await.expect("no commit").unwrap();
    let lock = holder.client.batch_execute("BEGIN; SELECT position FROM log_store FOR UPDATE");
    if passes {
        // It is given when the commit is through.
        lock.await.unwrap();
        close.send(()).unwrap();
    } else {
        // It is given when the server sees that the session is gone.
        close.send(()).unwrap();
        lock.await.unwrap();
    }
    let error = timeout(LIMIT, appending.join_next()).await.expect("it waits for ever");
    let error = error.unwrap().unwrap().unwrap_err();
    assert!(
        matches!(error, AppendError::Unreachable(_)),
        "nobody knows whether it was written: {error}"
    );
    // Whoever comes only now is told that nothing of theirs was written.
    let later = append(&store, 3).await.unwrap_err();
    assert!(matches!(later, AppendError::Busy(_)), "{later}");
    holder.client.batch_execute("ROLLBACK").await.unwrap();
    // The one that waited for the lock may still have its turn.
    let again = async {
        loop {
            match append(&store, 2).await {
                Err(AppendError::Busy(_)) => {}
                appended => return appended,
            }
        }
    };
    timeout(LIMIT, again).await.expect("it is busy for ever").unwrap();
    let stands = store.read(&StreamName::new("a-2").unwrap(), None).await.unwrap();
    assert_eq!(stands.len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_commit_was_made_and_not_heard_of_is_never_said_to_be_unwritten() {
    cut_off_then_locked(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_was_lost_before_its_commit_is_not_said_to_be_unwritten_either() {
    cut_off_then_locked(false).await;
}
