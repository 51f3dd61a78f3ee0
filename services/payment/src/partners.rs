//! The payment partners of an installation: their files and secrets, read and checked at the start.

use std::collections::BTreeMap;
use std::path::Path;

use dossier::contract::PaymentStarted;
use partners::limits::FILE_BYTES_MAX;
use partners::{Capability, Finding, Findings, Key, Partner, Reference, Secrets};
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use crate::limits::{PARTNERS_MAX, SECRET_BYTES_MAX};
use crate::provider::Provider;

/// A partner with its secrets.
#[derive(Debug, Clone)]
pub struct Known {
    pub partner: Partner,
    pub secrets: Secrets,
    /// SHA-256 of its file, in hexadecimal digits.
    pub digest: String,
}

/// The partners of an installation.
#[derive(Debug, Clone, Default)]
pub struct Partners {
    known: BTreeMap<String, Known>,
    /// Address at which partners and browsers reach the installation.
    public_url: Option<Url>,
    /// Sites to which a payer's browser may return, for example `https://portal.example`.
    return_origins: Vec<String>,
}

/// A finding about a file of a partner, and the name of that file.
pub type FileFinding = (String, Finding);

/// Reads the files of partners (`*.yaml`) in `folder`, and their secrets in `secrets`.
///
/// # Errors
///
/// All findings in all files.
pub fn read(folder: &Path, secrets: Option<&Path>) -> Result<Vec<Known>, Vec<FileFinding>> {
    let wrong = |error: &dyn std::fmt::Display| {
        let (vi, en) = (format!("không đọc được: {error}"), format!("cannot be read: {error}"));
        vec![(folder.display().to_string(), one("", vi, en))]
    };
    let entries = std::fs::read_dir(folder).map_err(|error| wrong(&error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| wrong(&error))?.path();
        if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            files.push(path);
        }
    }
    if files.len() > PARTNERS_MAX {
        return Err(wrong(&format!("more than {PARTNERS_MAX} files")));
    }
    files.sort();
    let (mut known, mut found): (Vec<Known>, Vec<FileFinding>) = (Vec::new(), Vec::new());
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match read_one(path, secrets) {
            Ok(one) if known.iter().any(|other| other.partner.name == one.partner.name) => {
                let (vi, en) = ("đã có trong tệp khác", "is the name of another file's partner");
                found.push((name, self::one("/name", vi, en)));
            }
            Ok(one) => known.push(one),
            Err(findings) => found.extend(findings.0.into_iter().map(|one| (name.clone(), one))),
        }
    }
    if found.is_empty() { Ok(known) } else { Err(found) }
}

/// Reads the file of a partner, and its secrets in a folder.
///
/// # Errors
///
/// All findings.
pub fn read_one(path: &Path, secrets: Option<&Path>) -> Result<Known, Findings> {
    let text = bounded(path, FILE_BYTES_MAX)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned()));
    let text = text.map_err(|error| Findings(vec![one("", error.clone(), error)]))?;
    let partner = Partner::parse(&text)?;
    let mut found = Findings::default();
    if Provider::named(&partner.name).is_some() {
        found.add("/name", "là tên của cổng thử nghiệm", "is the name of a sandbox");
    }
    let mut keys = Vec::new();
    for (place, name) in partner.secrets.iter().enumerate() {
        let pointer = format!("/secrets/{place}");
        let Some(folder) = secrets else {
            if partner.enabled {
                let (vi, en) = ("thiếu --partner-secrets", "needs a folder: --partner-secrets");
                found.add(pointer, vi, en);
            }
            continue;
        };
        match bounded(&folder.join(name), SECRET_BYTES_MAX) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {
                found.add(pointer, "tệp trống", "is an empty file");
            }
            Ok(bytes) => keys.push(Key::new(name.as_str(), bytes)),
            // A partner that is off may be described before its contract is signed.
            Err(_) if !partner.enabled => {}
            Err(error) => found.add(pointer, error.clone(), error),
        }
    }
    let digest = partners::hex(&Sha256::digest(text.as_bytes()));
    found.or(Known { partner, secrets: Secrets::new(keys), digest })
}

fn one(pointer: &str, vi: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding { pointer: pointer.to_owned(), vi: vi.into(), en: en.into() }
}

/// The bytes of a file with at most this many.
fn bounded(path: &Path, max: usize) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let file = std::fs::File::open(path);
    let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let read = file.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.len() > max {
        return Err(format!("{} has more than {max} bytes", path.display()));
    }
    Ok(bytes)
}

impl Partners {
    /// The partners of an installation. `public_url` is needed if any is enabled.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub fn new(
        known: Vec<Known>,
        public_url: Option<Url>,
        return_origins: Vec<String>,
    ) -> Result<Self, String> {
        let enabled = known.iter().find(|one| one.partner.enabled);
        if let (Some(enabled), None) = (enabled, &public_url) {
            let name = &enabled.partner.name;
            return Err(format!(
                "the partner `{name}` is enabled, and nobody could reach the installation: set \
                 `--public-url`, for example https://dossier.example"
            ));
        }
        let known = known.into_iter().map(|one| (one.partner.name.clone(), one)).collect();
        Ok(Self { known, public_url, return_origins })
    }

    /// The partner with this name, if it is enabled.
    pub(crate) fn get(&self, name: &str) -> Option<&Known> {
        self.known.get(name).filter(|known| known.partner.enabled)
    }

    /// Whether any partner is enabled.
    #[must_use]
    pub fn has_enabled(&self) -> bool {
        self.enabled().next().is_some()
    }

    /// All partners that are enabled.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = &Known> {
        self.known.values().filter(|known| known.partner.enabled)
    }

    /// Names of the partners through which payments can be begun.
    pub(crate) fn offered(&self) -> impl Iterator<Item = &str> {
        let pays = |known: &&Known| known.partner.offers(Capability::Pay).is_ok();
        self.enabled().filter(pays).map(|known| &*known.partner.name)
    }

    /// An address of the installation that is given to a partner.
    pub(crate) fn ours(&self, partner: &str, what: &str) -> String {
        let url = self.public_url.as_ref().map_or("", Url::as_str);
        format!("{}/v1/partners/{partner}/{what}", url.trim_end_matches('/'))
    }

    /// Whether a payer's browser may return to this address.
    pub(crate) fn may_return_to(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let is_plain = url.username().is_empty() && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        let ours = self.public_url.as_ref().map(|url| url.origin().ascii_serialization());
        is_plain && (self.return_origins.contains(&origin) || ours == Some(origin))
    }

    /// Sites to which a payer's browser may return.
    pub(crate) fn return_origins(&self) -> impl Iterator<Item = String> {
        let ours = self.public_url.as_ref().map(|url| url.origin().ascii_serialization());
        self.return_origins.iter().cloned().chain(ours)
    }
}

/// The reference of an attempt in messages of partners and memos of transfers: that of its payment
/// order, if it is a part of one.
#[must_use]
pub fn reference(started: &PaymentStarted) -> String {
    short(started.at_provider())
}

/// The reference of an attempt by itself, or of a payment order.
#[must_use]
pub fn short(id: Uuid) -> String {
    Reference::of(id.as_bytes()).to_string()
}
