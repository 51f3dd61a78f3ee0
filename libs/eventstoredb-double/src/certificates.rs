//! Certificates of a test authority, with a validity that the test chooses.

use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, IsCa, Issuer, KeyPair, date_time_ymd,
};
use uuid::Uuid;

/// A certificate authority that clients trust only if they are configured to.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Creates an authority.
    pub fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        // A unique name tells it from other authorities.
        let name = format!("Authority {}", Uuid::new_v4());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Its own certificate (PEM).
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for these names and addresses with this validity, and its key (PEM).
    pub fn certificate(
        &self,
        names: &[&str],
        from: SystemTime,
        until: SystemTime,
    ) -> Result<(String, String), Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        let since = |time: SystemTime| {
            date_time_ymd(1970, 1, 1)
                + time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
        };
        (params.not_before, params.not_after) = (since(from), since(until));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }
}
