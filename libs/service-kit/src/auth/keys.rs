//! The identity provider's keys: a JWKS (RFC 7517) in a file or at an address.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};

use super::AuthError;

const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];
/// The largest JWKS that is read, in bytes.
const JWKS_BYTES_MAX: u64 = 1024 * 1024;
/// How long an identity provider may take to give its keys.
const JWKS_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At an `https` address, or an `http` one inside a cluster.
    Url(String),
}

impl FromStr for KeySource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let url = text.starts_with("https://") || text.starts_with("http://");
        Ok(if url { Self::Url(text.to_owned()) } else { Self::File(text.into()) })
    }
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// A key that verifies.
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl Key {
    pub(super) fn may_have_signed(&self, header: &Header) -> bool {
        self.algorithm == header.alg
            && (self.id.is_none() || header.kid.is_none() || self.id == header.kid)
    }
}

impl KeySource {
    /// Reads the keys that sign with an algorithm of ours; others that stand beside them are none of our business.
    pub(super) async fn read(&self) -> Result<Vec<Key>, AuthError> {
        let source = self.clone();
        let wrong = |reason: String| AuthError::Jwks { source_name: self.to_string(), reason };
        let text = tokio::task::spawn_blocking(move || source.text()).await;
        let text = text.map_err(|error| wrong(error.to_string()))?.map_err(wrong)?;
        let set: JwkSet = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut keys = Vec::new();
        for jwk in &set.keys {
            let Some(algorithm) = algorithm(jwk) else { continue };
            let key = DecodingKey::from_jwk(jwk).map_err(|error| wrong(error.to_string()))?;
            keys.push(Key { id: jwk.common.key_id.clone(), algorithm, key });
        }
        if keys.is_empty() {
            return Err(wrong("no key signs with EdDSA, ES256 or RS256".to_owned()));
        }
        Ok(keys)
    }

    fn text(&self) -> Result<String, String> {
        let url = match self {
            Self::File(path) => return std::fs::read_to_string(path).map_err(|e| e.to_string()),
            Self::Url(url) => url,
        };
        let config = ureq::Agent::config_builder().timeout_global(Some(JWKS_TIMEOUT));
        let agent = ureq::Agent::new_with_config(config.build());
        let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
        let body = response.body_mut().with_config().limit(JWKS_BYTES_MAX);
        body.read_to_string().map_err(|error| error.to_string())
    }
}

/// With what a key signs; its kind says so where it does not itself.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    let named = jwk.common.key_algorithm.map(|name| name.to_string().parse().ok());
    let algorithm = named.unwrap_or(match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Some(Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Some(Algorithm::EdDSA)
        }
        _ => None,
    });
    algorithm.filter(|algorithm| ALGORITHMS.contains(algorithm))
}
