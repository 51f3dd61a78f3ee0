//! The real binary and the addresses of subscribers: certificates, and what must not be called.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dossier::contract::Role;
use eventstoredb_double::Authority;
use platform::TimeSource;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::subscribers_killed::until;
use crate::support::receiver::Receiver;
use crate::support::{Browser, token};

const HOUR: Duration = Duration::from_secs(3_600);

/// By the machine, by which certificates are checked.
fn now() -> SystemTime {
    TimeSource::System.now().into()
}

/// A receiver at `localhost` whose certificate is for this name and valid until then.
async fn receiver(authority: &Authority, name: &str, until: SystemTime) -> Receiver {
    let since = now() - 2 * HOUR;
    let (certificate, key) = authority.certificate(&[name], since, until).unwrap();
    let certificates = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(certificates, key).unwrap();
    Receiver::open_tls(TlsAcceptor::from(Arc::new(config))).await
}

fn start(folder: &Path, authority: &Authority, more: &[&str]) -> Process {
    let file = folder.join("authority.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    Process::start_with(folder, &[&["--authority", file.to_str().unwrap()], more].concat())
}

/// How the newest try of the challenge at this address ended.
async fn challenged(browser: &Browser, clerk: &str, receiver: &Receiver) -> String {
    let body = json!({ "name": "portal", "url": receiver.address() });
    let made = browser.post("/v1/subscribers", clerk, "", body).await.granted();
    let address = format!("/v1/subscribers/{}/deliveries", made["subscriber"].as_str().unwrap());
    let mut result = Value::Null;
    until("the challenge is not tried", async || {
        let rows = browser.get(&address, clerk).await.granted();
        result = rows[0]["tries"][0]["result"].clone();
        result.is_string()
    })
    .await;
    result.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_receiver_whose_certificate_is_not_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let clerk = token(&key, Role::Clerk, "clerk-1", "G02");
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let (soon, past) = (now() + HOUR, now() - HOUR);
    let right = receiver(&authority, "localhost", soon).await;
    let networks = ["--subscriber-network", "127.0.0.0/8,::1/128"];
    let process = start(folder.path(), &authority, &networks);
    let browser = &process.browser;
    assert_eq!(challenged(browser, &clerk, &right).await, "answered the challenge");
    for (wrong, why) in [
        (receiver(&authority, "elsewhere.example", soon).await, "not valid for name"),
        (receiver(&authority, "localhost", past).await, "expired"),
        (receiver(&other, "localhost", soon).await, "UnknownIssuer"),
    ] {
        let result = challenged(browser, &clerk, &wrong).await;
        assert!(result.contains(why), "{result}");
        assert_eq!(wrong.requests(), 0, "{why}");
        until("the handshake is ended by us", async || wrong.untrusted() > 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_an_address_inside_is_not_called_unless_its_network_is_permitted() {
    let folder = tempfile::tempdir().unwrap();
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let clerk = token(&key, Role::Clerk, "clerk-1", "G02");
    let authority = Authority::new().unwrap();
    let right = receiver(&authority, "localhost", now() + HOUR).await;
    let process = start(folder.path(), &authority, &["--subscriber-network", "10.0.0.0/8"]);
    let result = challenged(&process.browser, &clerk, &right).await;
    assert_eq!(result, "not sent: the name has an address that is not public");
    assert_eq!((right.requests(), right.untrusted()), (0, 0));
    let refused = json!({ "name": "portal", "url": "https://127.0.0.1/" });
    let refused = process.browser.post("/v1/subscribers", &clerk, "", refused).await;
    assert_eq!(refused.refused(), (422, "address-not-permitted"));
}
