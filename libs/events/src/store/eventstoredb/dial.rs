//! Connections to the server, each step with its own error. The client drops these errors, and
//! leaves Nagle's algorithm on, so that a call on an idle connection waits 40 ms for the server's
//! delayed acknowledgement.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eventstore::ClientSettings;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::failure::{Failure, Host};
use crate::reach::{NO_HANDSHAKE, certificates, dial};

/// How connections are made.
pub(super) struct Dialer {
    /// `None` for plain text.
    tls: Option<Arc<ClientConfig>>,
}

/// A connection, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Dialer {
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, String> {
        if !settings.is_secure_mode_enabled() {
            return Ok(Self { tls: None });
        }
        let roots = match settings.tls_ca_file() {
            Some(file) => certificates::roots(&path(file))?,
            None => {
                let mut roots = RootCertStore::empty();
                // Some of the CAs of this machine may be unreadable.
                for certificate in rustls_native_certs::load_native_certs().certs {
                    let _ = roots.add(certificate);
                }
                roots
            }
        };
        let tls = dial::tls()?.with_root_certificates(roots);
        let mut tls = match settings.user_certificate() {
            Some((certificate, key)) => {
                let unusable = |error: &dyn std::fmt::Display| format!("{key}: {error}");
                let chain = certificates::read(Path::new(certificate))?;
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

    /// A connection to a node, at one of its addresses, or why there is none by then.
    pub(super) async fn dial(
        &self,
        host: &Host,
        addresses: &[SocketAddr],
        until: Instant,
    ) -> Result<Box<dyn Io>, String> {
        let tcp = dial::connect_to(addresses, until).await?;
        let Some(tls) = &self.tls else { return Ok(Box::new(tcp)) };
        let name = ServerName::try_from(host.name.clone());
        let name = name.map_err(|_| "not a name that a certificate could have".to_owned())?;
        let shaken = timeout_at(until, TlsConnector::from(Arc::clone(tls)).connect(name, tcp));
        match shaken.await {
            Ok(Ok(tls)) => Ok(Box::new(tls)),
            Ok(Err(error)) => Err(format!("{}{}", dial::handshake_failure(&error), hint(&error))),
            Err(_) => Err(NO_HANDSHAKE.to_owned()),
        }
    }

    pub(super) async fn resolve(host: &Host, until: Instant) -> Result<Vec<SocketAddr>, Failure> {
        let resolved = dial::resolve(&host.name, host.port, until).await;
        resolved.map_err(|cause| Failure::Unreachable(format!("{host}: {cause}")))
    }

    /// Whether a node that is configured for plain text speaks TLS.
    pub(super) async fn speaks_tls(host: &Host, until: Instant) -> bool {
        dial::speaks_tls(&host.name, host.port, until).await
    }
}

/// The file of CAs that an address names.
pub(super) fn path(file: &str) -> PathBuf {
    PathBuf::from(crate::reach::decoded(file))
}

/// The setting of the address that a failed handshake is about.
fn hint(error: &std::io::Error) -> &'static str {
    match dial::cause(error) {
        Some(rustls::Error::InvalidMessage(_)) => "; if it is not to, set `tls=false`",
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "; name its CA by `tlsCaFile`"
        }
        _ => "",
    }
}
