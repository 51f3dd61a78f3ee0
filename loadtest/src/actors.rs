//! Actors with their tokens, signed with the development key of the data directory.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

pub(crate) struct Actors {
    key: SigningKey,
    pub(crate) clerk: String,
    pub(crate) reviewer: String,
    pub(crate) approver: String,
    pub(crate) operator: String,
    pub(crate) provider: String,
    pub(crate) carrier: String,
}

impl Actors {
    pub(crate) fn of(data: &Path) -> Result<Self> {
        let seed = std::fs::read(data.join("development-signing-key"))?;
        let seed: [u8; 32] = seed.try_into().ok().context("not a key")?;
        let key = SigningKey::from_bytes(&seed);
        let officer = |role, subject| token(&key, role, subject, Some("G02"));
        Ok(Self {
            clerk: officer("clerk", "clerk"),
            reviewer: officer("reviewer", "reviewer"),
            approver: officer("approver", "approver"),
            operator: officer("operator", "operator"),
            provider: token(&key, "payment_provider", "sandbox", None),
            carrier: token(&key, "carrier", "vnpost", None),
            key,
        })
    }

    pub(crate) fn auditor(&self, subject: &str) -> String {
        token(&self.key, "auditor", subject, Some("G02"))
    }

    pub(crate) fn applicant(&self, subject: &str) -> String {
        token(&self.key, "applicant", subject, None)
    }
}

fn token(key: &SigningKey, role: &str, subject: &str, agency: Option<&str>) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"JWT"}"#);
    let mut claims = json!({ "sub": subject, "exp": 4_000_000_000_i64, "roles": [role] });
    if let Some(agency) = agency {
        claims["agency"] = json!(agency);
    }
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
    format!("Bearer {signed}.{signature}")
}
