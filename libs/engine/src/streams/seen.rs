//! The versions of a stream that a caller knows.

use events::Version;

/// Which versions of a resource a client has seen (`If-Match`, RFC 9110, 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// `*`: any version.
    Any,
    /// One of these versions; empty if the client sent only tags that this server never issues.
    OneOf(Vec<Version>),
}

impl Seen {
    /// Whether `version` is among the versions that the client has seen.
    #[must_use]
    pub fn includes(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}
