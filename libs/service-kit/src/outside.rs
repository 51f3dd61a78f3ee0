//! How the program speaks to servers outside that are not its own: the identity provider and the collector of traces. Both over
//! TLS by the authorities that the operator names, or else by the public ones, and through the proxy that `HTTPS_PROXY`,
//! `HTTP_PROXY` or `ALL_PROXY` names, but for the hosts of `NO_PROXY`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;

/// The authorities that an operator named; the public ones if none were.
static AUTHORITIES: OnceLock<RootCerts> = OnceLock::new();

/// From now on servers outside are believed by the authorities of a file (PEM) and by no others. It is for the start of a process.
///
/// # Errors
///
/// A file that cannot be read, or has no certificate; authorities that were named before.
pub fn trust(file: &Path) -> Result<(), String> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let mut authorities: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(authority)) => authorities.push(authority),
            // A key beside them is of no use here.
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

/// The authorities that every program of this machine is told of (`SSL_CERT_FILE`), for where none were named for this one.
#[must_use]
pub fn usual_authority() -> Option<PathBuf> {
    std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// A client whose requests take at most so long.
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
