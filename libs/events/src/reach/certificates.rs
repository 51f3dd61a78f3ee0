//! Certificates in files and in handshakes: which CAs are trusted, and when a certificate expires.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use x509_cert::der::{Decode, Encode};

/// The certificates in a PEM file, at least one.
pub(crate) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |reason: String| format!("{}: {reason}", path.display());
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| unreadable(error.to_string()))?;
    if read.is_empty() { Err(unreadable("no certificate found".to_owned())) } else { Ok(read) }
}

/// The CAs in a PEM file.
pub(crate) fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in read(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(roots)
}

/// When the first CA certificate in a PEM file expires (time since 1970). Of certificates with the
/// same subject, the last one counts: a renewed CA has an old and a new one.
///
/// # Errors
///
/// The file cannot be read or contains no certificate.
pub fn in_file(path: &Path) -> Result<Duration, String> {
    let mut last = BTreeMap::<Vec<u8>, Duration>::new();
    let read = read(path)?;
    for certificate in read.iter().filter_map(|der| x509_cert::Certificate::from_der(der).ok()) {
        let subject = certificate.tbs_certificate.subject.to_der();
        let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
        let known = last.entry(subject.map_err(|error| error.to_string())?).or_default();
        *known = end.max(*known);
    }
    last.into_values().min().ok_or_else(|| "it has no certificate that can be read".to_owned())
}

/// When the first of these certificates expires (time since 1970; RFC 5280, section 4.1.2.5).
#[must_use]
pub fn first_end(certificates: &[CertificateDer<'_>]) -> Option<Duration> {
    let ends = certificates.iter().filter_map(|certificate| end_of(certificate));
    ends.min()
}

/// When a certificate (DER) expires, time since 1970.
#[must_use]
pub fn end_of(certificate: &[u8]) -> Option<Duration> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_unix_duration())
}

/// Records when certificates expire, and verifies them if a CA is configured.
#[derive(Debug)]
pub(super) struct Verifier {
    first_end: Mutex<Option<Duration>>,
    by: Option<Arc<WebPkiServerVerifier>>,
    algorithms: Vec<SignatureScheme>,
}

impl Verifier {
    pub(super) fn new(authority: Option<&Path>) -> Result<Self, String> {
        let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
        let algorithms = provider.signature_verification_algorithms.supported_schemes();
        let by = match authority {
            Some(path) => {
                let roots = Arc::new(roots(path)?);
                let by = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
                Some(by.map_err(|error| format!("{}: {error}", path.display()))?)
            }
            None => None,
        };
        Ok(Self { first_end: Mutex::default(), by, algorithms })
    }

    /// When the first of the certificates expires that the server has shown.
    pub(super) fn first_end(&self) -> Option<Duration> {
        *self.first_end.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        *self.first_end.lock().unwrap_or_else(PoisonError::into_inner) = first_end(&shown);
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
