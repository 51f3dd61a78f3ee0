//! Documents that are read or named, and why they cannot be.

use dossier::contract::DocumentName;

use super::{Content, HomeError};

/// A document that is read as a stream.
pub struct OpenedDocument {
    pub media_type: &'static str,
    /// Its size.
    pub bytes: u64,
    pub content: Content,
}

impl std::fmt::Debug for OpenedDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { media_type, bytes, .. } = self;
        f.debug_struct("OpenedDocument")
            .field("media_type", media_type)
            .field("bytes", bytes)
            .finish_non_exhaustive()
    }
}

/// Why a document that an event refers to cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenedError {
    #[error("document {0} is missing")]
    Missing(DocumentName),
    /// Its size is not the recorded one.
    #[error("the size of document {0} is not the recorded one")]
    Incomplete(DocumentName),
    /// The document store is unavailable.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Why a step cannot refer to documents.
#[derive(Debug, thiserror::Error)]
pub enum NamedError {
    /// Unknown ones, those being removed, and those of others, each with its JSON Pointer.
    #[error("{} documents are unknown", .0.len())]
    Unknown(Vec<(String, DocumentName)>),
    /// The document store is unavailable.
    #[error(transparent)]
    Home(#[from] HomeError),
}
