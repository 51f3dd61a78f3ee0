//! Authentication: every request carries a JSON Web Token (RFC 7519), signed with EdDSA, ES256 or
//! RS256 by a key of the identity provider's JWKS (RFC 7517), or by the installation's development
//! key. Required claims: `docs/tokens.md`.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};

use dossier::access::Caller;
use dossier::contract::{AgencyCode, Role, Subject};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::crypto;
use lru::LruCache;
use platform::TimeSource;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::limits::{KEYS_FRESH_FOR, KEYS_REST, KEYS_RETRY, KEYS_TRUSTED_FOR_MAX, TOKENS_MAX};

mod development;
mod keys;
mod refused;
mod remembered;
mod token;

pub use development::{DevelopmentKey, secret};
pub use keys::KeySource;
use keys::{Key, KeySet};
use refused::Refusals;
pub use refused::Unauthenticated;
use remembered::Remembered;
pub(crate) use token::Bearer;
use token::Token;

/// Claims of a token that is signed with the development key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The subject: opaque, not a name.
    pub sub: Subject,
    /// Expiry, in seconds since 1970.
    pub exp: i64,
    /// From when on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Roles of the subject.
    pub roles: Vec<Role>,
    /// The agency of an officer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// The represented subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Subject>,
}

/// Which tokens of an identity provider are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Required `iss`.
    pub issuer: String,
    /// Required `aud`, or one of them.
    pub audience: String,
    /// Longest lifetime.
    pub life_max: SignedDuration,
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
    /// A secret's file is too short.
    #[error(
        "{path} has {bytes} bytes; a key has at least {least}: put the right file back, or remove this one, if nothing \
         depends on it, and another is made"
    )]
    Short {
        /// Which.
        path: String,
        /// How many bytes it has.
        bytes: usize,
        /// How many it should have.
        least: usize,
    },
    /// The identity provider does not respond with its keys. Retrying may help.
    #[error("{source_name}: {reason}")]
    Unreachable {
        /// The address.
        source_name: String,
        /// Why.
        reason: String,
    },
    /// The keys cannot be read, are not a JWKS, or none is usable.
    #[error("{source_name}: {reason}")]
    Jwks {
        /// The file or the address.
        source_name: String,
        /// Why.
        reason: String,
    },
    /// The operating system's random numbers failed.
    #[error("no random numbers: {0}")]
    Random(String),
    /// A key that cannot sign.
    #[error("the development key cannot sign: {0}")]
    Key(String),
}

/// Trusted keys, and a cache of verified tokens.
pub struct Auth {
    trusted: RwLock<Trusted>,
    /// Source of the keys and rules for tokens; `None` for the development key.
    provider: Option<(KeySource, Rules)>,
    /// File with the keys for a start while the provider is unavailable.
    remembered: Option<PathBuf>,
    /// A token had an unknown key id.
    unknown: Notify,
    clock: TimeSource,
    verified: Mutex<LruCache<[u8; 32], Verified>>,
    refusals: Refusals,
}

/// The currently trusted keys.
struct Trusted {
    keys: Vec<Key>,
    /// Ignored keys; each is logged once.
    ignored: Vec<String>,
    read_at: Timestamp,
    /// Number of the reading; tokens that were verified with earlier keys are verified again.
    reading: u64,
}

#[derive(Clone)]
struct Verified {
    bearer: Bearer,
    reading: u64,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Auth {
    /// Trusts an identity provider, which must have a usable key. If it does not respond, the
    /// stored keys in `remembered` are trusted, for as long as a running process would trust them.
    pub async fn provider(
        source: KeySource,
        rules: Rules,
        remembered: Option<PathBuf>,
        clock: TimeSource,
    ) -> Result<Self, AuthError> {
        let auth = Self { remembered, ..Self::with(Vec::new(), Some((source, rules)), clock) };
        if let Err(error) = auth.refresh().await {
            auth.remember(&error).ok_or(error)?;
        }
        let none = auth.trusted.read().unwrap_or_else(PoisonError::into_inner).keys.is_empty();
        match &auth.provider {
            Some((source, _)) if none => {
                Err(source.unusable("no key signs with EdDSA, ES256 or RS256"))
            }
            _ => Ok(auth),
        }
    }

    /// Trusts the installation's own development key.
    #[must_use]
    pub fn development(key: &DevelopmentKey, clock: TimeSource) -> Self {
        Self::with(key.verifying().into_iter().collect(), None, clock)
    }

    fn with(keys: Vec<Key>, provider: Option<(KeySource, Rules)>, clock: TimeSource) -> Self {
        let verified = Mutex::new(LruCache::new(TOKENS_MAX));
        let read_at = clock.now();
        let trusted = Trusted { keys, ignored: Vec::new(), read_at, reading: 0 };
        let (trusted, unknown) = (RwLock::new(trusted), Notify::new());
        let refusals = Refusals::default();
        Self { trusted, provider, remembered: None, unknown, clock, verified, refusals }
    }

    /// Trusts the stored keys if they are recent enough; `error` is why the provider was not read.
    fn remember(&self, error: &AuthError) -> Option<()> {
        let ((source, _), file) = (self.provider.as_ref()?, self.remembered.as_ref()?);
        if !matches!(error, AuthError::Unreachable { .. }) {
            return None;
        }
        let (set, read_at) = Remembered::load(file, source, self.clock.now())?;
        let age_s = self.clock.now().duration_since(read_at).as_secs();
        tracing::warn!(%error, age_s, "identity provider unavailable at the start; trusting its stored keys");
        self.take(set, read_at);
        Some(())
    }

    fn take(&self, set: KeySet, read_at: Timestamp) {
        let mut trusted = self.trusted.write().unwrap_or_else(PoisonError::into_inner);
        for key in set.ignored.iter().filter(|key| !trusted.ignored.contains(key)) {
            tracing::info!(%key, "ignoring a key of the identity provider");
        }
        let reading = trusted.reading + 1;
        *trusted = Trusted { keys: set.keys, ignored: set.ignored, read_at, reading };
    }

    /// Reads the identity provider's keys. Tokens of a removed key are refused from then on; a set
    /// without a usable key refuses all tokens. If it cannot be read, nothing changes, see
    /// [`KEYS_TRUSTED_FOR_MAX`].
    pub async fn refresh(&self) -> Result<(), AuthError> {
        let Some((source, _)) = &self.provider else { return Ok(()) };
        let begun_at = self.clock.now();
        let set = source.read().await?;
        if set.keys.is_empty() {
            tracing::error!(%source, "identity provider has no usable key; refusing all tokens");
        }
        if let (Some(file), KeySource::Url(_)) = (&self.remembered, source) {
            Remembered::keep(file, source, &set, begun_at);
        }
        self.take(set, begun_at);
        Ok(())
    }

    /// Refreshes until `stop`: periodically, sooner after a failure, and when a token has
    /// an unknown key id.
    pub async fn keep_fresh(&self, stop: CancellationToken) {
        if self.provider.is_none() {
            return;
        }
        // Keys from the file are older.
        let age = self.keys_age().unwrap_or_default();
        let mut wait = if age.unsigned_abs() > KEYS_REST { KEYS_RETRY } else { KEYS_FRESH_FOR };
        loop {
            tokio::select! {
                () = self.unknown.notified() => {}
                () = TimeSource::System.sleep_until(Timestamp::MAX, wait) => {}
                () = stop.cancelled() => return,
            }
            wait = KEYS_FRESH_FOR;
            if let Err(error) = self.refresh().await {
                wait = KEYS_RETRY;
                let age = self.keys_age().unwrap_or_default();
                let left_s = (KEYS_TRUSTED_FOR_MAX - age).as_secs().max(0);
                tracing::warn!(
                    %error, age_s = age.as_secs(), left_s,
                    "identity provider's keys cannot be read; trusting the old ones until they expire"
                );
            }
            // Anybody can send unknown key ids at any rate.
            tokio::select! {
                () = TimeSource::System.sleep_until(Timestamp::MAX, KEYS_REST) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// When the identity provider's last key expires; `None` if one has no expiry.
    pub fn keys_end(&self) -> Option<Timestamp> {
        let trusted = self.trusted.read().unwrap_or_else(PoisonError::into_inner);
        let ends: Option<Vec<Timestamp>> = trusted.keys.iter().map(|key| key.ends).collect();
        ends?.into_iter().max()
    }

    /// Age of the identity provider's keys; `None` for the development key.
    #[must_use]
    pub fn keys_age(&self) -> Option<SignedDuration> {
        self.provider.as_ref()?;
        let read_at = self.trusted.read().unwrap_or_else(PoisonError::into_inner).read_at;
        Some(self.clock.now().duration_since(read_at).max(SignedDuration::ZERO))
    }

    /// The caller of the `Authorization` header, as [`Self::bearer`].
    pub fn caller(&self, authorization: Option<&str>) -> Result<Caller, Unauthenticated> {
        Ok(self.bearer(authorization)?.caller)
    }

    /// Authenticates the `Authorization` header. The reason of a refusal is logged.
    pub(crate) fn bearer(&self, authorization: Option<&str>) -> Result<Bearer, Unauthenticated> {
        let mut kid = None;
        self.check(authorization, &mut kid).inspect_err(|refused| {
            self.refusals.log(*refused, kid.as_deref(), self.clock.now());
        })
    }

    fn check(
        &self,
        authorization: Option<&str>,
        kid: &mut Option<String>,
    ) -> Result<Bearer, Unauthenticated> {
        let text = token::bearer(authorization.ok_or(Unauthenticated::Missing)?)?;
        if self.keys_age().is_some_and(|age| age > KEYS_TRUSTED_FOR_MAX) {
            return Err(Unauthenticated::KeysTooOld);
        }
        let digest: [u8; 32] = Sha256::digest(text).into();
        let reading = self.trusted.read().unwrap_or_else(PoisonError::into_inner).reading;
        let known =
            self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        let verified = match known.filter(|known| known.reading == reading) {
            Some(verified) => verified,
            None => {
                let token = Token::read(text)?;
                *kid = token.kid().map(ToOwned::to_owned);
                let verified = self.verify(&token)?;
                let mut cache = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
                cache.put(digest, verified.clone());
                verified
            }
        };
        // At every use, also of cached tokens.
        token::in_time(&verified.bearer, self.clock.now())?;
        Ok(verified.bearer)
    }

    fn verify(&self, token: &Token<'_>) -> Result<Verified, Unauthenticated> {
        token.check_header()?;
        let trusted = self.trusted.read().unwrap_or_else(PoisonError::into_inner);
        let mut candidates =
            trusted.keys.iter().filter(|key| key.may_have_signed(token)).peekable();
        if candidates.peek().is_none() {
            self.unknown.notify_one();
            let of_a_laptop = token.kid().is_some_and(|kid| kid.starts_with(development::KID));
            return Err(if of_a_laptop {
                Unauthenticated::DevelopmentKey
            } else {
                Unauthenticated::UnknownKey
            });
        }
        let signed = candidates.any(|key| {
            let message = token.message.as_bytes();
            matches!(crypto::verify(token.signature, message, &key.key, key.algorithm), Ok(true))
        });
        if !signed {
            return Err(Unauthenticated::Signature);
        }
        let rules = self.provider.as_ref().map(|(_, rules)| rules);
        let bearer = token.bearer(rules, self.clock.now())?;
        Ok(Verified { bearer, reading: trusted.reading })
    }
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
        let clock = TimeSource::manual(Timestamp::from_second(now_s).unwrap());
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
        assert_eq!(ask(&claims(), 2, 1_000), Err(Unauthenticated::DevelopmentKey));
        assert_eq!(ask(&claims(), 1, 2_031), Err(Unauthenticated::Expired));
        let early = Claims { nbf: Some(1_500), ..claims() };
        assert_eq!(ask(&early, 1, 1_000), Err(Unauthenticated::Early));
    }

    #[test]
    fn nobody_outside_is_the_service_itself() {
        let system = Claims { roles: vec![Role::System, Role::Clerk], ..claims() };
        assert_eq!(ask(&system, 1, 1_000).unwrap().roles, [Role::Clerk]);
    }

    #[test]
    fn a_token_without_signature_is_refused() {
        let auth = Auth::development(&DevelopmentKey::from_seed([1; 32]), TimeSource::System);
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_string(&claims()).unwrap());
        for token in [format!("{header}.{body}."), format!("{header}.{body}"), "x".to_owned()] {
            let refused = auth.caller(Some(&format!("Bearer {token}")));
            let expected = [Unauthenticated::UnknownKey, Unauthenticated::Malformed];
            assert!(refused.as_ref().is_err_and(|why| expected.contains(why)), "{refused:?}");
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
