//! What only a bus on servers can suffer: they forget, they go away, they belong to somebody else.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, jetstream};
use events::bus::nats::{Nats, Options, Seal};
use events::bus::{Announcements, Bus, BusError, Feed, Leadership, cursor, move_cursor};
use events::bus_suite::{FOLLOWERS, Office, PATIENCE, SOURCES, take};
use events::{EventStore, Expected, NewEvent, Position, SqliteOptions, StreamName};
use tempfile::TempDir;

/// A server of one's own, ended with this value.
pub(crate) struct Server {
    process: Child,
    folder: TempDir,
    port: u16,
}

fn program() -> PathBuf {
    cluster::tools::NATS_SERVER.path().unwrap()
}

fn start(folder: &Path, port: u16) -> Child {
    Command::new(program())
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn copy_folder(from: &Path, to: &Path) {
    let from = from.join(".");
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        Self { process: start(folder.path(), port), folder, port }
    }

    /// One with these settings.
    pub(crate) fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port =
            std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let (conf, store) = (folder.path().join("nats.conf"), folder.path().display());
        let text = format!(
            "listen: 127.0.0.1:{port}\njetstream {{ store_dir: \"{store}\" }}\n{settings}\n"
        );
        std::fs::write(&conf, text).unwrap();
        let process =
            Command::new(program()).arg("-c").arg(&conf).stderr(Stdio::null()).spawn().unwrap();
        Self { process, folder, port }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// What it has on disk.
    fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        copy
    }

    /// It has what `kept` has, and nothing else.
    fn put_back(&self, kept: &TempDir) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        copy_folder(kept.path(), self.folder.path());
    }

    /// Starts it again on what it had.
    fn restart(&mut self) {
        self.process = start(self.folder.path(), self.port);
    }

    fn options(&self) -> Options {
        Options {
            servers: format!("nats://127.0.0.1:{}", self.port),
            prefix: "test".to_owned(),
            replicas: 1,
            stream_bytes: 16 * 1024 * 1024,
            seal: Seal::new(b"the secret of the tests"),
            credentials: None,
            authority: None,
            sources: SOURCES,
            followers: FOLLOWERS,
            describe: |_| Vec::new(),
        }
    }

    /// Somebody who may say there what he likes, once the server answers.
    pub(crate) async fn client(&self) -> Client {
        let reached = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let client = reached.connect(format!("127.0.0.1:{}", self.port)).await.unwrap();
        tokio::time::timeout(PATIENCE, client.flush()).await.expect("no server").unwrap();
        client
    }

    pub(crate) async fn bus(&self, store: &Arc<EventStore>) -> Nats {
        let context = jetstream::new(self.client().await);
        let ready = async { while context.query_account().await.is_err() {} };
        tokio::time::timeout(PATIENCE, ready).await.expect("it keeps no messages");
        Nats::open(self.options(), store).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) async fn fresh() -> (Office, Server) {
    fresh_on(EventStore::memory()).await
}

pub(crate) async fn fresh_on(store: EventStore) -> (Office, Server) {
    let (server, store) = (Server::start(), Arc::new(store));
    let bus = server.bus(&store).await;
    (Office::new(store, Bus::Nats(bus)), server)
}

/// A server that wants a password over TLS, whose certificate an authority of its own has signed.
fn closed() -> Server {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").display().to_string();
    Server::with(&format!(
        "tls {{ cert_file: \"{keys}/server.crt\", key_file: \"{keys}/server.key\" }}\n\
         authorization {{ user: dossier, password: \"p%w\" }}"
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_behind_tls_and_a_password_is_reached_with_both_and_not_without() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let server = closed();
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/authority.crt");
    let store = Arc::new(EventStore::memory());
    let open = |password: &str, authority: Option<&Path>| {
        let servers = format!("tls://dossier:{password}@localhost:{}", server.port);
        let authority = authority.map(Path::to_owned);
        Nats::open(Options { servers, authority, ..server.options() }, &store)
    };
    let connected = async {
        loop {
            let nats = open("p%25w", Some(&authority)).await.unwrap();
            if nats.relay("front").step().await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, connected).await.expect("the bus is not reached");
    for (password, authority) in [("wrong", Some(&*authority)), ("p%25w", None)] {
        let nats = Bus::Nats(open(password, authority).await.unwrap());
        assert!(!nats.is_connected(), "{password} {authority:?}");
    }
}

/// Everything up to now was taken, and the bus is what brings the next.
pub(crate) async fn at_the_end(
    office: &Office,
    feed: &mut Feed,
    mut next: u128,
) -> (Position, u128) {
    let mut after = Position::START;
    let begun = std::time::Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "the bus delivers nothing");
        let until = office.record("front", next..next + 1).await;
        let before = feed.filled();
        take(feed, after, until, 100).await;
        (after, next) = (until, next + 1);
        feed.handled(after).await;
        if feed.filled() == before {
            return (after, next);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_it_is_the_bus_that_brings_what_is_recorded() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, _server) = fresh().await;
    let mut feed = office.follow("one", "front");
    let (after, next) = at_the_end(&office, &mut feed, 1).await;
    let before = feed.filled();
    let until = office.record("front", next..next + 300).await;
    let taken = take(&mut feed, after, until, 100).await;
    assert_eq!(taken.len(), 300);
    // A busy machine may be slower than the grace once; it is not the rule.
    assert!(
        feed.filled() - before < 100,
        "{} of 300 were read in the store",
        feed.filled() - before
    );
}

/// Once the stream of the first source has this many messages.
pub(crate) async fn carried(server: &Server, messages: u128) -> u64 {
    let context = jetstream::new(server.client().await);
    let waiting = async {
        loop {
            // It has none until a relay makes it.
            if let Ok(mut stream) = context.get_stream("test_front").await
                && let Ok(info) = stream.info().await
                && u128::from(info.state.messages) >= messages
            {
                return info.state.first_sequence;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the relay carries nothing")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bus_forgets_after_it_has_acknowledged_it_is_not_missed() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, mut server) = fresh().await;
    let mut feed = office.follow("one", "front");
    let (after, next) = at_the_end(&office, &mut feed, 1).await;
    carried(&server, next - 1).await;
    // The machine loses its power, and what was acknowledged since the last sync is gone.
    server.kill();
    let kept = server.copy();
    server.restart();
    office.record("front", next..next + 20).await;
    carried(&server, next + 19).await;
    server.kill();
    server.put_back(&kept);
    server.restart();
    let until = office.record("front", next + 20..next + 30).await;
    assert_eq!(take(&mut feed, after, until, 100).await.len(), 30);
    // The relay has brought it again, and goes on.
    carried(&server, next + 29).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_the_bus_has_may_be_deleted_while_it_runs() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, mut server) = fresh().await;
    let mut feed = office.follow("one", "front");
    let (after, next) = at_the_end(&office, &mut feed, 1).await;
    for follower in FOLLOWERS {
        move_cursor(&office.store, follower, after, "{}".to_owned()).await.unwrap();
    }
    let meanwhile = office.record("front", next..next + 10).await;
    server.kill();
    let nothing = tempfile::tempdir().unwrap();
    server.put_back(&nothing);
    // More than what waits for a connection has room for: nobody waits with it.
    let said = async {
        for _ in 0..3_000 {
            office.bus.announce("one", after).await;
        }
    };
    tokio::time::timeout(PATIENCE, said).await.expect("it waits for a bus that is away");
    let without = take(&mut feed, after, meanwhile, 100).await;
    assert_eq!(without.len(), 10, "while there is no bus");
    server.restart();
    let until = office.record("front", next + 10..next + 20).await;
    assert_eq!(take(&mut feed, meanwhile, until, 100).await.len(), 10);
    // The stream was made again, and begins where every follower has surely been.
    assert_eq!(carried(&server, 20).await, 1);
    at_the_end(&office, &mut feed, next + 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_there_otherwise_than_it_should_is_refused_with_the_difference() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, server) = fresh().await;
    let context = jetstream::new(server.client().await);
    let mut config = context.get_stream("test_front").await.unwrap().cached_info().config.clone();
    config.max_age = Duration::from_secs(60);
    config.max_bytes = 1024 * 1024;
    context.update_stream(config).await.unwrap();
    let refused = Nats::open(server.options(), &office.store).await.unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("test_front") && said.contains("max_age is 60s, should be"), "{said}");
    // How much is kept is changed as it was asked for.
    let kept = context.get_stream("test_front").await.unwrap().cached_info().config.max_bytes;
    assert_eq!(kept, server.options().stream_bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_another_store_are_neither_handed_out_nor_followed_by_ours() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, server) = fresh().await;
    office.record("front", 1..4).await;
    carried(&server, 3).await;
    let other = Arc::new(EventStore::memory());
    let bus = server.bus(&other).await;
    let refused = bus.relay("front").step().await.unwrap_err();
    assert!(matches!(refused, BusError::OtherStore { .. }), "{refused}");
    let mut feed = Office::new(Arc::clone(&other), Bus::Nats(bus)).follow("one", "front");
    let page = feed.page(Position::START, 10).await.unwrap();
    assert!(page.events.is_empty());
}

/// The next that is heard, while it is said again and again that everything up to `position` was handled.
async fn heard(office: &Office, announced: &mut Announcements, position: Position) -> Position {
    let mut again = tokio::time::interval(Duration::from_millis(100));
    let saying = async {
        loop {
            again.tick().await;
            office.bus.announce("one", position).await;
        }
    };
    let heard = async {
        tokio::select! {
            heard = announced.next() => heard,
            () = saying => position,
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("nothing is heard")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_publish_but_lacks_the_secret_is_not_believed() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, server) = fresh().await;
    let mut feed = office.follow("one", "front");
    let (after, next) = at_the_end(&office, &mut feed, 1).await;
    carried(&server, next - 1).await;
    let mut announced = office.bus.announcements("one");
    assert_eq!(heard(&office, &mut announced, after).await, after);
    let stranger = server.client().await;
    let context = jetstream::new(stranger.clone());
    let stream = context.get_stream("test_front").await.unwrap();
    let newest = stream.cached_info().state.last_sequence;
    let genuine = stream.get_raw_message(newest).await.unwrap();
    // The newest message once more, with another content, and as if it were the next event.
    let mut moved = genuine.headers.clone();
    for (name, step) in [("Dossier-Position", 1), ("Dossier-Previous", 1), ("Dossier-Version", 1)] {
        let before: u64 = moved.get(name).unwrap().as_str().parse().unwrap();
        moved.insert(name, (before + step).to_string());
    }
    let forged = [(genuine.headers, "{}".into()), (moved, genuine.payload)];
    for (number, (mut headers, payload)) in forged.into_iter().enumerate() {
        headers.insert("Nats-Msg-Id", format!("forged-{number}"));
        headers.insert("Nats-Expected-Last-Sequence", (newest + number as u64).to_string());
        context
            .publish_with_headers("test.front.Forged.v1", headers, payload)
            .await
            .unwrap()
            .await
            .unwrap();
    }
    // As if the relay had looked far beyond, and the other replica handled as much.
    for said in ["1000000 0", "1000000", &format!("1000000 0 {}", "0".repeat(32))] {
        for subject in ["test_looked.front", "test_looked.back", "test_handled.one"] {
            stranger.publish(subject, said.to_owned().into()).await.unwrap();
        }
    }
    stranger.flush().await.unwrap();
    let until = office.record("front", next..next + 20).await;
    assert_eq!(take(&mut feed, after, until, 100).await.len(), 20);
    assert_eq!(heard(&office, &mut announced, until).await, until, "or what was said before it");
    // The relay goes on behind what was forged.
    at_the_end(&office, &mut feed, next + 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_source_has_said_is_not_believed_of_another() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let server = Server::start();
    let store = Arc::new(EventStore::memory());
    let bus = server.bus(&store).await;
    for (number, source) in [(1, "front"), (2, "back")] {
        let (name, id) = (format!("{source}-1"), uuid::Uuid::from_u128(number));
        let kind = format!("{source}.Event.v1").into();
        let event = NewEvent { id, kind, data: "{}".to_owned(), meta: "{}".to_owned() };
        let name = StreamName::new(&name).unwrap();
        store.append(&name, Expected::NoStream, vec![event]).await.unwrap();
    }
    bus.relay("back").step().await.unwrap();
    let stranger = jetstream::new(server.client().await);
    let said = stranger.get_stream("test_back").await.unwrap().get_raw_message(1).await.unwrap();
    let mut headers = said.headers;
    headers.insert("Nats-Expected-Last-Sequence", "0");
    headers.insert("Nats-Expected-Stream", "test_front");
    let sent = stranger.publish_with_headers("test.front.Event.v1", headers, said.payload).await;
    sent.unwrap().await.unwrap();
    let _ = bus.relay("front").step().await.unwrap();
    // The one before it in the log was not passed over.
    assert_eq!(carried(&server, 2).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_without_room_is_named_and_nothing_is_missed() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let server = Server::start();
    let store = Arc::new(EventStore::memory());
    drop(server.bus(&store).await);
    let options =
        Options { stream_bytes: i64::MAX / 2, prefix: "large".to_owned(), ..server.options() };
    let bus = Nats::open(options, &store).await.unwrap();
    let refused = bus.relay("front").step().await.unwrap_err().to_string();
    assert!(refused.contains("insufficient storage"), "{refused}");
    let office = Office::new(store, Bus::Nats(bus));
    let mut feed = office.follow("one", "front");
    let until = office.record("front", 1..21).await;
    assert_eq!(take(&mut feed, Position::START, until, 100).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_set_back_is_not_relayed_over_what_the_bus_knows() {
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (path, older) = (folder.path().join("log.sqlite"), folder.path().join("older.sqlite"));
    let open = |path: &Path| EventStore::sqlite(path, SqliteOptions::default()).unwrap();
    let store = Arc::new(open(&path));
    let bus = Bus::Nats(server.bus(&store).await);
    let office = Office::new(store, bus);
    office.record("front", 1..4).await;
    // `VACUUM INTO` copies what is committed (SQLite, lang_vacuum).
    let copy = rusqlite::Connection::open(&path).unwrap();
    copy.execute("VACUUM INTO ?1", [older.to_str().unwrap()]).unwrap();
    office.record("front", 4..8).await;
    carried(&server, 7).await;
    drop(office);
    let bus = server.bus(&Arc::new(open(&older))).await;
    let refused = bus.relay("front").step().await.unwrap_err();
    assert!(refused.to_string().contains("restored from an older backup"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_only_moves_forward_whoever_moves_it() {
    let store = EventStore::memory();
    assert_eq!(cursor(&store, "one").await.unwrap(), Position::START);
    for (to, is) in [(5, 5), (3, 5), (5, 5), (9, 9)] {
        move_cursor(&store, "one", Position(to), "{}".to_owned()).await.unwrap();
        assert_eq!(cursor(&store, "one").await.unwrap(), Position(is));
    }
    assert_eq!(store.head(), Position(2));
}

/// Once `who` leads or not, as it should be.
async fn leads(who: &mut Leadership, should: bool) {
    let changed = async {
        while who.now() != should {
            who.other_than(!should).await;
        }
    };
    tokio::time::timeout(PATIENCE, changed).await.expect("leadership did not change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_leads_and_another_one_when_it_stops_or_is_not_heard_of_or_nobody_can_be_asked()
{
    cluster::needs!(cluster::tools::NATS_SERVER.path());
    let (office, mut server) = fresh().await;
    let mut first = office.bus.lead("keeper", "replica-1");
    leads(&mut first, true).await;
    let mut second = office.bus.lead("keeper", "replica-2");
    let mut elsewhere = office.bus.lead("relay", "replica-2");
    leads(&mut elsewhere, true).await;
    assert!(!second.now());
    // One that is not fit to lead leaves it to another, until it is.
    first.stand_back(true);
    leads(&mut second, true).await;
    assert!(!first.now());
    first.stand_back(false);
    second.stand_back(true);
    leads(&mut first, true).await;
    second.stand_back(false);
    first.resign().await;
    leads(&mut second, true).await;
    // Dropped without a word, as by a kill: the lease expires.
    let mut third = office.bus.lead("keeper", "replica-3");
    drop(second);
    leads(&mut third, true).await;
    let mut fourth = office.bus.lead("keeper", "replica-4");
    server.kill();
    leads(&mut fourth, true).await;
    assert!(third.now(), "two that lead at once do no harm");
    server.restart();
    let one_of_them = async {
        while third.now() == fourth.now() {
            tokio::select! {
                () = third.other_than(true) => {}
                () = fourth.other_than(true) => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, one_of_them).await.expect("both still lead");
}
