//! What the stores of documents return: contents, names, and errors.

use std::io::ErrorKind;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use platform::disk::NoRoom;

/// Stream of a document's content.
pub type Content = BoxStream<'static, std::io::Result<Bytes>>;

/// Stream of names.
pub(super) type Names = BoxStream<'static, Result<String, HomeError>>;

/// The document store is unavailable.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The disk failed.
    #[error("the folder of documents: {0}")]
    Disk(#[from] std::io::Error),
    /// Insufficient space for a copy.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The object store does not respond, or refuses.
    #[cfg(feature = "s3")]
    #[error("the object store of documents: {0}")]
    Bucket(#[from] object_store::Error),
}

impl HomeError {
    /// Whether a retry may succeed without an operator.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Disk(error) => error.kind() != ErrorKind::PermissionDenied,
            Self::NoRoom(_) => true,
            #[cfg(feature = "s3")]
            Self::Bucket(error) => !matches!(
                error,
                object_store::Error::PermissionDenied { .. }
                    | object_store::Error::Unauthenticated { .. }
            ),
        }
    }
}
