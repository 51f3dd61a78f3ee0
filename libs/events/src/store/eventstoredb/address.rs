//! The address: the client's connection string, and the name of the log.

use eventstore::{ClientSettings, ClientSettingsParseError};

use super::dial;
use super::failure::Host;
use crate::reach::{Server, Tls, certificates};

/// The log's name by default.
const LOG: &str = "dossier";
/// How long the client waits before each search for a server, also before the first (ms).
const DISCOVERY: &str = "discoveryInterval=50";
/// Bytes of a log's name.
const LOG_BYTES_MAX: usize = 50;

#[derive(Debug)]
pub(super) struct Address {
    pub(super) settings: ClientSettings,
    pub(super) log: String,
    /// Name and password.
    pub(super) user: Option<(String, String)>,
    scheme: String,
    /// The client's settings, unchanged.
    others: String,
}

impl Address {
    /// The client's settings for one node of the server.
    pub(super) fn of_host(&self, host: &Host) -> Result<ClientSettings, String> {
        let Self { scheme, others, user, .. } = self;
        let user = user.as_ref().map_or_else(String::new, |(name, word)| format!("{name}:{word}@"));
        let address = format!("{scheme}://{user}{host}?{others}");
        address.parse().map_err(|error| format!("invalid address: {host}: {}", reason(&error)))
    }

    /// The hosts that it names.
    pub(super) fn hosts(&self) -> Result<Vec<Host>, String> {
        let host = |at: &eventstore::Endpoint| {
            let port = u16::try_from(at.port).map_err(|_| format!("not a port: {}", at.port))?;
            Ok(Host::new(&at.host, port))
        };
        self.settings.hosts().iter().map(host).collect()
    }
}

/// Whether the address has a scheme of this engine.
pub(in crate::store) fn speaks(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        let kind = scheme.strip_suffix("+discover").unwrap_or(scheme);
        matches!(kind, "esdb" | "kurrentdb")
    })
}

pub(super) fn parse(url: &str) -> Result<Address, String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let said = address.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    let as_it_stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    if said.is_some_and(|(user, _)| !user.bytes().all(as_it_stands)) {
        return Err("names and passwords in the address are of letters, digits and `-._~`: the client does not decode \
                    others"
            .to_owned());
    }
    // Of a repeated setting, the client uses the last.
    let (mut log, mut others) = (LOG, vec![DISCOVERY]);
    for setting in query.split('&').filter(|setting| !setting.is_empty()) {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        match &*name.to_lowercase() {
            "log" => {
                log = value;
                continue;
            }
            "tlsverifycert" if !value.eq_ignore_ascii_case("true") => {
                return Err("a server whose certificate is not verified may be anybody: name its \
                            authority by `tlsCaFile`, or say `tls=false` where no encryption is wanted"
                    .to_owned());
            }
            "nodepreference" if !value.eq_ignore_ascii_case("leader") => {
                return Err("only the leader is read from: others may not have what was appended"
                    .to_owned());
            }
            // The client panics on a file that it cannot read.
            "tlscafile" => drop(certificates::read(&dial::path(value))?),
            _ => {}
        }
        others.push(setting);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if log.is_empty() || log.len() > LOG_BYTES_MAX || !log.bytes().all(plain) {
        return Err(format!(
            "`log={log}` is no name of a log: up to {LOG_BYTES_MAX} letters, digits and underlines"
        ));
    }
    let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
    let scheme = scheme.strip_suffix("+discover").unwrap_or(scheme).to_owned();
    let user = said.map(|(user, _)| user.split_once(':').unwrap_or((user, "")));
    let user = user.map(|(name, password)| (name.to_owned(), password.to_owned()));
    let others = others.join("&");
    let settings = format!("{address}?{others}").parse();
    let settings = settings.map_err(|error| format!("invalid address: {}", reason(&error)))?;
    Ok(Address { settings, log: log.to_owned(), user, scheme, others })
}

/// Why the client does not take an address. Its error as a whole repeats the address, with the
/// password.
fn reason(error: &ClientSettingsParseError) -> String {
    error.error().map_or_else(|| error.message().to_owned(), ToString::to_string)
}

/// The servers of an address, with the authority that signs their certificates.
pub(in crate::store) fn servers(url: &str) -> Vec<Server> {
    let Ok(address) = parse(url) else { return Vec::new() };
    let tls = address.settings.is_secure_mode_enabled().then_some(Tls::AtOnce);
    let file = address.settings.tls_ca_file();
    let authority = file.map(|file| dial::path(file));
    let hosts = address.hosts().unwrap_or_default().into_iter();
    hosts
        .map(|Host { name, port }| Server { host: name, port, tls, authority: authority.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_log_and_leaves_the_rest_to_the_client() {
        let address = parse("esdb://admin:secret@one:2113,two:2113?tls=false&log=permits").unwrap();
        assert_eq!((&*address.log, address.settings.hosts().len()), ("permits", 2));
        assert!(!address.settings.is_secure_mode_enabled());
        assert_eq!(parse("esdb://localhost").unwrap().log, "dossier");
        assert!(parse("esdb://localhost").unwrap().settings.is_secure_mode_enabled());
        assert_eq!(address.user, Some(("admin".to_owned(), "secret".to_owned())));
        let two = address.of_host(&Host::new("two", 2114)).unwrap();
        assert_eq!((two.hosts().len(), two.hosts()[0].port), (1, 2114));
        assert!(!two.is_secure_mode_enabled() && two.default_authenticated_user().is_some());
    }

    #[test]
    fn what_would_read_from_anybody_or_from_yesterday_is_refused() {
        let refused = |url: &str| parse(url).unwrap_err();
        assert!(refused("esdb://localhost?tlsVerifyCert=false").contains("tlsCaFile"));
        assert!(refused("esdb://localhost?nodePreference=follower").contains("leader"));
        assert!(refused("esdb://localhost?log=a.b").contains("letters"));
        assert!(refused("esdb://localhost?tlsCaFile=/none/there.pem").contains("/none/there.pem"));
        assert!(refused("esdb://").contains("invalid address"));
        assert!(refused("esdb://admin:p%40ss@localhost").contains("letters"));
    }

    #[test]
    fn an_address_of_ipv6_is_dialed_without_its_brackets_and_shown_with_them() {
        let address = parse("esdb://[::1]:2114?tls=false").unwrap();
        let hosts = address.hosts().unwrap();
        assert_eq!(hosts, [Host { name: "::1".to_owned(), port: 2114 }]);
        assert_eq!(hosts[0].to_string(), "[::1]:2114");
        assert_eq!(address.of_host(&hosts[0]).unwrap().hosts()[0].port, 2114);
        assert_eq!(servers("esdb://[::1]:2114?tls=false")[0].host, "::1");
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_repeated_with_its_password() {
        for url in [
            "esdb://admin:secret@one:99999",
            "esdb://admin:secret@one:1,two:x",
            "esdb://admin:secret@[::",
        ] {
            let refused = parse(url).unwrap_err();
            assert!(refused.starts_with("invalid address: "), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn every_name_of_the_protocol_is_understood() {
        for url in ["esdb://a", "esdb+discover://a", "kurrentdb://a", "kurrentdb+discover://a"] {
            assert!(speaks(url) && parse(url).is_ok(), "{url}");
        }
        assert!(!speaks("postgres://a") && !speaks("esdb:a"));
    }
}
