//! TLS of a connection by its address: `sslmode` and `sslrootcert`, as in libpq (PostgreSQL 15,
//! section 34.19). There is no mode between plain text and a verified certificate, because
//! encryption without verification does not stop an attacker.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::reach::{Server, decoded};

const PORT: u16 = 5432;

/// Parses an address into configuration and TLS connector.
pub(super) fn parse(url: &str) -> Result<(Config, MakeRustlsConnect), String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut authority, mut others) = ("disable", None, Vec::new());
    for setting in query.split('&').filter(|setting| !setting.is_empty()) {
        match setting.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", path)) => authority = Some(decoded(path)),
            _ => others.push(setting),
        }
    }
    let mut config: Config = match &others[..] {
        [] => address.parse(),
        others => format!("{address}?{}", others.join("&")).parse(),
    }
    .map_err(|error: tokio_postgres::Error| format!("invalid address: {error}"))?;
    let mut roots = RootCertStore::empty();
    let encrypted = match (mode, authority) {
        ("disable", None) => SslMode::Disable,
        ("verify-full", Some(path)) => {
            trust(&mut roots, Path::new(&path)).map_err(|reason| format!("{path}: {reason}"))?;
            SslMode::Require
        }
        _ => {
            let said = "encrypted connections are asked for by `sslmode=verify-full&sslrootcert=FILE`, plain ones by neither";
            return Err(said.to_owned());
        }
    };
    config.ssl_mode(encrypted);
    Ok((config, connector(roots)?))
}

/// The CA file that an address names.
pub(super) fn authority(url: &str) -> Option<PathBuf> {
    let (_, query) = url.split_once('?')?;
    let path = query.split('&').find_map(|setting| setting.strip_prefix("sslrootcert="))?;
    Some(PathBuf::from(decoded(path)))
}

/// The servers in an address, without Unix sockets. One port applies to all.
pub(super) fn servers(config: &Config) -> Vec<Server> {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate();
    let server = |(number, host): (usize, &Host)| {
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(PORT);
        match host {
            Host::Tcp(host) => {
                Some(Server { host: host.clone(), port, tls: None, authority: None })
            }
            Host::Unix(_) => None,
        }
    };
    hosts.filter_map(server).collect()
}

fn trust(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("no CA certificate found".to_owned()) } else { Ok(()) }
}

fn connector(roots: RootCertStore) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_an_address_are_its_hosts_with_their_ports() {
        let of = |url: &str| {
            let servers = servers(&parse(url).unwrap().0);
            servers.iter().map(Server::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("postgres://u@h/d"), ["h:5432"]);
        assert_eq!(of("postgres://u:p@a:1,b:2/d?connect_timeout=3"), ["a:1", "b:2"]);
        assert!(of("postgres:///d?host=/run/postgresql").is_empty());
        let path = authority("postgres://h/d?sslmode=verify-full&sslrootcert=%2fmy%20ca.crt");
        assert_eq!(path, Some(PathBuf::from("/my ca.crt")));
    }

    #[test]
    fn what_would_be_half_a_protection_is_refused() {
        for query in [
            "sslmode=require",
            "sslmode=prefer",
            "sslmode=verify-full",
            "sslrootcert=ca.crt",
            "sslmode=verify-full&sslrootcert=/nowhere.crt",
            "sslmode=verify-full&sslrootcert=/proc/version",
        ] {
            assert!(parse(&format!("postgres://u@h/d?{query}")).is_err(), "{query}");
        }
        let (plain, _) = parse("postgres://u@h/d?connect_timeout=3").unwrap();
        assert_eq!(plain.get_ssl_mode(), SslMode::Disable);
        assert_eq!(plain.get_connect_timeout(), Some(&std::time::Duration::from_secs(3)));
    }
}
