//! Who is calling: every request carries a JSON Web Token (RFC 7519) signed with EdDSA, ES256 or RS256 by a key of the
//! identity provider's JWKS (RFC 7517), or by the installation's own development key.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dossier::access::Caller;
use dossier::contract::{AgencyCode, Role, Subject};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header,
};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::limits::TOKENS_MAX;

/// How far the clocks of issuer and service may differ, in seconds.
const LEEWAY_S: i64 = 30;
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The subject: opaque, not a name.
    pub sub: Subject,
    /// Until when the token is valid, in seconds since 1970.
    pub exp: i64,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// In what capacities the subject acts.
    pub roles: Vec<Role>,
    /// For which agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// For which person, as a representative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Subject>,
}

/// Why a caller is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No token.
    Missing,
    /// Not a token, a wrong signature, or not one of our keys.
    Invalid,
    /// Its time is over or has not come.
    Expired,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Not a JWKS, or none of its keys can be used.
    #[error("{path}: {reason}")]
    Jwks {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// The machine gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(String),
    /// A key that cannot sign.
    #[error("the development key cannot sign: {0}")]
    Key(String),
}

/// The keys, and the tokens that were verified with them.
pub struct Auth {
    keys: Vec<Key>,
    clock: Clock,
    verified: Mutex<LruCache<[u8; 32], Verified>>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Clone)]
struct Verified {
    caller: Caller,
    from: i64,
    until: i64,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Auth {
    /// Trusts the keys of a JWKS file.
    pub fn jwks(path: &Path, clock: Clock) -> Result<Self, AuthError> {
        let name = || path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| AuthError::File { path: name(), source })?;
        let wrong = |reason: String| AuthError::Jwks { path: name(), reason };
        let set: JwkSet = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut keys = Vec::new();
        for jwk in &set.keys {
            let algorithm = jwk.common.key_algorithm.and_then(|name| name.to_string().parse().ok());
            let Some(algorithm) = algorithm.filter(|a| ALGORITHMS.contains(a)) else {
                return Err(wrong("a key whose `alg` is not EdDSA, ES256 or RS256".to_owned()));
            };
            let key = DecodingKey::from_jwk(jwk).map_err(|error| wrong(error.to_string()))?;
            keys.push(Key { id: jwk.common.key_id.clone(), algorithm, key });
        }
        if keys.is_empty() {
            return Err(wrong("no keys".to_owned()));
        }
        Ok(Self::with(keys, clock))
    }

    /// Trusts the installation's own development key.
    #[must_use]
    pub fn development(key: &DevelopmentKey, clock: Clock) -> Self {
        let public = URL_SAFE_NO_PAD.encode(key.0.verifying_key().as_bytes());
        let keys = DecodingKey::from_ed_components(&public).map(|key| Key {
            id: None,
            algorithm: Algorithm::EdDSA,
            key,
        });
        Self::with(keys.into_iter().collect(), clock)
    }

    fn with(keys: Vec<Key>, clock: Clock) -> Self {
        let size = NonZeroUsize::new(TOKENS_MAX).unwrap_or(NonZeroUsize::MIN);
        Self { keys, clock, verified: Mutex::new(LruCache::new(size)) }
    }

    /// The caller whom an `Authorization` header names.
    pub fn caller(&self, authorization: Option<&str>) -> Result<Caller, Unauthenticated> {
        let token = authorization.ok_or(Unauthenticated::Missing)?;
        let token = token.strip_prefix("Bearer ").ok_or(Unauthenticated::Invalid)?.trim();
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Unauthenticated::Invalid);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let known =
            self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        let verified = match known {
            Some(verified) => verified,
            None => {
                let verified = self.verify(token)?;
                let mut cache = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
                cache.put(digest, verified.clone());
                verified
            }
        };
        let now = self.clock.now().as_second();
        if verified.from.saturating_sub(LEEWAY_S) > now
            || now > verified.until.saturating_add(LEEWAY_S)
        {
            return Err(Unauthenticated::Expired);
        }
        Ok(verified.caller)
    }

    fn verify(&self, token: &str) -> Result<Verified, Unauthenticated> {
        let header = decode_header(token).map_err(|_| Unauthenticated::Invalid)?;
        let candidates = self.keys.iter().filter(|key| {
            key.algorithm == header.alg
                && (key.id.is_none() || header.kid.is_none() || key.id == header.kid)
        });
        for key in candidates {
            // The time is checked at every use, not only at the first; the audience is the deployment's own matter.
            let mut rules = Validation::new(key.algorithm);
            rules.validate_exp = false;
            rules.validate_aud = false;
            if let Ok(data) = decode::<Claims>(token, &key.key, &rules) {
                return verified(data.claims);
            }
        }
        Err(Unauthenticated::Invalid)
    }
}

fn verified(claims: Claims) -> Result<Verified, Unauthenticated> {
    let Claims { sub, exp, nbf, roles, agency, on_behalf_of } = claims;
    let usable = !sub.as_str().is_empty()
        && sub.as_str().len() <= 200
        && !roles.is_empty()
        // The service itself never comes in from outside.
        && !roles.contains(&Role::System)
        && agency.as_ref().is_none_or(AgencyCode::is_well_formed);
    if !usable {
        return Err(Unauthenticated::Invalid);
    }
    let caller = Caller { subject: sub, roles, agency, on_behalf_of };
    Ok(Verified { caller, from: nbf.unwrap_or(0), until: exp })
}

/// A key that the installation made for itself, so that a laptop needs no identity provider.
pub struct DevelopmentKey(SigningKey);

impl std::fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DevelopmentKey(..)")
    }
}

impl DevelopmentKey {
    /// The key in `folder`, made at the first use.
    pub fn in_folder(folder: &Path) -> Result<Self, AuthError> {
        let seed = secret(&folder.join("development-signing-key"))?;
        let wrong = || AuthError::Key("it does not have 32 bytes".to_owned());
        let seed: [u8; 32] = seed.try_into().map_err(|_| wrong())?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// A key for a test.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// A token with these claims.
    pub fn mint(&self, claims: &Claims) -> Result<String, AuthError> {
        let wrong = |error: String| AuthError::Key(error);
        let der = self.0.to_pkcs8_der().map_err(|error| wrong(error.to_string()))?;
        let key = EncodingKey::from_ed_der(der.as_bytes());
        let header = Header::new(Algorithm::EdDSA);
        jsonwebtoken::encode(&header, claims, &key).map_err(|error| wrong(error.to_string()))
    }
}

/// Thirty-two random bytes that are made at the first use and kept in a file that only the owner can read.
pub fn secret(path: &Path) -> Result<Vec<u8>, AuthError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let failed = |source| AuthError::File { path: path.display().to_string(), source };
    match std::fs::read(path) {
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = vec![0; 32];
    random(&mut bytes)?;
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.create(true).truncate(true).write(true).mode(0o600).open(&part).map_err(failed)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)?;
    Ok(bytes)
}

/// A name that no other process has.
pub(crate) fn random_name() -> Result<String, AuthError> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn random(bytes: &mut [u8]) -> Result<(), AuthError> {
    getrandom::getrandom(bytes).map_err(|error| AuthError::Random(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            sub: "u1".into(),
            exp: 2_000,
            nbf: None,
            roles: vec![Role::Clerk],
            agency: Some("G02".into()),
            on_behalf_of: None,
        }
    }

    fn ask(claims: &Claims, signed_by: u8, now_s: i64) -> Result<Caller, Unauthenticated> {
        let clock = Clock::manual(jiff::Timestamp::from_second(now_s).unwrap());
        let auth = Auth::development(&DevelopmentKey::from_seed([1; 32]), clock);
        let token = DevelopmentKey::from_seed([signed_by; 32]).mint(claims).unwrap();
        auth.caller(Some(&format!("Bearer {token}")))
    }

    #[test]
    fn a_token_says_who_is_calling() {
        let caller = ask(&claims(), 1, 1_000).unwrap();
        assert_eq!(caller.subject.as_str(), "u1");
        assert_eq!(caller.roles, [Role::Clerk]);
    }

    #[test]
    fn a_forged_an_expired_and_an_early_token_are_refused() {
        assert_eq!(ask(&claims(), 2, 1_000), Err(Unauthenticated::Invalid));
        assert_eq!(ask(&claims(), 1, 2_031), Err(Unauthenticated::Expired));
        let early = Claims { nbf: Some(1_500), ..claims() };
        assert_eq!(ask(&early, 1, 1_000), Err(Unauthenticated::Expired));
    }

    #[test]
    fn nobody_outside_is_the_service_itself() {
        let system = Claims { roles: vec![Role::System], ..claims() };
        assert_eq!(ask(&system, 1, 1_000), Err(Unauthenticated::Invalid));
    }

    #[test]
    fn a_token_without_signature_is_refused() {
        let auth = Auth::development(&DevelopmentKey::from_seed([1; 32]), Clock::System);
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_string(&claims()).unwrap());
        for token in [format!("{header}.{body}."), format!("{header}.{body}"), "x".to_owned()] {
            let refused = auth.caller(Some(&format!("Bearer {token}")));
            assert_eq!(refused, Err(Unauthenticated::Invalid));
        }
        assert_eq!(auth.caller(None), Err(Unauthenticated::Missing));
    }

    #[test]
    fn the_development_key_is_made_once_and_kept_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let first = DevelopmentKey::in_folder(folder.path()).unwrap().mint(&claims()).unwrap();
        let second = DevelopmentKey::in_folder(folder.path()).unwrap().mint(&claims()).unwrap();
        assert_eq!(first, second);
        let file = std::fs::metadata(folder.path().join("development-signing-key")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}
