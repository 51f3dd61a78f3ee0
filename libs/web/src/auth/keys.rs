//! The identity provider's keys: a JWKS (RFC 7517) in a file or at an address.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use events::reach::{Server, end_of};
use jiff::Timestamp;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, RSAKeyParameters,
};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::Value;

use super::AuthError;
use super::token::Token;
use crate::limits::{KEYS_BYTES_MAX, KEYS_MAX, KEYS_TIMEOUT, RSA_BITS_MIN};

/// Location of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    File(PathBuf),
    /// An `https` URL, or an `http` one inside a cluster.
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

/// A key that verifies signatures.
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
    /// When the key ends; `None` if that is unknown.
    pub(super) ends: Option<Timestamp>,
}

impl Key {
    pub(super) fn may_have_signed(&self, token: &Token<'_>) -> bool {
        let named = self.id.as_deref().zip(token.kid());
        Some(self.algorithm) == token.algorithm() && named.is_none_or(|(own, named)| own == named)
    }

    /// Parses a key of a set; an error if it cannot be used.
    fn read(listed: &Value) -> Result<Self, String> {
        let jwk: Jwk = serde_json::from_value(listed.clone()).map_err(|error| error.to_string())?;
        let usage = jwk.common.public_key_use.as_ref();
        if usage.is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return Err("it is not for signatures".to_owned());
        }
        let operations = jwk.common.key_operations.as_ref();
        if operations.is_some_and(|may| !may.contains(&KeyOperations::Verify)) {
            return Err("it is not for verifying".to_owned());
        }
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(key) => rsa(key)?,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            _ => return Err("it signs with none of EdDSA, ES256 and RS256".to_owned()),
        };
        let named = jwk.common.key_algorithm.map(|name| name.to_string());
        if let Some(named) = named.filter(|named| named.parse() != Ok(algorithm)) {
            return Err(format!("it is for {named}, and not one of EdDSA, ES256 and RS256"));
        }
        let key = DecodingKey::from_jwk(&jwk).map_err(|error| error.to_string())?;
        // Some invalid keys are only detected when they are used.
        crypto::verify("", &[], &key, algorithm).map_err(|error| error.to_string())?;
        let ends = end(listed, jwk.common.x509_chain.as_deref());
        Ok(Self { id: jwk.common.key_id, algorithm, key, ends })
    }
}

/// When a key ends: the earlier of its `exp` (OpenID Federation 1.0, section 8.7.2) and the end of
/// its certificate (`x5c`, RFC 7517, section 4.7).
fn end(listed: &Value, chain: Option<&[String]>) -> Option<Timestamp> {
    let said = listed.get("exp").and_then(Value::as_i64);
    let certificate = chain.and_then(|chain| STANDARD.decode(chain.first()?).ok());
    let certificate = certificate.and_then(|der| end_of(&der));
    let certificate = certificate.and_then(|end| i64::try_from(end.as_secs()).ok());
    let first = said.into_iter().chain(certificate).min()?;
    Timestamp::from_second(first).ok()
}

/// Signatures of RSA keys this short can be forged (NIST SP 800-131A).
fn rsa(key: &RSAKeyParameters) -> Result<Algorithm, String> {
    let modulus = URL_SAFE_NO_PAD.decode(&key.n).map_err(|error| error.to_string())?;
    let first = modulus.iter().position(|byte| *byte != 0).unwrap_or(modulus.len());
    let (whole, leading) = match modulus.get(first..) {
        Some(rest @ [top, ..]) => (rest.len() * 8, top.leading_zeros() as usize),
        Some([]) | None => (0, 0),
    };
    let bits = whole - leading;
    if bits < RSA_BITS_MIN {
        return Err(format!("it has {bits} bits; an RSA key has at least {RSA_BITS_MIN}"));
    }
    Ok(Algorithm::RS256)
}

/// The usable keys of a set, and why each of the others cannot be used.
pub(super) struct KeySet {
    pub(super) keys: Vec<Key>,
    pub(super) ignored: Vec<String>,
    /// The JWKS as it was read.
    pub(super) text: String,
}

impl KeySet {
    /// Parses a JWKS. Keys that cannot be used are skipped (RFC 7517, section 5).
    pub(super) fn read(text: String) -> Result<Self, String> {
        let set: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let listed = set.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or("it has no list `keys`")?;
        if listed.len() > KEYS_MAX {
            return Err(format!("it has {} keys; at most {KEYS_MAX} are read", listed.len()));
        }
        let (mut keys, mut ignored) = (Vec::new(), Vec::new());
        for (number, listed) in listed.iter().enumerate() {
            match Key::read(listed) {
                Ok(key) => keys.push(key),
                Err(reason) => {
                    let kid = listed.get("kid").and_then(Value::as_str).unwrap_or("without kid");
                    ignored.push(format!("key {number} ({kid}): {reason}"));
                }
            }
        }
        Ok(Self { keys, ignored, text })
    }
}

impl KeySource {
    /// The server that provides the keys, if they have a URL.
    #[must_use]
    pub fn server(&self) -> Option<Server> {
        match self {
            Self::File(_) => None,
            Self::Url(url) => Server::of_http(url),
        }
    }

    /// Reads the keys from the file or URL.
    pub(super) async fn read(&self) -> Result<KeySet, AuthError> {
        let source = self.clone();
        let text = tokio::task::spawn_blocking(move || source.text()).await;
        let text = text.map_err(|error| error.to_string()).and_then(|text| text);
        text.and_then(KeySet::read).map_err(|reason| match self {
            Self::File(_) => self.unusable(reason),
            // A proxy may answer in place of an identity provider that is not ready yet.
            Self::Url(_) => AuthError::Unreachable { source_name: self.to_string(), reason },
        })
    }

    pub(super) fn unusable(&self, reason: impl Into<String>) -> AuthError {
        AuthError::Jwks { source_name: self.to_string(), reason: reason.into() }
    }

    fn text(&self) -> Result<String, String> {
        let url = match self {
            Self::File(path) => return std::fs::read_to_string(path).map_err(|e| e.to_string()),
            Self::Url(url) => url,
        };
        // A redirect must not choose whose keys are trusted.
        let config = platform::outside::client(KEYS_TIMEOUT).max_redirects(0);
        let agent = ureq::Agent::new_with_config(config.build());
        let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get("location").and_then(|to| to.to_str().ok());
            let to = to.unwrap_or("nowhere");
            return Err(format!(
                "it answers {status} and points to {to}; that is not followed: name the address of the keys itself"
            ));
        }
        if !status.is_success() {
            return Err(format!("it answers {status}"));
        }
        let body = response.body_mut().with_config().limit(KEYS_BYTES_MAX);
        body.read_to_string().map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEYS: &str = include_str!("../../tests/keys/jwks.json");
    const CERTIFICATE: &str = include_str!("../../../events/tests/it/tls/server.crt");
    /// The last second of the certificate: 29 October 2126, 14:20:52 UTC.
    const CERTIFICATE_ENDS: i64 = 4_948_957_252;

    /// The end of the first key of the set, with these additional members.
    fn ends(members: &Value) -> Option<i64> {
        let mut set: Value = serde_json::from_str(KEYS).unwrap();
        let key = set["keys"][0].as_object_mut().unwrap();
        key.extend(members.as_object().unwrap().clone());
        let kid = set["keys"][0]["kid"].as_str().unwrap().to_owned();
        let KeySet { keys, ignored, .. } = KeySet::read(set.to_string()).unwrap();
        let key = keys.iter().find(|key| key.id.as_ref() == Some(&kid));
        key.unwrap_or_else(|| panic!("it is not read: {ignored:?}")).ends.map(Timestamp::as_second)
    }

    #[test]
    fn a_key_ends_with_its_certificate_or_when_it_says_whichever_is_first() {
        let lines = CERTIFICATE.lines().filter(|line| !line.starts_with("-----"));
        let certificate: String = lines.collect();
        let (before, after) = (CERTIFICATE_ENDS - 1, CERTIFICATE_ENDS + 1);
        for (members, end) in [
            (json!({}), None),
            (json!({ "exp": before }), Some(before)),
            (json!({ "x5c": [certificate] }), Some(CERTIFICATE_ENDS)),
            (json!({ "x5c": [certificate], "exp": before }), Some(before)),
            (json!({ "x5c": [certificate], "exp": after }), Some(CERTIFICATE_ENDS)),
            // The first certificate is the key's own, the others are those of its CAs.
            (json!({ "x5c": [certificate, "AAAA"] }), Some(CERTIFICATE_ENDS)),
            // An invalid certificate does not make the key unusable: its tokens remain valid.
            (json!({ "x5c": ["AAAA"] }), None),
            (json!({ "x5c": ["no base64!"], "exp": before }), Some(before)),
            (json!({ "x5c": [] }), None),
        ] {
            assert_eq!(ends(&members), end, "{members}");
        }
    }
}
