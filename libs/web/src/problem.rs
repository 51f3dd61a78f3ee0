//! Problems (RFC 9457). Each has a registered type and says in Vietnamese or English what to
//! change.

use std::time::Duration;

use calendar::Text;
use dossier::law::Finding;
use dossier::step::Reasons;
use dossier::{RefusalEntry, Refuse};
use events::Version;
use http::StatusCode;

use crate::quotas::Exceeded;

mod body;
mod failures;

pub use body::{ProblemBody, ProblemField};

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
    MANDATE_NOT_IN_FORCE => 403, "mandate-not-in-force",
        "`Mandate` hoặc `Credential` không cho bạn quyền đại diện: không có, chưa được nhận hoặc đã kết thúc",
        "the `Mandate` or `Credential` is no ground to act: there is none for you, or it is not in force";
    CREDENTIAL_NOT_VALID => 403, "credential-not-valid",
        "chương trình này đã bị thu hồi hoặc hết hạn", "this program's credential was revoked or has ended";
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
    /// The request header that must change.
    header: Option<&'static str>,
    violated: Vec<&'static str>,
    current: Option<Version>,
    retry_after: Option<Duration>,
    /// Cause for the log that the caller is not told, or not as one word.
    reason: Option<&'static str>,
}

impl Problem {
    /// A registered problem.
    #[must_use]
    pub const fn new(entry: RefusalEntry) -> Self {
        Self {
            entry,
            about: None,
            findings: Vec::new(),
            header: None,
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

    /// The header of this name must change.
    #[must_use]
    pub const fn in_header(mut self, name: &'static str) -> Self {
        self.header = Some(name);
        self
    }

    /// A header that is not valid.
    #[must_use]
    pub fn invalid_header(name: &'static str) -> Self {
        Self::new(HEADER_INVALID).naming(name).in_header(name)
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

    /// Fails if any of these reasons applies, with all that do, each at its JSON Pointer.
    ///
    /// # Errors
    ///
    /// The problem has the code of the first.
    pub fn check(reasons: &[(bool, RefusalEntry, &str)]) -> Result<(), Self> {
        let mut wrong = Reasons::default();
        for (_, entry, pointer) in reasons.iter().filter(|(applies, ..)| *applies) {
            wrong.found(*entry, vec![entry.finding(*pointer, None)]);
        }
        if wrong.is_empty() { Ok(()) } else { Err(Self::refused(&wrong)) }
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

    /// The same about a part of the body: its findings are at JSON Pointers below `part`.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        for finding in &mut self.findings {
            finding.pointer = format!("{part}{}", finding.pointer);
        }
        self
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

    /// The title of its registered type.
    fn title(&self) -> Text {
        Text::new(self.entry.vi, self.entry.en)
    }

    /// The header that must change, if it is about one.
    pub(crate) fn header(&self) -> Option<&'static str> {
        let of_entry = HEADERS.iter().find(|(entry, _)| self.is(entry)).map(|(_, name)| *name);
        self.header.or(of_entry)
    }

    /// Whether it names a field, parameter or header that must change.
    pub(crate) fn names_place(&self) -> bool {
        !self.findings.is_empty() || self.header().is_some()
    }
}

/// Problems that are always about the same header.
const HEADERS: &[(RefusalEntry, &str)] = &[
    (KEY_MISSING, "Idempotency-Key"),
    (KEY_REUSED, "Idempotency-Key"),
    (PRECONDITION_REQUIRED, "If-Match"),
    (CONSISTENCY_AHEAD, "Consistency-Token"),
    (LENGTH_REQUIRED, "Content-Length"),
];
