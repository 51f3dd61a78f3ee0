//! Who is calling: every request carries a JSON Web Token (RFC 7519) signed with EdDSA, ES256 or RS256 by a key of the
//! identity provider's JWKS (RFC 7517), or by the installation's own development key.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use dossier::access::Caller;
use dossier::contract::{AgencyCode, Role, Subject};
use jiff::Timestamp;
use jsonwebtoken::{Validation, decode, decode_header};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::limits::TOKENS_MAX;

mod development;
mod keys;

pub(crate) use development::random_name;
pub use development::{DevelopmentKey, secret};
use keys::Key;
pub use keys::KeySource;

/// How far the clocks of issuer and service may differ, in seconds.
const LEEWAY_S: i64 = 30;
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How long keys are trusted without being read again.
const KEYS_FRESH_FOR: Duration = Duration::from_secs(300);
/// How long after one reading the next may begin.
const KEYS_REST: Duration = Duration::from_secs(10);

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
    /// The keys cannot be had, are not a JWKS, or none of them can be used.
    #[error("{source_name}: {reason}")]
    Jwks {
        /// The file or the address.
        source_name: String,
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
    keys: RwLock<Vec<Key>>,
    source: Option<KeySource>,
    /// Somebody came with a key that is not known.
    unknown: Notify,
    clock: Clock,
    verified: Mutex<LruCache<[u8; 32], Verified>>,
}

#[derive(Clone)]
struct Verified {
    caller: Caller,
    from: i64,
    until: i64,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Auth {
    /// Trusts the keys of an identity provider.
    pub async fn provider(source: KeySource, clock: Clock) -> Result<Self, AuthError> {
        let keys = source.read().await?;
        Ok(Self::with(keys, Some(source), clock))
    }

    /// Trusts the installation's own development key.
    #[must_use]
    pub fn development(key: &DevelopmentKey, clock: Clock) -> Self {
        Self::with(key.verifying().into_iter().collect(), None, clock)
    }

    fn with(keys: Vec<Key>, source: Option<KeySource>, clock: Clock) -> Self {
        let size = NonZeroUsize::new(TOKENS_MAX).unwrap_or(NonZeroUsize::MIN);
        let verified = Mutex::new(LruCache::new(size));
        let (keys, unknown) = (RwLock::new(keys), Notify::new());
        Self { keys, source, unknown, clock, verified }
    }

    /// Reads the identity provider's keys again: a key that was withdrawn is trusted no longer, nor is any token that it
    /// signed.
    pub async fn refresh(&self) -> Result<(), AuthError> {
        let Some(source) = &self.source else { return Ok(()) };
        let keys = source.read().await?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// Refreshes until `stop` is true: every few minutes, and when a token names a key that is not known.
    pub async fn keep_fresh(&self, mut stop: watch::Receiver<bool>) {
        if self.source.is_none() {
            return;
        }
        loop {
            tokio::select! {
                () = self.unknown.notified() => {}
                () = Clock::System.sleep_until(Timestamp::MAX, KEYS_FRESH_FOR) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the keys could not be read again; the old ones stay");
            }
            // Anybody can name keys that do not exist, as often as they like.
            tokio::select! {
                () = Clock::System.sleep_until(Timestamp::MAX, KEYS_REST) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
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
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if !keys.iter().any(|key| key.may_have_signed(&header)) {
            self.unknown.notify_one();
        }
        for key in keys.iter().filter(|key| key.may_have_signed(&header)) {
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
    // Whom it has succeeded is not for the token to say.
    let predecessors = Vec::new();
    let caller = Caller { subject: sub, roles, agency, predecessors, on_behalf_of };
    Ok(Verified { caller, from: nbf.unwrap_or(0), until: exp })
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
        let clock = Clock::manual(Timestamp::from_second(now_s).unwrap());
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
