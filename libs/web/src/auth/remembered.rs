//! Stores the identity provider's keys in a file: a process that starts while the provider is
//! unavailable trusts them for as long as a running one would.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::KeySource;
use super::keys::KeySet;
use crate::limits::KEYS_TRUSTED_FOR_MAX;

/// Content of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The URL that they were read from.
    from: String,
    read_at: Timestamp,
    /// The set as it was read.
    keys: String,
}

impl Remembered {
    /// Stores the keys. If that fails, only a start while the provider is unavailable is affected.
    pub(super) fn keep(file: &Path, from: &KeySource, set: &KeySet, read_at: Timestamp) {
        let kept = Self { from: from.to_string(), read_at, keys: set.text.clone() };
        let text = serde_json::to_string(&kept).expect("a struct of texts");
        // Renamed into place, so that it is never read half-written.
        let part = file.with_extension("part");
        let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, file));
        if let Err(error) = written {
            let file = file.display();
            tracing::warn!(%file, %error, "cannot store the identity provider's keys for the next start");
        }
    }

    /// Stored keys of the same URL with their time, if they are recent enough to be trusted at
    /// `now`.
    pub(super) fn load(
        file: &Path,
        from: &KeySource,
        now: Timestamp,
    ) -> Option<(KeySet, Timestamp)> {
        let text = std::fs::read_to_string(file).ok()?;
        let kept: Self = serde_json::from_str(&text).ok()?;
        let age = now.duration_since(kept.read_at);
        let young = (SignedDuration::ZERO..=KEYS_TRUSTED_FOR_MAX).contains(&age);
        if kept.from != from.to_string() || !young {
            return None;
        }
        let set = KeySet::read(kept.keys).ok().filter(|set| !set.keys.is_empty())?;
        Some((set, kept.read_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = include_str!("../../tests/keys/jwks.json");

    #[test]
    fn keys_are_remembered_for_an_hour_and_for_the_address_that_they_came_from() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let from: KeySource = "https://id.example/keys".parse().unwrap();
        let read_at = Timestamp::from_second(1_000).unwrap();
        let set = KeySet::read(SET.to_owned()).unwrap();
        assert!(!set.keys.is_empty());
        Remembered::keep(&file, &from, &set, read_at);
        let after = |seconds: i64| Timestamp::from_second(1_000 + seconds).unwrap();
        let load = |from: &KeySource, seconds| Remembered::load(&file, from, after(seconds));
        let (again, at) = load(&from, 3_600).unwrap();
        assert_eq!((again.keys.len(), at), (set.keys.len(), read_at));
        assert!(load(&from, 3_601).is_none(), "no longer than a running process trusts them");
        assert!(load(&from, -1).is_none(), "nor from the future");
        assert!(load(&"https://other.example/keys".parse().unwrap(), 1).is_none());
        std::fs::write(&file, "{").unwrap();
        assert!(load(&from, 1).is_none());
    }
}
