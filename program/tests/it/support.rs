//! Helpers of the tests: an office with all services on its own port, a virtual clock, and callers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use documents::Documents;
use dossier::contract::Role;
use dossier::law::shipped_rules;
use dossier::services::ServiceName;
use engine::rulebook::Rulebook;
use engine::tasks::{DeadLetter, ReactionsHealth, Stalled, Tasks, Work};
use engine::{Engine, Settings};
use events::EventStore;
use events::bus::Bus;
use jiff::Timestamp;
use platform::TimeSource;
use platform::secret::Secret;
use program::{Components, Installation};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use web::auth::{Auth, Claims, DevelopmentKey};
use web::quotas::{Quotas, Rules};
use web::{Access, Router, Server};

#[path = "support/browser.rs"]
mod browser;
#[path = "support/receiver.rs"]
pub(crate) mod receiver;
#[path = "support/vnpay.rs"]
pub(crate) mod vnpay;
#[path = "support/wallet.rs"]
pub(crate) mod wallet;

pub(crate) use browser::*;

/// All services but these, as `--services` takes them.
pub(crate) fn all_but(left_out: &[ServiceName]) -> String {
    let all = ServiceName::ALL.into_iter().filter(|service| !left_out.contains(service));
    all.map(ServiceName::as_str).collect::<Vec<_>>().join(",")
}

/// The digest key of an office.
pub(crate) const DIGEST_KEY: [u8; 32] = [7; 32];

/// A local time in Vietnam, for example `2026-11-20T09:00`.
pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}:00+07:00").parse().unwrap()
}

/// All services in one process.
pub(crate) struct Office {
    pub(crate) components: Arc<Components>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) browser: Browser,
    /// All operations and who may call them.
    pub(crate) operations: Vec<(String, Access)>,
    opened: events::Position,
    tasks: Tasks,
    reactions: Vec<ReactionsHealth>,
    key: DevelopmentKey,
    running: JoinSet<()>,
    stop: CancellationToken,
    folder: tempfile::TempDir,
}

/// A store with faults that begin once the law is in it.
pub(crate) async fn faulty(faults: events::Faults) -> EventStore {
    let store = EventStore::memory();
    let rules = shipped_rules().unwrap();
    Rulebook::open(&store, &rules, at("2026-11-20T09:00")).await.unwrap();
    EventStore::faulty(store, faults)
}

impl Office {
    /// An office with a store in memory, at 09:00 on Friday, 20 November 2026.
    pub(crate) async fn open() -> Self {
        Self::open_with(EventStore::memory(), at("2026-11-20T09:00")).await
    }

    pub(crate) async fn open_with(store: EventStore, now: Timestamp) -> Self {
        Self::open_as(store, now, true).await
    }

    /// An office with or without sandbox payment providers.
    pub(crate) async fn open_as(store: EventStore, now: Timestamp, sandbox: bool) -> Self {
        Self::open_at(store, now, sandbox, "", |server| server).await
    }

    /// An office with a configured server.
    pub(crate) async fn open_behind(door: impl FnOnce(Server) -> Server) -> Self {
        Self::open_at(EventStore::memory(), at("2026-11-20T09:00"), true, "", door).await
    }

    /// An office with these quotas.
    pub(crate) async fn open_limited(quotas: &str) -> Self {
        let (store, now) = (EventStore::memory(), at("2026-11-20T09:00"));
        Self::open_at(store, now, true, quotas, |server| server).await
    }

    async fn open_at(
        store: EventStore,
        now: Timestamp,
        sandbox: bool,
        quotas: &str,
        door: impl FnOnce(Server) -> Server,
    ) -> Self {
        Self::open_signed(store, now, (sandbox, 1), quotas, door).await
    }

    /// An office in which two persons issue rules.
    pub(crate) async fn open_with_two_signers() -> Self {
        let (store, now) = (EventStore::memory(), at("2026-11-20T09:00"));
        Self::open_signed(store, now, (true, 2), "", |server| server).await
    }

    async fn open_signed(
        store: EventStore,
        now: Timestamp,
        (sandbox, rule_signers): (bool, u8),
        quotas: &str,
        door: impl FnOnce(Server) -> Server,
    ) -> Self {
        let outside = program::Outside::none(sandbox).unwrap();
        Self::open_outside(store, now, (outside, rule_signers), quotas, door).await
    }

    /// An office with payment partners.
    pub(crate) async fn open_with_partners(store: EventStore, outside: program::Outside) -> Self {
        let now = at("2026-11-20T09:00");
        Self::open_outside(store, now, (outside, 1), "", |server| server).await
    }

    /// An office that is opened again at this time, with the partners that it has by then.
    pub(crate) async fn reopen_with_partners(
        store: EventStore,
        outside: program::Outside,
        now: Timestamp,
    ) -> Self {
        Self::open_outside(store, now, (outside, 1), "", |server| server).await
    }

    async fn open_outside(
        store: EventStore,
        now: Timestamp,
        (outside, rule_signers): (program::Outside, u8),
        quotas: &str,
        door: impl FnOnce(Server) -> Server,
    ) -> Self {
        let (clock, quotas) = (TimeSource::manual(now), Rules::with(quotas).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let key = DevelopmentKey::from_seed([7; 32]);
        let store = Arc::new(store);
        let secret = Arc::new(Secret::new(DIGEST_KEY.to_vec()));
        let documents =
            Documents::in_folder(&folder.path().join("documents"), &clock, &secret).unwrap();
        let installation = Installation {
            auth: Auth::development(&key, TimeSource::System),
            quotas: Quotas::new(quotas, clock.clone()),
            documents,
            secret,
            outside,
            webhooks: program::webhooks(vec!["127.0.0.0/8".parse().unwrap()], true).unwrap(),
            rule_signers,
        };
        let (bus, rules) = (Bus::Store(Arc::clone(&store)), shipped_rules().unwrap());
        let settings = Settings { bus, store, rules, clock, views: None };
        let components = Components::open(settings, installation).await.unwrap();
        let engine = Arc::clone(&components.engine);
        let opened = engine.store.head();
        let (mut routes, mut tasks, mut reactions) = (Vec::new(), Tasks::default(), Vec::new());
        let services = program::services(&components).await.unwrap();
        routes.extend(program::watching(&components, &services));
        for service in services {
            routes.extend(service.routes);
            tasks.append(service.tasks);
            reactions.extend(service.reactions);
        }
        let router = Router::new(&components.context, routes);
        let operations = router.operations().map(|(name, access)| (name.to_owned(), access));
        let operations = operations.collect();
        let server = door(Server::bind("127.0.0.1:0".parse().unwrap(), router).unwrap());
        let browser = Browser::new(server.address().unwrap());
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(server.run(stop.clone()));
        Self {
            components,
            engine,
            browser,
            operations,
            opened,
            tasks,
            reactions,
            key,
            running,
            stop,
            folder,
        }
    }

    /// The folder of its documents.
    pub(crate) fn documents(&self) -> PathBuf {
        self.folder.path().join("documents")
    }

    /// Stops the server; returns the duration.
    pub(crate) async fn stop(&mut self) -> Duration {
        let begun = Instant::now();
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
        begun.elapsed()
    }

    /// A token with one role.
    pub(crate) fn token(&self, role: Role, subject: &str, agency: &str) -> String {
        token(&self.key, role, subject, agency)
    }

    /// A token with several roles, or for a representative.
    pub(crate) fn token_for(
        &self,
        roles: &[Role],
        subject: &str,
        agency: &str,
        on_behalf_of: Option<&str>,
    ) -> String {
        let claims = Claims {
            roles: roles.to_vec(),
            on_behalf_of: on_behalf_of.map(Into::into),
            ..claims(Role::Applicant, subject, agency)
        };
        self.key.mint(&claims).unwrap()
    }

    pub(crate) fn applicant(&self, subject: &str) -> String {
        self.token(Role::Applicant, subject, "")
    }

    pub(crate) fn clerk(&self) -> String {
        self.token(Role::Clerk, "clerk-1", "G02")
    }

    /// Runs all background tasks until nothing is left to do at the present time.
    pub(crate) async fn settle(&mut self) {
        // A task that a fault has stalled is retried, as in the running service.
        for _ in 0..100 {
            if self.tasks.settle(&self.engine).await.is_ok() {
                return;
            }
        }
        panic!("the tasks never settle");
    }

    /// Has the views catch up; the error of the first that stalls.
    pub(crate) async fn views(&mut self) -> Result<(), Stalled> {
        self.tasks.catch_up(Work::Shows).await
    }
    /// Moves the clock, stopping at every due time.
    pub(crate) async fn wait_until(&mut self, moment: &str) {
        self.tasks.run_until(&self.engine, at(moment)).await.unwrap();
    }

    pub(crate) async fn wait_until_instant(&mut self, at: Timestamp) {
        self.tasks.run_until(&self.engine, at).await.unwrap();
    }

    /// Events that no reaction could handle.
    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut dead = Vec::new();
        for service in &self.reactions {
            dead.extend(service.dead_letters().await.unwrap());
        }
        dead
    }

    /// Kinds of all events since the office was opened, without service and version, in commit
    /// order. Reads of personal data, which the tests themselves make, are left out.
    pub(crate) async fn log(&self) -> Vec<String> {
        let all = events::Filter::default();
        let page = self.engine.store.read_all(self.opened, &all, 10_000).await.unwrap();
        let name = |kind: &str| kind.split('.').nth(1).unwrap_or(kind).to_owned();
        let events = page.events.iter().filter(|event| !event.kind.starts_with("reads."));
        events.map(|event| name(&event.kind)).collect()
    }
}

/// A new store on the shared PostgreSQL server.
pub(crate) async fn postgres() -> EventStore {
    EventStore::open(&postgres_url()).await.unwrap()
}

/// The URL of an unused schema on the shared PostgreSQL server.
pub(crate) fn postgres_url() -> String {
    let url = cluster::postgres().unwrap();
    let schema = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{:?}", Instant::now()).as_bytes());
    let schema = format!("office_{}_{}", std::process::id(), schema.simple());
    format!("{url}?options=-csearch_path%3D{schema}")
}

/// Runs the built program on a data directory.
pub(crate) fn dossier(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
    command.args(arguments).arg("--data").arg(data).args(["--log", "error"]).output().unwrap()
}

/// Output of a program that succeeded.
pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn token(key: &DevelopmentKey, role: Role, subject: &str, agency: &str) -> String {
    key.mint(&claims(role, subject, agency)).unwrap()
}

fn claims(role: Role, subject: &str, agency: &str) -> Claims {
    Claims {
        sub: subject.into(),
        exp: 4_000_000_000,
        nbf: None,
        roles: vec![role],
        agency: (!agency.is_empty()).then(|| agency.into()),
        on_behalf_of: None,
    }
}

/// A submission of an energy label notice, with its two documents.
pub(crate) async fn energy_label(browser: &Browser, token: &str) -> Value {
    let declaration = browser.upload(token, "declaration").await;
    let report = browser.upload(token, "report").await;
    json!({
        "procedure": "ENERGY.LABEL", "agency": "G02.002", "channel": "online",
        "form": {
            "company": { "name": "Công ty Điện Sáng", "tax_code": "0101234565" },
            "product": "LED", "model": "S1", "stars": 5,
        },
        "documents": [
            { "component": "declaration", "document": declaration, "file_name": "a.pdf" },
            { "component": "test_report", "document": report, "file_name": "b.pdf" },
        ],
    })
}

/// The address in the register of a dossier with this address in intake.
pub(crate) fn in_register(dossier: &str) -> String {
    dossier.replacen("/v1/", "/v1/register/", 1)
}

/// Submits the energy label notice; returns address and `ETag`.
pub(crate) async fn submitted(browser: &Browser, token: &str) -> (String, String) {
    let body = energy_label(browser, token).await;
    let answer = browser.post("/v1/dossiers", token, "", body).await;
    let etag = answer.etag();
    let dossier = answer.granted();
    (format!("/v1/dossiers/{}", dossier["id"].as_str().unwrap()), etag)
}

/// Runs `examples/one-dossier.sh` against a server; returns its output.
pub(crate) fn example_script(address: SocketAddr, data: &Path) -> String {
    let script = root().join("examples/one-dossier.sh");
    let out = bash(&[script.to_str().unwrap()], address, data);
    assert!(out.matches('\n').count() >= 14, "the script has lost steps: {out}");
    assert!(out.contains("\"score\":5"), "{out}");
    assert!(out.trim_end().ends_with("\"completion\":100}"), "{out}");
    out
}

/// Runs a program of the shell against a server, in a folder of its own; returns its output.
pub(crate) fn bash(arguments: &[&str], address: SocketAddr, data: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let shell = Command::new("bash")
        .args(["-euo", "pipefail"])
        .args(arguments)
        .current_dir(folder.path())
        .env("U", format!("http://{address}"))
        .env("D", env!("CARGO_BIN_EXE_dossier"))
        .env("DOSSIER_DATA", data)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&shell.stdout).into_owned();
    assert!(shell.status.success(), "{out}\n{}", String::from_utf8_lossy(&shell.stderr));
    out
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
