//! Problems (RFC 9457). Each has a registered type and says in Vietnamese or English what to
//! change.

use std::time::Duration;

use calendar::Text;
use dossier::law::{FINDINGS_MAX, Finding};
use dossier::{RefusalEntry, Refuse};
use events::Version;
use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use platform::metrics::Refused;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::Language;
use crate::quotas::Exceeded;

mod failures;

macro_rules! entries {
    ($($name:ident => $status:literal, $code:literal, $vi:literal, $en:literal;)*) => {
        $(#[doc = $en] pub const $name: RefusalEntry =
            RefusalEntry { status: $status, code: $code, vi: $vi, en: $en };)*

        /// Problems that any operation can answer with.
        pub const GENERAL: &[RefusalEntry] = &[$($name),*];
    };
}

entries! {
    TOKEN_MISSING => 401, "token-missing",
        "thiếu mã xác thực", "a bearer token is required";
    TOKEN_INVALID => 401, "token-invalid",
        "mã xác thực không hợp lệ", "the bearer token is not valid";
    TOKEN_EXPIRED => 401, "token-expired",
        "mã xác thực đã hết hạn", "the bearer token has expired";
    ROLE_FORBIDDEN => 403, "role-forbidden",
        "vai trò của bạn không được thực hiện việc này", "none of your roles permits this";
    OWN_MATTER => 403, "own-matter",
        "bạn là người nộp hoặc đại diện nộp, không được xử lý việc của chính mình",
        "you are a party to this matter and cannot act in it as an officer";
    NOT_FOUND => 404, "not-found",
        "không tìm thấy", "not found, or you have no access to it";
    METHOD_NOT_ALLOWED => 405, "method-not-allowed",
        "phương thức không được hỗ trợ", "this address does not support this method";
    LENGTH_REQUIRED => 411, "length-required",
        "cần tiêu đề Content-Length", "a Content-Length header is required; chunked bodies are not supported";
    TOO_SLOW => 408, "too-slow",
        "nội dung gửi đến quá chậm", "the body arrived too slowly; send it again, or a smaller one";
    STALE => 412, "version-stale",
        "dữ liệu đã thay đổi, hãy tải lại", "the resource has changed since you read it; read it again";
    TOO_LARGE => 413, "body-too-large",
        "nội dung vượt giới hạn", "the body is over the limit";
    MEDIA_TYPE => 415, "media-type",
        "loại nội dung không được hỗ trợ", "this content type is not supported here";
    CONTENT_ENCODING => 415, "content-encoding-not-supported",
        "không hỗ trợ Content-Encoding này: hãy gửi nội dung không nén", "this Content-Encoding is not supported: send the body uncompressed";
    KEY_REUSED => 422, "idempotency-key-reused",
        "Idempotency-Key đã được dùng cho yêu cầu khác", "the Idempotency-Key was used with another request";
    PRECONDITION_REQUIRED => 428, "if-match-required",
        "cần tiêu đề If-Match", "an If-Match header with the ETag of your last read is required";
    TOO_MANY_AT_ONCE => 429, "too-many-at-once",
        "bạn đang gửi quá nhiều yêu cầu cùng một lúc", "you have too many requests in progress; wait for their answers";
    TOO_OFTEN => 429, "too-often",
        "bạn gửi yêu cầu quá dồn dập, hãy chờ rồi gửi lại", "you send requests too often; retry after the time in Retry-After";
    CONSISTENCY_AHEAD => 400, "consistency-token-ahead",
        "Consistency-Token không phải của hệ thống này", "this Consistency-Token is not from this system; read without one and use the one in the answer";
    KEY_MISSING => 400, "idempotency-key-missing",
        "cần tiêu đề Idempotency-Key", "an Idempotency-Key header of 1 to 200 visible characters is required";
    REQUEST_MALFORMED => 400, "request-malformed",
        "yêu cầu không đúng chuẩn HTTP", "the request is not well-formed HTTP: its first line is not valid, or a header has characters that are not allowed";
    URI_TOO_LONG => 414, "uri-too-long",
        "địa chỉ quá dài", "the address is too long";
    HEAD_TOO_LARGE => 431, "head-too-large",
        "phần đầu của yêu cầu quá lớn", "the headers are too many or too long";
    HEADER_INVALID => 400, "header-invalid",
        "tiêu đề không hợp lệ", "a header is not valid";
    JSON_INVALID => 400, "json-invalid",
        "nội dung không phải JSON hợp lệ", "the body is not valid JSON";
    BODY_INVALID => 422, "body-invalid",
        "nội dung không đúng cấu trúc", "the body does not have the right shape";
    QUERY_INVALID => 400, "query-invalid",
        "tham số truy vấn không hợp lệ", "a query parameter is not valid";
    FORM_INVALID => 422, "form-invalid",
        "tờ khai không đúng mẫu", "the form breaks the procedure's schema";
    UNKNOWN_DOCUMENT => 422, "unknown-document",
        "tài liệu chưa được tải lên", "the document was not uploaded";
    QUOTA_EXCEEDED => 429, "quota-exceeded",
        "bạn đã dùng hết hạn mức, hãy thử lại sau", "you have used up your quota; retry after the time in Retry-After";
    CONTENDED => 409, "contended",
        "nhiều người cùng xử lý, hãy thử lại", "too many changes at the same time; retry";
    INTERNAL => 500, "internal",
        "lỗi hệ thống", "the service failed; the error is logged";
    NOT_CONSISTENT => 503, "not-yet-consistent",
        "dữ liệu chưa cập nhật kịp, hãy thử lại", "your change is not visible here yet; retry";
    BUSY => 503, "busy",
        "hệ thống đang bận, hãy thử lại", "the service is overloaded; retry";
    CLOCK_WRONG => 503, "clock-wrong",
        "đồng hồ của hệ thống không đúng, hãy thử lại sau", "the service's clock is wrong, so nothing can be recorded; retry later";
    UNAVAILABLE => 503, "unavailable",
        "hệ thống tạm thời không phục vụ được, hãy thử lại", "the service is temporarily unavailable; retry";
}

/// A problem that is not rendered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    entry: RefusalEntry,
    /// Boxed to keep `Result<_, Problem>` small.
    about: Option<Box<Text>>,
    findings: Vec<Finding>,
    violated: Vec<&'static str>,
    current: Option<Version>,
    retry_after: Option<Duration>,
    /// Cause for the log that the caller is not told, or not as one word.
    reason: Option<&'static str>,
}

/// A problem (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:dossier:problem:` and the registered code.
    #[serde(rename = "type")]
    #[schema(example = "urn:dossier:problem:version-stale")]
    pub kind: String,
    /// What is wrong, in the language of the answer.
    #[schema(example = "dữ liệu đã thay đổi, hãy tải lại")]
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to change, in the language of the answer, if the title does not say
    /// it and not several fields must change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// All fields or parameters that must change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// The quotas that were exceeded, by their names in `RateLimit-Policy`.
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
}

/// A field or parameter that must change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON Pointer into the body or, if a file of rules is invalid, into that file. A field that
    /// is missing is named, too. Absent for a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/form/model")]
    pub pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    /// The registered code of what is wrong with it: that of the problem, or another one if several
    /// things are wrong.
    #[schema(example = "body-invalid")]
    pub code: String,
    /// What is wrong with it, in the language of the answer.
    #[schema(example = "thiếu trường này")]
    pub detail: String,
    /// The line in the file of rules, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Problem {
    /// A registered problem.
    #[must_use]
    pub const fn new(entry: RefusalEntry) -> Self {
        Self {
            entry,
            about: None,
            findings: Vec::new(),
            violated: Vec::new(),
            current: None,
            retry_after: None,
            reason: None,
        }
    }

    /// Adds what it is about, in both languages.
    #[must_use]
    pub fn about(mut self, about: Text) -> Self {
        self.about = Some(Box::new(about));
        self
    }

    /// Adds what it is about, in Vietnamese and English.
    #[must_use]
    pub fn saying(self, vi: impl Into<String>, en: impl Into<String>) -> Self {
        self.about(Text::new(vi, en))
    }

    /// Adds the name of what it is about, which is the same in both languages.
    #[must_use]
    pub fn naming(self, name: &str) -> Self {
        self.about(Text::same(name))
    }

    /// 404: it does not exist, or the caller may not see it.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(NOT_FOUND)
    }

    /// Fields that must change.
    #[must_use]
    pub fn fields(entry: RefusalEntry, findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::new(entry) }
    }

    /// A field that must change, at this JSON Pointer, and why.
    #[must_use]
    pub fn field(entry: RefusalEntry, pointer: &str, vi: &str, en: &str) -> Self {
        Self::fields(entry, vec![Finding::new(pointer, vi, en)])
    }

    /// A field that must change, for the reason that the entry says.
    #[must_use]
    pub fn at(entry: RefusalEntry, pointer: &str) -> Self {
        Self::fields(entry, vec![entry.finding(pointer, None)])
    }

    /// A problem with `Retry-After: 1`.
    #[must_use]
    pub fn at_once(entry: RefusalEntry) -> Self {
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(entry) }
    }

    /// The client exceeds the request rate; retry after `wait`.
    #[must_use]
    pub fn too_often(wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::new(TOO_OFTEN) }
    }

    /// Exceeded quotas of the caller.
    #[must_use]
    pub fn quota(exceeded: &Exceeded) -> Self {
        let violated = exceeded.policies.clone();
        Self { violated, retry_after: Some(exceeded.wait), ..Self::new(QUOTA_EXCEEDED) }
    }

    /// A body of another media type than one of these.
    #[must_use]
    pub fn media_type(accepted: &[&str]) -> Self {
        let accepted = accepted.join(", ");
        Self::new(MEDIA_TYPE).saying(
            format!("Content-Type được chấp nhận: {accepted}"),
            format!("accepted Content-Type: {accepted}"),
        )
    }

    /// A body of more than `max` bytes.
    #[must_use]
    pub fn body_too_large(max: u64) -> Self {
        Self::new(TOO_LARGE).saying(
            format!("nội dung được gửi nhiều nhất {max} byte"),
            format!("a body has at most {max} bytes here"),
        )
    }

    /// An invalid query parameter, and why.
    #[must_use]
    pub fn parameter(name: &str, vi: &str, en: &str) -> Self {
        Self::field(QUERY_INVALID, name, vi, en)
    }

    /// The position in `Consistency-Token` is not visible here yet.
    #[must_use]
    pub fn not_yet_consistent() -> Self {
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(NOT_CONSISTENT) }
    }

    /// Concurrent commands conflict on the stream.
    #[must_use]
    pub fn contended() -> Self {
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(CONTENDED) }
    }

    /// The event store is overloaded; retry after `wait`.
    #[must_use]
    pub fn busy(wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::new(BUSY) }
    }

    /// The service cannot answer now. The reason is logged, not sent.
    #[must_use]
    pub fn unavailable(reason: &str) -> Self {
        tracing::error!(reason, "request cannot be served");
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(UNAVAILABLE) }
    }

    /// The service fails in a way that no retry mends, such as a stored event that cannot be
    /// decoded. The reason is logged, not sent; the metric `defects_total` counts it.
    #[must_use]
    pub fn internal(reason: &str) -> Self {
        tracing::error!(reason, "request failed for a reason that retrying does not remove");
        Self::new(INTERNAL)
    }

    /// [`Problem::unavailable`] if a retry may succeed, otherwise [`Problem::internal`].
    #[must_use]
    pub fn failed(is_retryable: bool, error: &dyn std::error::Error) -> Self {
        let reason = error.to_string();
        if is_retryable { Self::unavailable(&reason) } else { Self::internal(&reason) }
    }

    /// A refusal by the law.
    #[must_use]
    pub fn refused(refusal: &impl Refuse) -> Self {
        let entry = refusal.entry();
        if entry.status >= 500 {
            tracing::error!(?refusal, "the law cannot be applied");
        }
        let findings = refusal.findings();
        // Findings of single fields replace the subject of the whole.
        let about = refusal.subject().filter(|_| findings.is_empty()).map(Box::new);
        Self { about, findings, ..Self::new(entry) }
    }

    /// The HTTP status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether it is this registered problem.
    #[must_use]
    pub fn is(&self, entry: &RefusalEntry) -> bool {
        self.entry.code == entry.code
    }

    /// Its registered code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.entry.code
    }

    /// The fields that must change, or the parameters with their names as pointers.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The problem as JSON, in a language.
    pub(crate) fn text(&self, language: Language) -> Vec<u8> {
        let title = match language {
            Language::Vietnamese => self.entry.vi,
            Language::English => self.entry.en,
        };
        let about = self.about.as_ref().map(|about| language.of_text(about).to_owned());
        let errors = self.errors(language);
        // One field alone is told for the whole, for clients that show no fields.
        let only = match &errors[..] {
            [only] => Some(only.detail.clone()),
            _ => None,
        };
        let body = ProblemBody {
            kind: format!("urn:dossier:problem:{}", self.entry.code),
            title: title.to_owned(),
            status: self.entry.status,
            detail: about.or(only).filter(|detail| detail != title),
            errors,
            violated_policies: self.violated.iter().map(|name| (*name).to_owned()).collect(),
        };
        serde_json::to_vec(&body).expect("a problem is a struct of texts and numbers")
    }

    fn errors(&self, language: Language) -> Vec<ProblemField> {
        let is_query = self.entry.code == QUERY_INVALID.code;
        let findings = self.findings.iter().take(FINDINGS_MAX).cloned();
        let field = |Finding { pointer, place, vi, en, code }| {
            let (pointer, parameter) =
                if is_query { (None, Some(pointer)) } else { (Some(pointer), None) };
            let detail = match language {
                Language::Vietnamese => vi,
                Language::English => en,
            };
            let code = code.unwrap_or(self.entry.code).to_owned();
            let (line, column) = place.map(|place| (place.line, place.column)).unzip();
            ProblemField { pointer, parameter, code, detail, line, column }
        };
        findings.map(field).collect()
    }

    /// The problem as a response, in a language.
    #[must_use]
    pub fn into_response(self, language: Language) -> Response {
        let status = self.status();
        let mut response = Response::new(self.text(language).into());
        *response.status_mut() = status;
        let refused = Refused { problem: self.entry.code, reason: self.reason };
        response.extensions_mut().insert(refused);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some(version) = self.current
            && let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", version.0))
        {
            headers.insert(ETAG, tag);
        }
        if let Some(wait) = self.retry_after {
            // Rounded up: a retry even 1 ms early would be refused.
            let seconds = u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if self.entry.code == CONTENT_ENCODING.code {
            // RFC 9110, 12.5.3.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750, section 3.
            let asked = if self.entry.code == TOKEN_MISSING.code {
                "Bearer"
            } else {
                "Bearer error=\"invalid_token\""
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(asked));
        }
        response
    }
}
