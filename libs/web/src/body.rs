//! How bodies of requests are read, and why reading one may end early.

use documents::limits::DOCUMENT_BYTES_MAX;

use crate::limits::BODY_BYTES_MAX;

/// How an operation reads its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Whole, into memory.
    Body,
    /// As a stream, onto disk.
    Upload,
}

impl Takes {
    /// The most bytes that a body may have.
    pub(crate) const fn bytes_max(self) -> u64 {
        match self {
            Self::Body => BODY_BYTES_MAX,
            Self::Upload => DOCUMENT_BYTES_MAX,
        }
    }
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenOff {
    #[error("the body comes too slowly")]
    Slow,
    #[error(transparent)]
    Gone(#[from] hyper::Error),
}
