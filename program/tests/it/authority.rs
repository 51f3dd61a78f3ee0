//! The real binary and an identity provider behind an authority of its own: how it is believed, waited for, and remembered.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::durability::Process;
use crate::private::Said;

const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../libs/events/tests/it/tls").join(name)
}

fn authority() -> String {
    tls("authority.crt").display().to_string()
}

pub(crate) const JWKS: &str = include_str!("../../../libs/web/tests/keys/jwks.json");

/// An identity provider, and a collector of traces, at `https://localhost`.
pub(crate) struct Provider {
    pub(crate) port: u16,
    /// What was asked for.
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinSet<()>,
}

impl Provider {
    /// One that closes the first connections without a word.
    async fn start(away: usize) -> Self {
        Self::with(&tls("server.crt"), &tls("server.key"), JWKS.to_owned(), away).await
    }

    /// The same with a certificate, its key, and the keys that it tells.
    pub(crate) async fn with(certificate: &Path, key: &Path, jwks: String, away: usize) -> Self {
        let certificates = vec![CertificateDer::from_pem_file(certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(certificates, key);
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, mut serving) = (Arc::clone(&asked), JoinSet::new());
        serving.spawn(async move {
            let mut answering = JoinSet::new();
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                if connection < away {
                    continue;
                }
                let (acceptor, seen, jwks) = (acceptor.clone(), Arc::clone(&seen), jwks.clone());
                answering.spawn(async move {
                    // Whoever does not believe the certificate goes away.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = answer(stream, &seen, &jwks).await;
                    }
                });
            }
        });
        Self { port, asked, serving }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        let keys = format!("{}/keys", self.url());
        ["--jwks", &keys, "--issuer", "i", "--audience", "a"].map(str::to_owned).to_vec()
    }

    fn was_asked(&self, line: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked.starts_with(line))
    }
}

async fn answer(
    stream: tokio_rustls::server::TlsStream<TcpStream>,
    seen: &Mutex<Vec<String>>,
    jwks: &str,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    stream.read_line(&mut first).await?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length]).await?;
    seen.lock().unwrap().push(first.clone());
    let body = if first.starts_with("GET /keys ") { jwks } else { "" };
    let head =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// A proxy for `CONNECT`, and how often it was used.
async fn proxy(serving: &mut JoinSet<()>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, used) = (listener.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
    let count = Arc::clone(&used);
    serving.spawn(async move {
        let mut passing = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            passing.spawn(async move {
                let mut near = BufReader::new(stream);
                let mut first = String::new();
                near.read_line(&mut first).await.unwrap();
                let target = first.split(' ').nth(1).unwrap().to_owned();
                assert!(first.starts_with("CONNECT "), "{first}");
                loop {
                    let mut line = String::new();
                    near.read_line(&mut line).await.unwrap();
                    if line.trim().is_empty() {
                        break;
                    }
                }
                count.fetch_add(1, Ordering::Relaxed);
                let mut far = TcpStream::connect(target).await.unwrap();
                near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, used)
}

pub(crate) fn strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_identity_provider_and_a_collector_are_believed_by_an_authority_of_ones_own() {
    let provider = Provider::start(0).await;
    let folder = tempfile::tempdir().unwrap();
    let start = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--start-within", "0", "--data"]);
        command.arg(folder.path()).args(provider.arguments()).args(extra);
        let ended = command.output().unwrap();
        assert!(!ended.status.success());
        String::from_utf8_lossy(&ended.stderr).into_owned()
    };
    let said = tokio::task::block_in_place(|| start(&[]));
    assert!(said.contains("UnknownIssuer") || said.contains("certificate"), "{said}");
    let said = tokio::task::block_in_place(|| start(&["--authority", "/nowhere.pem"]));
    assert!(said.contains("/nowhere.pem"), "{said}");

    let arguments = [provider.arguments(), vec!["--otlp".to_owned(), provider.url()]].concat();
    let environment = [("SSL_CERT_FILE", authority())];
    let process = tokio::task::block_in_place(|| {
        Process::start_in(folder.path(), &strs(&arguments), &environment)
    });
    let figures = process.browser.get("/metrics", "").await.granted();
    assert!(figures.as_str().unwrap().contains("dossier_keys_age_seconds"));
    process.browser.get("/v1/register/lookup/X", "").await;
    until("no span was sent", || provider.was_asked("POST /v1/traces ")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_identity_provider_is_asked_through_the_proxy_of_the_environment() {
    let mut provider = Provider::start(0).await;
    let (port, used) = proxy(&mut provider.serving).await;
    let folder = tempfile::tempdir().unwrap();
    let environment = [
        ("SSL_CERT_FILE", authority()),
        ("HTTPS_PROXY", format!("http://127.0.0.1:{port}")),
        ("NO_PROXY", String::new()),
    ];
    tokio::task::block_in_place(|| {
        Process::start_in(folder.path(), &strs(&provider.arguments()), &environment).kill();
    });
    assert!(provider.was_asked("GET /keys ") && used.load(Ordering::Relaxed) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_start_waits_for_an_identity_provider_and_remembers_its_keys_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(2).await;
    let own = ["--authority".to_owned(), authority()];
    let arguments = [provider.arguments(), own.to_vec()].concat();
    let said = tokio::task::block_in_place(|| Said::start(folder.path(), &strs(&arguments)));
    let lines = |said: &Said, text: &str| {
        let of = said.before.iter().filter(|line| line["fields"]["message"] == text);
        of.count()
    };
    // Once for each reason: a connection that is cut shows as one of two.
    let waits = lines(&said, "event store or identity provider unavailable; retrying");
    assert!((1..=2).contains(&waits), "{:?}", said.before);
    assert_eq!(
        lines(&said, "event store and identity provider available; continuing the start"),
        1
    );
    drop(said);

    // It goes away for good, and the next start goes on with what it said last.
    drop(provider);
    let said = tokio::task::block_in_place(|| Said::start(folder.path(), &strs(&arguments)));
    let remembered = "identity provider unavailable at the start; trusting its stored keys";
    assert_eq!(lines(&said, remembered), 1, "{:?}", said.before);
    let figures = said.browser.get("/metrics", "").await.granted();
    assert!(figures.as_str().unwrap().contains("dossier_keys_age_seconds"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_authority_that_is_not_there_stops_only_what_connects_to_those_who_are_believed_by_it() {
    let provider = Provider::start(0).await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let run = |arguments: &[&str], variable: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
        command.args(arguments).args(["--data", &data]).env(variable, "/nowhere.pem");
        tokio::task::block_in_place(|| command.output().unwrap())
    };
    for variable in ["SSL_CERT_FILE", "DOSSIER_AUTHORITY"] {
        let made = run(&["token", "--role", "operator", "--make-key"], variable);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let provider = provider.arguments();
        let serve = ["serve", "--listen", "127.0.0.1:0", "--start-within", "0"];
        let refused = run(&[&serve[..], &strs(&provider)[..]].concat(), variable);
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("/nowhere.pem"));
    }
    // One of its own goes before that of the machine.
    let environment =
        [("DOSSIER_AUTHORITY", authority()), ("SSL_CERT_FILE", "/nowhere.pem".to_owned())];
    tokio::task::block_in_place(|| {
        Process::start_in(folder.path(), &strs(&provider.arguments()), &environment).kill();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_object_store_is_believed_by_an_authority_of_its_own_or_the_machines() {
    for variables in
        [&["AWS_CA_BUNDLE"][..], &["SSL_CERT_FILE"], &["AWS_CA_BUNDLE", "DOSSIER_AUTHORITY"]]
    {
        let store = Provider::start(0).await;
        let folder = tempfile::tempdir().unwrap();
        let mut environment = vec![
            ("AWS_ENDPOINT", store.url()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "id".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ];
        environment.extend(variables.iter().map(|variable| (*variable, authority())));
        let arguments = ["--documents", "s3://bucket/documents"];
        let process = tokio::task::block_in_place(|| {
            Process::start_in(folder.path(), &arguments, &environment)
        });
        until("the object store was not asked", || store.was_asked("GET /bucket")).await;
        process.kill();
    }
}
