//! Documents in requests and replies.

use calendar::Text;
use documents::{HomeError, NamedError, OpenedDocument, OpenedError, Promised};
use dossier::contract::DocumentName;
use dossier::law::Finding;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};

use super::problem::UNKNOWN_DOCUMENT;
use super::{Problem, Reply, Request};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The digests that the client announces in `Content-Digest` (RFC 9530).
pub fn content_digest(request: &Request) -> Result<Promised, Problem> {
    let lines = request.headers.get_all(CONTENT_DIGEST).iter().map(HeaderValue::as_bytes);
    Promised::of(lines).map_err(|_| Problem::invalid_header("Content-Digest"))
}

impl Reply {
    /// 200 with a document, as a stream.
    #[must_use]
    pub fn document(opened: OpenedDocument) -> Self {
        // Uploaded content is never executed by a browser.
        Self::content(opened.media_type, opened.content, opened.bytes)
            .header(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(CONTENT_DISPOSITION, "attachment")
    }
}

impl From<HomeError> for Problem {
    fn from(error: HomeError) -> Self {
        Self::failed(error.is_retryable(), &error)
    }
}

impl From<OpenedError> for Problem {
    fn from(error: OpenedError) -> Self {
        match error {
            // It was complete when an event referred to it: only a backup brings it back.
            OpenedError::Missing(_) | OpenedError::Incomplete(_) => {
                Self::internal(&error.to_string())
            }
            OpenedError::Home(error) => error.into(),
        }
    }
}

/// Findings of documents that the caller may not name, with their pointers.
#[must_use]
pub fn unknown_documents(named: Vec<(String, DocumentName)>) -> Vec<Finding> {
    let finding = |(pointer, name)| {
        let why = Text::new(
            format!(
                "bạn chưa tải lên tài liệu `{name}`, hoặc tài liệu đã bị xóa; hãy tải lên bằng `POST /v1/documents`"
            ),
            format!(
                "you have not uploaded a document `{name}`, or it was removed; upload it with `POST /v1/documents`"
            ),
        );
        Finding::said(pointer, why)
    };
    named.into_iter().map(finding).collect()
}

impl From<NamedError> for Problem {
    fn from(error: NamedError) -> Self {
        match error {
            NamedError::Unknown(named) => Self::fields(UNKNOWN_DOCUMENT, unknown_documents(named)),
            NamedError::Home(error) => error.into(),
        }
    }
}
