//! Documents in requests and replies of complaints.

use documents::NamedError;
use dossier::access::{Caller, May};
use dossier::contract::{Attachment, DocumentDigest, DocumentName, Personal};
use dossier::law::Finding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{FileName, Line, Problem, unknown_documents};

use crate::App;

/// Documents per request.
pub(super) const DOCUMENTS_MAX: usize = 20;

/// An uploaded document.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplaintDocumentRequest {
    /// Name returned by the upload.
    document: Line<100>,
    /// File name on the computer of its uploader.
    file_name: FileName,
}

/// A document of a complaint or of its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintDocumentReply {
    /// Its name, for `GET /v1/complaints/{complaint}/documents/{document}`.
    document: DocumentName,
    /// SHA-256 of its content.
    sha256: DocumentDigest,
    /// File name; null after its erasure.
    #[schema(example = "anh-chup.png")]
    file_name: Option<String>,
}

impl From<&Attachment> for ComplaintDocumentReply {
    fn from(attachment: &Attachment) -> Self {
        let Attachment { document, sha256, file_name } = attachment.clone();
        Self { document, sha256, file_name: file_name.known().cloned() }
    }
}

/// The documents with their digests, and findings of those that the caller may not name.
pub(super) async fn attachments(
    app: &App,
    who: (&Caller, &[May]),
    requested: &[ComplaintDocumentRequest],
) -> Result<(Vec<Attachment>, Vec<Finding>), Problem> {
    let names = requested.iter().enumerate().map(|(place, request)| {
        let name = DocumentName::from(&*request.document.0);
        (format!("/documents/{place}/document"), name)
    });
    let stored = match app.documents.to_be_named(who, names.collect()).await {
        Ok(stored) => stored,
        Err(NamedError::Unknown(unknown)) => return Ok((Vec::new(), unknown_documents(unknown))),
        Err(NamedError::Home(error)) => return Err(error.into()),
    };
    let attachment = |(stored, request): (documents::Stored, &ComplaintDocumentRequest)| {
        let file_name = Personal::from(request.file_name.0.clone());
        Attachment { document: stored.name, sha256: stored.sha256, file_name }
    };
    Ok((stored.into_iter().zip(requested).map(attachment).collect(), Vec::new()))
}

/// Tells the quota of uploads that a recorded step names these documents.
pub(super) fn named(app: &App, attachments: &[Attachment]) {
    app.documents.named(attachments.iter().map(|attachment| &attachment.document));
}
