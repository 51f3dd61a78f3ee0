//! Stores a document before the dossier that refers to it exists.

use std::sync::Arc;
use std::time::Duration;

use documents::limits::DOCUMENT_BYTES_MAX;
use documents::{DOCUMENT_TYPES, Interrupted, Stored, UploadError};
use dossier::access;
use dossier::intake::submit_dossier::{UPLOAD, UPLOAD_FOR_AGENCY};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, TOO_MANY_AT_ONCE, TOO_SLOW, Upload, content_digest};

use crate::App;

const DOCUMENT_INVALID: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "document-invalid",
    vi: "tài liệu không hợp lệ",
    en: "the document is not valid",
};

/// `Retry-After` of an upload for which there is no capacity.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A stored document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentUploadedReply {
    /// Name by which steps refer to it.
    #[schema(example = "AAAAAAAAAAAAAAAAAAAAAA")]
    document: String,
    /// Canonical media type of the file, without parameters.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// Size in bytes.
    bytes: u64,
    /// SHA-256 of the content, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
}

impl From<Stored> for DocumentUploadedReply {
    fn from(stored: Stored) -> Self {
        Self {
            document: stored.name.to_string(),
            media_type: stored.media_type,
            bytes: stored.bytes,
            sha256: stored.sha256.to_string(),
        }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/documents", "upload_document", "Upload a document")
        .describe(
            "PDF, PNG, JPEG or XML. The document is durable once the answer is sent. Steps may name \
             it if their caller is the uploader, acts for the same person or, if an officer \
             uploaded it, for the same agency. A document that no step names within a day is removed.",
        )
        .roles(UPLOAD)
        .header("Content-Digest", "sha-256 and sha-512 of the content (RFC 9530).")
        .refusals(&[DOCUMENT_INVALID])
        .created::<DocumentUploadedReply>()
        .upload(DOCUMENT_TYPES, handle)
}

async fn handle(app: Arc<App>, request: Request, content: Upload) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let for_agency = caller.agency.as_ref();
    let for_agency = for_agency.and_then(|_| access::decide(caller, UPLOAD_FOR_AGENCY, None).ok());
    let actor = for_agency.map_or_else(|| access::decide(caller, UPLOAD, None), Ok)?;
    let promised = content_digest(&request)?;
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let upload = documents::Upload {
        actor: &actor,
        client: request.client,
        key: request.idempotency_key()?,
        content_type: content_type.unwrap_or(""),
        promised: &promised,
    };
    let stored = app.documents.store(upload, content).await;
    let stored = stored.map_err(|error| match error {
        UploadError::MediaType => Problem::media_type(DOCUMENT_TYPES),
        UploadError::TooLarge => Problem::body_too_large(DOCUMENT_BYTES_MAX),
        UploadError::Interrupted(Interrupted::Slow) => Problem::new(TOO_SLOW),
        UploadError::Content { vi, en } => invalid(vi, en),
        UploadError::Digest(algorithm) => Problem::new(DOCUMENT_INVALID)
            .saying(
                format!("Content-Digest: nội dung nhận được có {algorithm} khác"),
                format!("Content-Digest: the received content has another {algorithm}"),
            )
            .in_header("Content-Digest"),
        UploadError::Empty => invalid("tài liệu trống", "the document is empty"),
        UploadError::Interrupted(Interrupted::Gone) => {
            invalid("việc tải lên bị ngắt giữa chừng", "the upload was interrupted")
        }
        UploadError::TooMany => Problem::at_once(TOO_MANY_AT_ONCE),
        UploadError::Busy => Problem::busy(RETRY_AFTER),
        UploadError::Home(error) => error.into(),
    })?;
    let location = format!("/v1/documents/{}", stored.name);
    Ok(Reply::created(&location, &DocumentUploadedReply::from(stored)))
}

/// The document as a whole, which has no fields, is not valid.
fn invalid(vi: &str, en: &str) -> Problem {
    Problem::field(DOCUMENT_INVALID, "", vi, en)
}
