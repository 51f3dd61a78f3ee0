//! Keys that an installation creates itself: a signing key for development without an identity
//! provider, and secrets.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use platform::secret::random_name;
use sha2::{Digest, Sha256};

use super::keys::Key;
use super::{AuthError, Claims};
use crate::limits::SECRET_BYTES_MIN;

/// Prefix of development keys' ids.
pub(super) const KID: &str = "development-";
/// File of the key.
const FILE: &str = "development-signing-key";
/// Bytes of such a key.
const SEED_BYTES: usize = 32;

/// The development key, for use without an identity provider.
pub struct DevelopmentKey(SigningKey);

impl std::fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DevelopmentKey(..)")
    }
}

impl DevelopmentKey {
    /// Whether `folder` has one.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// The key in `folder`; created if it is missing.
    pub fn in_folder(folder: &Path) -> Result<Self, AuthError> {
        let path = folder.join(FILE);
        let seed = secret(&path)?;
        let (path, bytes) = (path.display().to_string(), seed.len());
        let wrong = |_| AuthError::Short { path, bytes, least: SEED_BYTES };
        let seed: [u8; SEED_BYTES] = seed.try_into().map_err(wrong)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// A key for a test.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// Its id, by which tokens of another installation are told from forged ones (like RFC 7638).
    fn id(&self) -> String {
        let digest = Sha256::digest(self.0.verifying_key().as_bytes());
        format!("{KID}{}", URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or(&digest)))
    }

    /// The verifying key.
    pub(super) fn verifying(&self) -> Option<Key> {
        let public = URL_SAFE_NO_PAD.encode(self.0.verifying_key().as_bytes());
        let key = DecodingKey::from_ed_components(&public).ok()?;
        Some(Key { id: Some(self.id()), algorithm: Algorithm::EdDSA, key, ends: None })
    }

    /// Signs a token with these claims.
    pub fn mint(&self, claims: &Claims) -> Result<String, AuthError> {
        let wrong = |error: String| AuthError::Key(error);
        let der = self.0.to_pkcs8_der().map_err(|error| wrong(error.to_string()))?;
        let key = EncodingKey::from_ed_der(der.as_bytes());
        let header = Header { kid: Some(self.id()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &key).map_err(|error| wrong(error.to_string()))
    }
}

/// 32 random bytes, created at first use in a file that only the owner can read. An existing file
/// must have a secret.
pub fn secret(path: &Path) -> Result<Vec<u8>, AuthError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let failed = |source| AuthError::File { path: path.display().to_string(), source };
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() < SECRET_BYTES_MIN => {
            let (path, bytes) = (path.display().to_string(), bytes.len());
            return Err(AuthError::Short { path, bytes, least: SECRET_BYTES_MIN });
        }
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = vec![0; 32];
    random(&mut bytes)?;
    // Unique per process: of several processes that start on one folder, the first one's secret is
    // used.
    let part = path.with_extension(random_name().map_err(failed)?);
    let mut options = std::fs::OpenOptions::new();
    let mut file =
        options.create(true).truncate(true).write(true).mode(0o600).open(&part).map_err(failed)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    let first = std::fs::hard_link(&part, path);
    std::fs::remove_file(&part).map_err(failed)?;
    match first {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            std::fs::read(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

fn random(bytes: &mut [u8]) -> Result<(), AuthError> {
    getrandom::getrandom(bytes).map_err(|error| AuthError::Random(error.to_string()))
}
