//! Diagnoses why a server is unreachable, and reads when its certificate expires. The clients in
//! use drop the cause of a failure (name resolution, refused connection, unknown CA) and do not
//! expose certificates, so this makes a connection of its own, within [`REACH_WITHIN`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::limits::REACH_WITHIN;

pub(crate) mod certificates;
pub(crate) mod dial;

pub use certificates::{end_of, first_end, in_file};

/// Maximum bytes of a NATS server's first line (INFO).
const INFO_BYTES_MAX: usize = 64 * 1024;
/// PostgreSQL's `SSLRequest` (protocol 3.0).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Where a server accepts the connection and goes no further.
pub(crate) const NO_HANDSHAKE: &str = "it accepts connections and answers no TLS handshake";

/// Decodes the percent-encoded parts of an address (RFC 3986, section 2.1).
#[cfg(any(feature = "eventstoredb", feature = "nats", feature = "postgres"))]
pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// How TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// With the first byte.
    AtOnce,
    /// After PostgreSQL's `SSLRequest`.
    AsPostgres,
    /// After the NATS server's INFO line.
    AsNats,
}

/// A server that the program depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Name or address, without brackets.
    pub host: String,
    pub port: u16,
    /// `None` for plain text.
    pub tls: Option<Tls>,
    /// CA certificates (PEM). `None`: the certificate is not verified, and nothing is sent to the
    /// server.
    pub authority: Option<PathBuf>,
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_place(f, &self.host, self.port)
    }
}

/// A host and a port as URLs have them: an IPv6 address is in brackets.
pub(crate) fn write_place(
    f: &mut std::fmt::Formatter<'_>,
    host: &str,
    port: u16,
) -> std::fmt::Result {
    if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
}

/// An address without user, password and settings.
pub(crate) fn shown(url: &str) -> String {
    let address = url.split_once('?').map_or(url, |(address, _)| address);
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => address.to_owned(),
    }
}

impl Server {
    /// The server in an address `scheme://user:password@host:port/…`.
    #[must_use]
    pub fn of_url(url: &str, port: u16, tls: Option<Tls>) -> Option<Self> {
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let place = rest.split(['/', '?']).next().unwrap_or(rest);
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        let (host, given) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p))),
        };
        let port = given.map_or(Some(port), |port| port.parse().ok())?;
        let host = host.to_owned();
        (!host.is_empty()).then_some(Self { host, port, tls, authority: None })
    }

    /// The server in an `http://` or `https://` address.
    #[must_use]
    pub fn of_http(url: &str) -> Option<Self> {
        match url.strip_prefix("https://") {
            Some(rest) => Self::of_url(rest, 443, Some(Tls::AtOnce)),
            None => Self::of_url(url.strip_prefix("http://")?, 80, None),
        }
    }
}

/// Connects, and returns when the first of its certificates expires (time since 1970); `None`
/// without TLS.
///
/// # Errors
///
/// One sentence: the stage that failed and why.
pub async fn reach(server: &Server) -> Result<Option<Duration>, String> {
    let until = Instant::now() + REACH_WITHIN;
    let reached = async {
        let stream = dial::connect(&server.host, server.port, until).await?;
        let Some(tls) = server.tls else { return Ok(None) };
        let shaken = timeout_at(until, shaken(stream, tls, server)).await;
        shaken.unwrap_or_else(|_| Err(NO_HANDSHAKE.to_owned())).map(Some)
    };
    reached.await.map_err(|why: String| format!("{server}: {why}"))
}

/// Succeeds if one of the servers can be reached.
///
/// # Errors
///
/// The failure of each server.
pub async fn any(servers: Vec<Server>) -> Result<(), String> {
    let mut asked = JoinSet::new();
    for server in servers {
        asked.spawn(async move { reach(&server).await });
    }
    let mut causes = Vec::new();
    while let Some(reached) = asked.join_next().await {
        match reached {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(cause)) => causes.push(cause),
            Err(error) => causes.push(error.to_string()),
        }
    }
    causes.sort();
    if causes.is_empty() { Ok(()) } else { Err(causes.join("; ")) }
}

/// Performs the TLS handshake and closes the connection.
async fn shaken(mut stream: TcpStream, tls: Tls, server: &Server) -> Result<Duration, String> {
    let cut =
        |error: std::io::Error| format!("connection closed before the TLS handshake ({error})");
    match tls {
        Tls::AtOnce => {}
        Tls::AsPostgres => {
            stream.write_all(&SSL_REQUEST).await.map_err(cut)?;
            if stream.read_u8().await.map_err(cut)? != b'S' {
                return Err("the server does not offer TLS".to_owned());
            }
        }
        Tls::AsNats => {
            let mut line = 0;
            // Byte by byte, because TLS follows the line.
            while stream.read_u8().await.map_err(cut)? != b'\n' {
                line += 1;
                if line > INFO_BYTES_MAX {
                    return Err("not a NATS server".to_owned());
                }
            }
        }
    }
    let verifier = Arc::new(certificates::Verifier::new(server.authority.as_deref())?);
    let seen = Arc::clone(&verifier);
    let config = dial::tls()?.dangerous().with_custom_certificate_verifier(verifier);
    let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
    let name = ServerName::try_from(server.host.clone()).map_err(|error| error.to_string())?;
    let shaken = connector.connect(name, stream).await;
    shaken.map_err(|error| dial::handshake_failure(&error))?;
    seen.first_end().ok_or_else(|| "its certificate cannot be read".to_owned())
}

#[cfg(test)]
mod tests;
