//! The connection to the servers: established, re-established, and its state.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Client, Event};
use tokio::sync::watch;

use super::{Options, unreachable};
use crate::bus::BusError;
use crate::limits::{ANSWER_TIMEOUT, CONNECT_TIMEOUT};
use crate::reach::{Server, Tls, decoded};

/// Default port of NATS.
const PORT: u16 = 4222;

/// Oldest supported server version. 2.9, as in Debian 12, refuses every consumer: it accepts
/// redelivery back-offs only together with a maximum number of deliveries.
pub(super) const NEEDED: &str = "2.11";

/// Whether a server's version is older than [`NEEDED`]; an unknown format is not.
pub(super) fn is_too_old(version: &str) -> bool {
    let numbers = |text: &str| {
        let mut parts = text.trim_start_matches('v').split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..digits).and_then(|digits| digits.parse::<u32>().ok())
        });
        Some((parts.next()??, parts.next()??))
    };
    numbers(version).zip(numbers(NEEDED)).is_some_and(|(found, needed)| found < needed)
}

/// A client that reconnects for ever.
pub(super) struct Connection {
    pub(super) client: Client,
    /// Number of lost connections.
    pub(super) lost: watch::Receiver<u64>,
    /// The last connection error.
    pub(super) refused: Arc<Mutex<String>>,
}

pub(super) async fn connect(options: &Options) -> Result<Connection, BusError> {
    let mut connect = async_nats::ConnectOptions::new()
        .name("dossier")
        .retry_on_initial_connect()
        .connection_timeout(CONNECT_TIMEOUT)
        .request_timeout(Some(ANSWER_TIMEOUT))
        .ping_interval(Duration::from_secs(5))
        .reconnect_delay_callback(|tries| {
            Duration::from_millis(50 << tries.min(5)).min(Duration::from_secs(1))
        });
    if let Some(path) = &options.credentials {
        connect = connect.credentials_file(path).await.map_err(unreachable)?;
    }
    // With EventStoreDB's client, the program contains two crypto providers, and the first TLS
    // connection panics unless one is installed. An earlier choice stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(path) = &options.authority {
        connect = connect.add_root_certificates(path.clone());
    }
    let mut servers = Vec::new();
    for server in options.servers.split(',') {
        let (server, user) = without_user(server.trim());
        // Not in the address, because addresses are logged.
        if let Some((name, password)) = user {
            connect = connect.user_and_password(name, password);
        }
        servers.push(server);
    }
    let refused: Arc<Mutex<String>> = Arc::default();
    let said = Arc::clone(&refused);
    let (losing, lost) = watch::channel(0);
    let connect = connect.event_callback(move |event| {
        let said = Arc::clone(&said);
        if matches!(event, Event::Disconnected) {
            losing.send_modify(|times| *times += 1);
        }
        async move {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            match &event {
                Event::Connected => said.clear(),
                Event::ClientError(_) | Event::ServerError(_) => {
                    let error = event.to_string();
                    // It retries once a second: log each cause once, not each attempt.
                    if *said != error {
                        tracing::warn!(error, "NATS client or server error; retrying");
                        *said = error;
                    }
                }
                _ => {}
            }
        }
    });
    let client = connect.connect(servers).await.map_err(unreachable)?;
    Ok(Connection { client, lost, refused })
}

/// The servers of a comma-separated list, with their TLS mode and CA.
#[must_use]
pub fn servers_of(urls: &str, authority: Option<&Path>) -> Vec<Server> {
    let server = |url: &str| {
        let tls = url.starts_with("tls://").then_some(Tls::AsNats);
        let server = Server::of_url(url, PORT, tls)?;
        Some(Server { authority: authority.map(Path::to_owned), ..server })
    };
    urls.split(',').filter_map(|url| server(url.trim())).collect()
}

/// Splits user and password off an address (RFC 3986, sections 2.1 and 3.2.1).
fn without_user(address: &str) -> (String, Option<(String, String)>) {
    let (scheme, rest) = address.split_once("://").unwrap_or(("nats", address));
    let Some((user, host)) = rest.rsplit_once('@') else { return (address.to_owned(), None) };
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    (format!("{scheme}://{host}"), Some((decoded(name), decoded(password))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_older_than_needed_is_told_by_what_it_says() {
        for old in ["2.9.10", "2.10.29", "1.4.1", "v2.9.0", "2.10.0-beta.1"] {
            assert!(is_too_old(old), "{old}");
        }
        for fit in ["2.11.0", "2.12.3-RC.1", "2.15.1", "3.0.0", "", "unknown"] {
            assert!(!is_too_old(fit), "{fit}");
        }
    }

    #[test]
    fn a_password_does_not_stay_in_an_address() {
        let user = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        for (given, address, login) in [
            ("nats://a:4222", "nats://a:4222", None),
            ("tls://u:p%25w%C3%A9%@a:4222", "tls://a:4222", user("u", "p%wé%")),
            ("u:p@b@a", "nats://a", user("u", "p@b")),
        ] {
            assert_eq!(without_user(given), (address.to_owned(), login), "{given}");
        }
    }
}
