//! Expiry of certificates and keys: servers' certificates, CAs, and the identity provider's keys.
//! The installation's own keys do not expire.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::limits::CERTIFICATE_WARNED_DAYS;
use dossier::law::Ending;
use events::reach::{Server, in_file, reach};
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A certificate that the program depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// A server shows it.
    Of(Server),
    /// It is in a file (PEM): an authority.
    In(PathBuf),
}

impl Certificate {
    /// Its name: `certificate/HOST:PORT`, `authority/FILE`.
    fn what(&self) -> String {
        match self {
            Self::Of(server) => format!("certificate/{server}"),
            Self::In(file) => format!("authority/{}", file.display()),
        }
    }

    /// When it expires, in time since 1970.
    async fn end(&self) -> Result<Option<Duration>, String> {
        match self {
            // Only the expiry matters: the certificate is not verified.
            Self::Of(server) => reach(&Server { authority: None, ..server.clone() }).await,
            Self::In(file) => in_file(file).map(Some),
        }
    }
}

/// Known expiries.
#[derive(Debug, Default)]
pub struct Ends {
    certificates: OnceLock<Vec<Certificate>>,
    found: Mutex<BTreeMap<String, Timestamp>>,
}

impl Ends {
    /// Watches these certificates, without duplicates, and the CAs of the servers. Called once at
    /// the start.
    pub fn watch(&self, certificates: impl IntoIterator<Item = Certificate>) {
        let (mut all, mut names) = (Vec::new(), BTreeSet::new());
        for certificate in certificates {
            let authority = match &certificate {
                Certificate::Of(server) if server.tls.is_none() => continue,
                Certificate::Of(server) => server.authority.clone().map(Certificate::In),
                Certificate::In(_) => None,
            };
            let each = [Some(certificate), authority].into_iter().flatten();
            all.extend(each.filter(|certificate| names.insert(certificate.what())));
        }
        // A second call in the same process has no effect.
        let _ = self.certificates.set(all);
    }

    /// Checks all of them concurrently. Unavailable ones keep their last value.
    pub(crate) async fn look(&self) {
        let Some(certificates) = self.certificates.get() else { return };
        let looks = certificates.iter().map(|certificate| async {
            let what = certificate.what();
            match certificate.end().await {
                Ok(end) => Some((what, end?)),
                Err(why) => {
                    tracing::debug!(what, why, "cannot read a certificate's expiry");
                    None
                }
            }
        });
        let looked = join_all(looks).await.into_iter().flatten();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for (what, end) in looked {
            // Beyond the last representable second: never.
            let end =
                i64::try_from(end.as_secs()).ok().and_then(|s| Timestamp::from_second(s).ok());
            found.insert(what, end.unwrap_or(Timestamp::MAX));
        }
    }

    /// Certificates that expire within [`CERTIFICATE_WARNED_DAYS`] days, and `keys`, the expiry of
    /// the identity provider's last key.
    pub(crate) fn endings(&self, now: Timestamp, keys: Option<Timestamp>) -> Vec<Ending> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = found.iter().map(|(what, end)| (what.clone(), *end));
        let keys = keys.map(|end| ("keys/identity-provider".to_owned(), end));
        let endings = found.chain(keys).map(|(what, end)| ending(what, end, now));
        endings.filter(|ending| ending.days <= CERTIFICATE_WARNED_DAYS).collect()
    }
}

/// In UTC days, as in certificates.
fn ending(what: String, end: Timestamp, now: Timestamp) -> Ending {
    let day = |at| TimeZone::UTC.to_datetime(at).date();
    let last_day = day(end);
    let days = last_day.since(day(now)).map_or(0, |span| i64::from(span.get_days()));
    Ending { days, what, last_day }
}

#[cfg(test)]
mod tests {
    use events::reach::Tls;

    use super::*;

    fn server(tls: Option<Tls>, authority: Option<&str>) -> Certificate {
        let authority = authority.map(PathBuf::from);
        Certificate::Of(Server { host: "db".to_owned(), port: 5432, tls, authority })
    }

    #[test]
    fn each_is_looked_at_once_and_only_where_there_is_one() {
        let ends = Ends::default();
        let own = Certificate::In(PathBuf::from("/ca.pem"));
        ends.watch([
            server(None, None),
            server(Some(Tls::AsPostgres), Some("/ca.pem")),
            server(Some(Tls::AsPostgres), Some("/ca.pem")),
            own,
        ]);
        let names: Vec<_> =
            ends.certificates.get().unwrap().iter().map(Certificate::what).collect();
        assert_eq!(names, ["certificate/db:5432", "authority//ca.pem"]);
    }

    #[test]
    fn what_ends_is_said_from_thirty_days_before_to_after_its_end() {
        let ends = Ends::default();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let end = at("2026-12-31T12:00:00Z");
        ends.found.lock().unwrap().insert("certificate/db:5432".to_owned(), end);
        let days = |now: &str, keys| {
            let endings = ends.endings(at(now), keys);
            endings.into_iter().map(|ending| (ending.what, ending.days)).collect::<Vec<_>>()
        };
        let of = |days| ("certificate/db:5432".to_owned(), days);
        assert_eq!(days("2026-11-30T23:59:59Z", None), []);
        assert_eq!(days("2026-12-01T00:00:00Z", None), [of(30)]);
        assert_eq!(days("2026-12-31T13:00:00Z", None), [of(0)]);
        assert_eq!(days("2027-01-02T00:00:00Z", None), [of(-2)]);
        let keys = ("keys/identity-provider".to_owned(), 1);
        assert_eq!(days("2026-12-30T00:00:00Z", Some(end)), [of(1), keys]);
    }

    #[tokio::test]
    async fn an_authority_whose_file_is_gone_stays_as_it_was_seen_last() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let shipped =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../libs/events/tests/it/tls/authority.crt");
        std::fs::copy(shipped, &file).unwrap();
        let ends = Ends::default();
        ends.watch([Certificate::In(file.clone())]);
        ends.look().await;
        std::fs::remove_file(&file).unwrap();
        ends.look().await;
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(ends.endings(at("2126-10-01T00:00:00Z"), None).len(), 1);
        assert_eq!(ends.endings(at("2126-09-01T00:00:00Z"), None).len(), 0);
    }
}
