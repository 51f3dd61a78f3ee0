//! Takes a document in, before the dossier that refers to it exists.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dossier::intake::submit_dossier::UPLOAD;
use http::HeaderName;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use service_kit::documents::UploadError;
use service_kit::http::{
    Access, MEDIA_TYPE, Problem, Reply, Request, Route, TOO_LARGE, Upload, upload_endpoint,
};
use utoipa::ToSchema;

use crate::App;

const DIGEST_MISMATCH: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "document-invalid",
    vi: "tài liệu không hợp lệ",
    en: "the document cannot be taken",
};

/// A document that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentUploadedReply {
    /// The name to refer to it by.
    document: String,
    /// Its media type.
    media_type: String,
    /// Its size.
    bytes: u64,
}

/// Takes a document in. It is durable when the answer comes; the name is for the uploader to refer to.
#[utoipa::path(
    post,
    path = "/v1/documents",
    operation_id = "upload_document",
    request_body(content = Vec<u8>, content_type = "application/pdf"),
    params(("Content-Digest" = Option<String>, Header, description = "sha-256 of the content (RFC 9530)")),
    responses((status = 201, body = DocumentUploadedReply)),
)]
async fn handle(app: Arc<App>, request: Request, content: Upload) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let key = request.idempotency_key()?.to_owned();
    let media_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("").to_owned();
    let stored =
        app.kit.documents.store(&app.kit, &caller.subject, &key, &media_type, content).await;
    let stored = stored.map_err(|error| match error {
        UploadError::MediaType => Problem::new(MEDIA_TYPE).about(error.to_string()),
        UploadError::TooLarge => Problem::new(TOO_LARGE),
        UploadError::Content(_) | UploadError::Empty | UploadError::BrokenOff => {
            Problem::new(DIGEST_MISMATCH).about(error.to_string())
        }
        UploadError::Busy => Problem::unavailable(&error.to_string()),
        UploadError::Home(error) => error.into(),
    })?;
    let digest = format!("sha-256=:{}:", STANDARD.encode(&stored.sha256));
    let promised = request.headers.get("content-digest").and_then(|value| value.to_str().ok());
    if promised.is_some_and(|promised| promised.starts_with("sha-256=:") && promised != digest) {
        return Err(Problem::new(DIGEST_MISMATCH).about("Content-Digest"));
    }
    let reply = DocumentUploadedReply {
        document: stored.name.to_string(),
        media_type: stored.media_type.to_owned(),
        bytes: stored.bytes,
    };
    let location = format!("/v1/documents/{}", stored.name);
    Ok(Reply::created(&location, &reply).header(HeaderName::from_static("content-digest"), &digest))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    upload_endpoint(app, Access::Roles(UPLOAD), warp::path!("v1" / "documents"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
