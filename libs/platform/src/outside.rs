//! HTTP clients for the identity provider and the trace collector: TLS with configured or public
//! CAs, and proxies by `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, except for the hosts of
//! `NO_PROXY`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;

/// The configured CAs; the public ones if none are.
static AUTHORITIES: OnceLock<RootCerts> = OnceLock::new();

/// Trusts the CAs in a PEM file and no others. Called once at the start.
///
/// # Errors
///
/// The file cannot be read or has no certificate; CAs were configured before.
pub fn trust(file: &Path) -> Result<(), String> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let mut authorities: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(authority)) => authorities.push(authority),
            // Private keys in the file are ignored.
            Ok(_) => {}
            Err(error) => return Err(format!("{shown}: {error}")),
        }
    }
    if authorities.is_empty() {
        return Err(format!("{shown} has no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"));
    }
    let roots = RootCerts::Specific(Arc::new(authorities));
    AUTHORITIES.set(roots).map_err(|_| "the authorities were named before".to_owned())
}

/// The machine's default CA file (`SSL_CERT_FILE`), used if none is configured.
#[must_use]
pub fn usual_authority() -> Option<PathBuf> {
    std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// The configured CAs in DER, for other clients; `None` if none are.
#[must_use]
pub fn authorities() -> Option<Vec<Vec<u8>>> {
    let RootCerts::Specific(authorities) = AUTHORITIES.get()? else { return None };
    Some(authorities.iter().map(|authority| authority.der().to_vec()).collect())
}

/// A client with this timeout per request.
pub fn client(in_time: Duration) -> ConfigBuilder<AgentScope> {
    let roots = AUTHORITIES.get().cloned().unwrap_or(RootCerts::WebPki);
    let tls = TlsConfig::builder().root_certs(roots).build();
    Agent::config_builder().timeout_global(Some(in_time)).tls_config(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_with_what_it_should_have() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authority.pem");
        assert!(trust(&file).unwrap_err().contains("authority.pem"));
        std::fs::write(&file, "no certificate").unwrap();
        assert!(trust(&file).unwrap_err().contains("BEGIN CERTIFICATE"));
    }
}
