//! EventStoreDB: why a log cannot be opened is said host by host, before anything is written.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use events::{EventStore, OpenError};
use eventstoredb_double::{Authority, EventStoreDbDouble, Settings};
use tokio::time::timeout;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::eventstoredb::{append, ids, open};

/// Longer than it may take, with room for a machine that is busy.
const LIMIT: Duration = Duration::from_secs(15);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The lines that are logged on this thread from a level on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(crate) fn with(&self, words: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(words)).count()
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Why a log cannot be opened.
async fn refused(url: &str) -> String {
    let opened = timeout(LIMIT, EventStore::eventstoredb(url)).await.expect("says nothing");
    match opened {
        Err(OpenError::Unreachable { cause, .. } | OpenError::Unusable { cause, .. }) => {
            cause.to_string()
        }
        other => panic!("{url}: {other:?}"),
    }
}

struct Keys {
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Keys {
    fn new() -> Self {
        let (authority, folder) = (Authority::new().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("ca.crt"), authority.pem()).unwrap();
        Self { authority, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// A server whose certificate is for a name, for so many days from now on, or before.
    #[expect(clippy::disallowed_methods, reason = "certificates end by the clock of the machine")]
    fn server(&self, name: &str, days: i32) -> EventStoreDbDouble {
        let now = SystemTime::now();
        let length = DAY * days.unsigned_abs();
        let until = if days < 0 { now - length } else { now + length };
        let identity = self.authority.certificate(&[name], now - DAY * 90, until).unwrap();
        EventStoreDbDouble::start_with(Settings::secured(identity)).unwrap()
    }

    fn trusting(&self, server: &EventStoreDbDouble) -> String {
        format!("{}&tlsCaFile={}", server.url("test"), self.file().display())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_host_is_named_with_what_is_wrong_with_it() {
    let keys = Keys::new();
    let (good, plain) = (keys.server("127.0.0.1", 90), EventStoreDbDouble::start().unwrap());
    let (ended, other) = (keys.server("127.0.0.1", -1), keys.server("somebody.else", 90));
    let mut gone = EventStoreDbDouble::start().unwrap();
    gone.kill();
    let frozen = EventStoreDbDouble::start().unwrap();
    frozen.freeze();
    let insecure = good.url("test").replace("tls=true", "tls=false");
    let at = |server: &EventStoreDbDouble| server.address().to_string();
    let cases = [
        (gone.url("test"), at(&gone), "Connection refused"),
        (
            "esdb://nowhere.invalid:2113?tls=false".to_owned(),
            "nowhere.invalid:2113".to_owned(),
            "host name does not resolve",
        ),
        (
            good.url("test"),
            at(&good),
            "signed by no CA that is trusted here; name its CA by `tlsCaFile`",
        ),
        (keys.trusting(&ended), at(&ended), "its certificate has expired"),
        (keys.trusting(&other), at(&other), "its certificate is for another name"),
        (insecure, at(&good), "speaks TLS: leave out `tls=false`"),
        (format!("esdb://{}", at(&plain)), at(&plain), "does not speak TLS"),
        (frozen.url("test"), at(&frozen), "accepts connections, and says nothing"),
    ];
    let each = cases.iter().map(|(url, host, cause)| async move {
        let reason = refused(url).await;
        assert!(reason.contains(host) && reason.contains(cause), "{url}: {reason}");
    });
    for opening in each {
        opening.await;
    }
    // Of several, each.
    let url = format!("esdb://{},nowhere.invalid:1,{}?tls=false", at(&gone), at(&frozen));
    let reason = refused(&url).await;
    for host in [at(&gone), "nowhere.invalid:1".to_owned(), at(&frozen)] {
        assert!(reason.contains(&host), "{host}: {reason}");
    }
    assert_eq!(good.end(), EventStoreDbDouble::start().unwrap().end(), "nothing was written");
    append(&EventStore::eventstoredb(&keys.trusting(&good)).await.unwrap(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_refused_is_named_with_what_it_lacks() {
    let keys = Keys::new();
    let server = keys.server("127.0.0.1", 90);
    let empty = server.end();
    let as_user = |user: &str, password: &str| {
        let url = server.url_of("test", user, password);
        format!("{url}&tlsCaFile={}", keys.file().display())
    };
    // Both are asked again as long as a new cluster may take to write its users.
    let long = Duration::from_secs(40);
    let (wrong, lacks) = (as_user("admin", "wrong"), as_user("ops", "changeit"));
    let both = timeout(long, async {
        tokio::join!(
            Box::pin(EventStore::eventstoredb(&wrong)),
            Box::pin(EventStore::eventstoredb(&lacks))
        )
    });
    let (wrong, lacks) = both.await.expect("asked for ever");
    let wrong = wrong.unwrap_err().to_string();
    assert!(wrong.contains("the user `admin` is refused"), "{wrong}");
    let lacks = lacks.unwrap_err().to_string();
    assert!(lacks.contains("`ops` may not read `$all`"), "{lacks}");
    assert_eq!(server.end(), empty, "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_has_not_written_its_users_is_waited_for() {
    let keys = Keys::new();
    let server = keys.server("127.0.0.1", 90);
    server.set_users_written(false);
    let url = keys.trusting(&server);
    let mut opening = tokio::task::JoinSet::new();
    opening.spawn(async move { EventStore::eventstoredb(&url).await });
    let early = timeout(Duration::from_millis(500), opening.join_next()).await;
    assert!(early.is_err(), "{early:?}");
    server.set_users_written(true);
    let opened = timeout(LIMIT, opening.join_next()).await.expect("not opened").unwrap().unwrap();
    append(&opened.unwrap(), 1).await;
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_found_by_the_servers_of_the_address_and_logged_nowhere_else()
 {
    let keys = Keys::new();
    let server = keys.server("127.0.0.1", 12);
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    EventStore::eventstoredb(&keys.trusting(&server)).await.unwrap();
    assert_eq!(lines.with("certificate"), 0, "{:?}", lines.all());
    let servers = EventStore::servers(&keys.trusting(&server));
    let end = events::reach::reach(&servers[0]).await.unwrap().unwrap();
    let left = end.checked_sub(SystemTime::UNIX_EPOCH.elapsed().unwrap()).unwrap();
    assert!(left > DAY * 11 && left <= DAY * 12, "{left:?}");
}

#[tokio::test]
async fn one_line_is_logged_for_each_change_of_state() {
    let mut double = EventStoreDbDouble::start().unwrap();
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let store = open(&double).await;
    append(&store, 1).await;
    assert_eq!(lines.all().len(), 1, "who leads: {:?}", lines.all());
    double.kill();
    let silent = async {
        while store.time().await.is_ok() || store.writable().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, silent).await.expect("it counts as answering");
    for _ in 0..100 {
        store.time().await.unwrap_err();
        store.writable().await.unwrap_err();
    }
    double.revive().unwrap();
    let answers = async {
        while store.time().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, answers).await.expect("it does not answer any more");
    assert_eq!(ids(&store).await, [1]);
    assert_eq!(lines.with("does not answer"), 1, "{:?}", lines.all());
    assert_eq!(lines.with("answers again"), 1, "{:?}", lines.all());
    assert_eq!(lines.all().len(), 3, "{:?}", lines.all());
}
