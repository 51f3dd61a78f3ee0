//! Connects to a server, each step with its own error.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::{CertificateError, ClientConfig, ConfigBuilder, WantsVerifier};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 16;

/// Resolves the name and connects to the first of its addresses that accepts, without Nagle's
/// algorithm. Each address has an equal share of the time that is left, so that one that does not
/// answer does not hide the others.
pub(crate) async fn connect(host: &str, port: u16, until: Instant) -> Result<TcpStream, String> {
    connect_to(&resolve(host, port, until).await?, until).await
}

/// The addresses of a name.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    until: Instant,
) -> Result<Vec<SocketAddr>, String> {
    let found = timeout_at(until, lookup_host((host, port))).await;
    let found = found.map_err(|_| "host name does not resolve in time".to_owned())?;
    let found = found.map_err(|error| format!("host name does not resolve ({error})"))?;
    Ok(found.take(ADDRESSES_MAX).collect())
}

/// The same as [`connect`], of addresses that are known.
pub(crate) async fn connect_to(
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<TcpStream, String> {
    let mut failures = Vec::new();
    for (tried, address) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                tcp.set_nodelay(true).map_err(|error| error.to_string())?;
                return Ok(tcp);
            }
            Ok(Err(error)) => failures.push(format!("connection to {address} failed ({error})")),
            Err(_) => failures.push(format!("connection to {address} failed (no answer in time)")),
        }
    }
    if failures.is_empty() {
        failures.push("host name resolves to no address".to_owned());
    }
    Err(failures.join(", "))
}

/// A configuration for TLS of the one crypto provider of the process.
pub(crate) fn tls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider);
    tls.with_safe_default_protocol_versions().map_err(|error| error.to_string())
}

/// Whether a server speaks TLS, whatever its certificate.
#[cfg(feature = "eventstoredb")]
pub(crate) async fn speaks_tls(host: &str, port: u16, until: Instant) -> bool {
    let Ok(tcp) = connect(host, port, until).await else { return false };
    let name = rustls::pki_types::ServerName::try_from(host.to_owned());
    let (Ok(tls), Ok(name)) = (tls(), name) else { return false };
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
    // No CA is trusted: a certificate that is refused for that came from a server that speaks TLS.
    let refused =
        |error: &io::Error| matches!(cause(error), Some(rustls::Error::InvalidCertificate(_)));
    let shaken = timeout_at(until, connector.connect(name, tcp)).await;
    matches!(shaken, Ok(Err(error)) if refused(&error))
}

/// What TLS says of a failed handshake.
pub(crate) fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Why a TLS handshake failed, in words that say what to look at.
pub(crate) fn handshake_failure(error: &io::Error) -> String {
    let Some(tls) = cause(error) else { return format!("TLS handshake failed ({error})") };
    match tls {
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "its certificate is signed by no CA that is trusted here".to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("its certificate has expired ({tls})")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("its certificate is for another name ({tls})")
            }
            _ => format!("its certificate is refused ({tls})"),
        },
        _ => format!("TLS handshake failed ({tls})"),
    }
}
