//! Connections of our own: resolved, connected, encrypted, each step with a cause of its own if it fails. The client drops
//! causes, and leaves Nagle's algorithm on, so that a call that comes alone waits 40 ms for the server's acknowledgement.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use eventstore::ClientSettings;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::failure::Host;
use crate::reach::end_of;

/// How connections are made.
pub(super) struct Dialer {
    /// Nothing where no encryption is wanted.
    tls: Option<Arc<ClientConfig>>,
}

/// What is spoken over.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(super) struct Dialed {
    pub(super) wire: Box<dyn Io>,
    /// Until when the server's certificate is valid, since the beginning of 1970.
    pub(super) valid_until: Option<Duration>,
}

impl Dialer {
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, String> {
        if !settings.is_secure_mode_enabled() {
            return Ok(Self { tls: None });
        }
        let mut roots = RootCertStore::empty();
        match settings.tls_ca_file() {
            Some(file) => {
                for certificate in certificates(file)? {
                    roots.add(certificate).map_err(|error| format!("{file}: {error}"))?;
                }
            }
            None => {
                // Of what this machine trusts one or the other may be unreadable.
                for certificate in rustls_native_certs::load_native_certs().certs {
                    let _ = roots.add(certificate);
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = tls.map_err(|error| error.to_string())?.with_root_certificates(roots);
        let mut tls = match settings.user_certificate() {
            Some((certificate, key)) => {
                let unusable = |error: &dyn std::fmt::Display| format!("{key}: {error}");
                let chain = certificates(certificate)?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(&error))?;
                tls.with_client_auth_cert(chain, key).map_err(|error| unusable(&error))?
            }
            None => tls.with_no_client_auth(),
        };
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { tls: Some(Arc::new(tls)) })
    }

    pub(super) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// A connection to a node, or what kept it from being made until then.
    pub(super) async fn dial(&self, host: &Host, until: Instant) -> Result<Dialed, String> {
        let tcp = connect(host, until).await?;
        let Some(tls) = &self.tls else {
            return Ok(Dialed { wire: Box::new(tcp), valid_until: None });
        };
        let name = ServerName::try_from(host.name.clone());
        let name = name.map_err(|_| "no name that a certificate could have".to_owned())?;
        let shaken = timeout_at(until, TlsConnector::from(Arc::clone(tls)).connect(name, tcp));
        let tls = match shaken.await {
            Ok(Ok(tls)) => tls,
            Ok(Err(error)) => return Err(of_tls(&error)),
            Err(_) => return Err("accepts connections, and answers no TLS handshake".to_owned()),
        };
        let certificate = tls.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let valid_until = certificate.and_then(|der| end_of(der));
        Ok(Dialed { wire: Box::new(tls), valid_until })
    }

    /// Whether a node that was spoken to in plain speaks TLS.
    pub(super) async fn speaks_tls(host: &Host, until: Instant) -> bool {
        let Ok(tcp) = connect(host, until).await else { return false };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let (Ok(tls), Ok(name)) = (tls, ServerName::try_from(host.name.clone())) else {
            return false;
        };
        let tls = tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        let shaken = timeout_at(until, TlsConnector::from(Arc::new(tls)).connect(name, tcp));
        // Nobody is trusted: a certificate that is refused for that was sent by somebody who speaks it.
        let refused = |error: &io::Error| {
            matches!(rustls_of(error), Some(rustls::Error::InvalidCertificate(_)))
        };
        matches!(shaken.await, Ok(Err(error)) if refused(&error))
    }
}

async fn connect(host: &Host, until: Instant) -> Result<TcpStream, String> {
    let found = timeout_at(until, lookup_host((host.name.as_str(), host.port))).await;
    let found = found.map_err(|_| "its name is not resolved in time".to_owned())?;
    let mut failed = "its name has no address".to_owned();
    for address in found.map_err(|error| format!("its name is not resolved: {error}"))? {
        match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                tcp.set_nodelay(true).map_err(|error| error.to_string())?;
                return Ok(tcp);
            }
            Ok(Err(error)) => failed = format!("{address} does not accept connections: {error}"),
            Err(_) => return Err(format!("{address} does not answer")),
        }
    }
    Err(failed)
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    read.map_err(|error| format!("{file}: {error}"))
}

fn rustls_of(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Why a handshake failed, in words that say what to look at.
fn of_tls(error: &io::Error) -> String {
    let Some(tls) = rustls_of(error) else {
        return format!("breaks off the TLS handshake: {error}");
    };
    match tls {
        rustls::Error::InvalidMessage(_) => {
            "does not speak TLS: `tls=false` is for a server without it".to_owned()
        }
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "its certificate is signed by nobody who is trusted here: name its authority by `tlsCaFile`"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("its certificate has ended: {tls}")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("its certificate is for another name: {tls}")
            }
            _ => format!("its certificate is refused: {tls}"),
        },
        _ => format!("the TLS handshake fails: {tls}"),
    }
}
