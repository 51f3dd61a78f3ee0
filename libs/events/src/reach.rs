//! Whether a server can be reached, and until when its certificate is good. The clients that the program uses drop the causes of a
//! failure (a name that does not resolve, a port where nobody listens, a certificate of another authority) and show no certificate,
//! so this is asked beside them, within [`REACH_WITHIN`].

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use x509_cert::der::Decode;

use crate::limits::REACH_WITHIN;

/// Bytes of the line with which a NATS server begins.
const INFO_BYTES_MAX: usize = 64 * 1024;
/// What a client of PostgreSQL asks for TLS with (its protocol 3.0, "SSLRequest").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// How a server comes to speak TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte.
    AtOnce,
    /// Once it was asked in PostgreSQL's protocol.
    AsPostgres,
    /// After the line with which a NATS server begins.
    AsNats,
}

/// A server outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it speaks TLS, if it does.
    pub tls: Option<Tls>,
    /// The authorities by which it is believed (PEM). Without it no certificate is verified here: nothing is said to the server.
    pub authority: Option<PathBuf>,
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl Server {
    /// The server of an address `scheme://user:password@host:port/…`.
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

    /// The server of an address that begins with `http://` or `https://`.
    #[must_use]
    pub fn of_http(url: &str) -> Option<Self> {
        match url.strip_prefix("https://") {
            Some(rest) => Self::of_url(rest, 443, Some(Tls::AtOnce)),
            None => Self::of_url(url.strip_prefix("http://")?, 80, None),
        }
    }
}

/// Reaches it, and gives until when its certificates are good, in time since 1970: the first end of those that it shows. Nothing
/// without TLS.
///
/// # Errors
///
/// In one sentence, how far it came and why not further.
pub async fn reach(server: &Server) -> Result<Option<Duration>, String> {
    let stage = Mutex::new("its name does not resolve");
    let at = |next| *stage.lock().unwrap_or_else(PoisonError::into_inner) = next;
    let reached = timeout(REACH_WITHIN, async {
        let place = (&*server.host, server.port);
        let found = tokio::net::lookup_host(place).await;
        let found = found.map_err(|error| format!("its name does not resolve ({error})"))?;
        at("nothing there takes a connection");
        let mut refused = "its name resolves to nothing".to_owned();
        for address in found {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    let Some(tls) = server.tls else { return Ok(None) };
                    at("it does not speak TLS");
                    return shaken(stream, tls, server).await.map(Some);
                }
                Err(error) => {
                    refused = format!("nothing takes a connection at {address} ({error})");
                }
            }
        }
        Err(refused)
    });
    let late = || {
        let stage = *stage.lock().unwrap_or_else(PoisonError::into_inner);
        Err(format!("{stage} within {} s", REACH_WITHIN.as_secs()))
    };
    reached.await.unwrap_or_else(|_| late()).map_err(|why| format!("{server}: {why}"))
}

/// Whether one of these servers can be reached; no servers can.
///
/// # Errors
///
/// Of each of them, why not.
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

/// The first end of the certificates in a file (PEM).
///
/// # Errors
///
/// A file that cannot be read or has none.
pub fn in_file(path: &Path) -> Result<Duration, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read: Vec<CertificateDer<'_>> = read.map_err(|error| error.to_string())?;
    first_end(&read).ok_or_else(|| "it has no certificate that can be read".to_owned())
}

/// Shakes hands, and hangs up.
async fn shaken(mut stream: TcpStream, tls: Tls, server: &Server) -> Result<Duration, String> {
    let cut = |error: std::io::Error| format!("it hangs up before TLS begins ({error})");
    match tls {
        Tls::AtOnce => {}
        Tls::AsPostgres => {
            stream.write_all(&SSL_REQUEST).await.map_err(cut)?;
            if stream.read_u8().await.map_err(cut)? != b'S' {
                return Err("it speaks no TLS".to_owned());
            }
        }
        Tls::AsNats => {
            let mut line = 0;
            // Byte by byte: what follows the line is TLS.
            while stream.read_u8().await.map_err(cut)? != b'\n' {
                line += 1;
                if line > INFO_BYTES_MAX {
                    return Err("it is no NATS server".to_owned());
                }
            }
        }
    }
    let seen = Arc::<Seen>::default();
    let connector = TlsConnector::from(Arc::new(config(server, &seen)?));
    let name = ServerName::try_from(server.host.clone()).map_err(|error| error.to_string())?;
    let shaken = connector.connect(name, stream).await;
    shaken.map_err(|error| format!("its TLS is refused ({error})"))?;
    let seen = *seen.ends.lock().unwrap_or_else(PoisonError::into_inner);
    seen.ok_or_else(|| "its certificate cannot be read".to_owned())
}

fn config(server: &Server, seen: &Arc<Seen>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let by = match &server.authority {
        Some(path) => {
            let refused = |reason: String| format!("{}: {reason}", path.display());
            let mut roots = RootCertStore::empty();
            let read = CertificateDer::pem_file_iter(path);
            for certificate in read.map_err(|error| refused(error.to_string()))? {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                roots.add(certificate).map_err(|error| refused(error.to_string()))?;
            }
            let by = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
            Some(by.build().map_err(|error| refused(error.to_string()))?)
        }
        None => None,
    };
    let algorithms = provider.signature_verification_algorithms.supported_schemes();
    let verifier = Arc::new(Verifier { seen: Arc::clone(seen), by, algorithms });
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

#[derive(Debug, Default)]
struct Seen {
    ends: Mutex<Option<Duration>>,
}

/// Notes until when certificates are good, and verifies them where an authority is known.
#[derive(Debug)]
struct Verifier {
    seen: Arc<Seen>,
    by: Option<Arc<WebPkiServerVerifier>>,
    algorithms: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown: Vec<_> = std::iter::once(end_entity).chain(intermediates).cloned().collect();
        *self.seen.ends.lock().unwrap_or_else(PoisonError::into_inner) = first_end(&shown);
        match &self.by {
            Some(by) => {
                by.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.by {
            Some(by) => by.verify_tls12_signature(message, cert, dss),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.by {
            Some(by) => by.verify_tls13_signature(message, cert, dss),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.clone()
    }
}

/// The first end of these certificates, in time since 1970 (RFC 5280, section 4.1.2.5).
#[must_use]
pub fn first_end(certificates: &[CertificateDer<'_>]) -> Option<Duration> {
    let ends = certificates.iter().filter_map(|certificate| end_of(certificate));
    ends.min()
}

/// Until when a certificate is good (DER), in time since 1970.
#[must_use]
pub fn end_of(certificate: &[u8]) -> Option<Duration> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_unix_duration())
}

#[cfg(test)]
mod tests;
