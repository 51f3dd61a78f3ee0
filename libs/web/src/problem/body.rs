//! Problems as they are sent: the body and the headers.

use dossier::law::{FINDINGS_MAX, Finding};
use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use platform::metrics::Refused;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::{CONTENT_ENCODING, Problem, QUERY_INVALID, TOKEN_MISSING};
use crate::Language;

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
    #[schema(example = 412)]
    pub status: u16,
    /// What is wrong and what to change, in the language of the answer, if the title does not say
    /// it and not several fields must change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "phiên bản hiện nay là 5")]
    pub detail: Option<String>,
    /// All fields, parameters or headers that must change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// The quotas that were exceeded, by their names in `RateLimit-Policy`.
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!([]))]
    pub violated_policies: Vec<String>,
}

/// A field, parameter or header that must change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON Pointer into the body or, if a file of rules is invalid, into that file. A field that
    /// is missing is named, too. Absent for a parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/form/model")]
    pub pointer: Option<String>,
    /// Name of the query parameter; absent for a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    /// Name of the request header; absent for a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Idempotency-Key")]
    pub header: Option<String>,
    /// The registered code of what is wrong with it: that of the problem, or another one if several
    /// things are wrong.
    #[schema(example = "body-invalid")]
    pub code: String,
    /// Code of the component of the dossier that is missing, if it is about one. The pointer is
    /// then to where it would be, after the documents that were sent; the detail has its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "declaration")]
    pub component: Option<String>,
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
    /// The problem as JSON, in a language.
    pub(crate) fn text(&self, language: Language) -> Vec<u8> {
        serde_json::to_vec(&self.body(language))
            .expect("a problem is a struct of texts and numbers")
    }

    /// The problem in a language.
    #[must_use]
    pub fn body(&self, language: Language) -> ProblemBody {
        let title = language.of_text(&self.title()).to_owned();
        let about = self.about.as_ref().map(|about| language.of_text(about).to_owned());
        let errors = self.errors(language);
        // One field alone is told for the whole, for clients that show no fields.
        let only = match &errors[..] {
            [only] => Some(only.detail.clone()),
            _ => None,
        };
        let detail = about.or(only).filter(|detail| *detail != title);
        ProblemBody {
            kind: format!("urn:dossier:problem:{}", self.entry.code),
            title,
            status: self.entry.status,
            detail,
            errors,
            violated_policies: self.violated.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn errors(&self, language: Language) -> Vec<ProblemField> {
        if let Some(header) = self.header().filter(|_| self.findings.is_empty()) {
            let title = language.of_text(&self.title()).to_owned();
            let about = self.about.as_ref().map(|about| language.of_text(about).to_owned());
            return vec![ProblemField {
                pointer: None,
                parameter: None,
                header: Some(header.to_owned()),
                code: self.entry.code.to_owned(),
                component: None,
                detail: about.filter(|about| about != header).unwrap_or(title),
                line: None,
                column: None,
            }];
        }
        let is_query = self.entry.code == QUERY_INVALID.code;
        let findings = self.findings.iter().take(FINDINGS_MAX).cloned();
        let field = |Finding { pointer, place, vi, en, code, component }| {
            let (pointer, parameter) =
                if is_query { (None, Some(pointer)) } else { (Some(pointer), None) };
            let detail = match language {
                Language::Vietnamese => vi,
                Language::English => en,
            };
            let code = code.unwrap_or(self.entry.code).to_owned();
            let (line, column) = place.map(|place| (place.line, place.column)).unzip();
            let component = component.map(|component| component.to_string());
            ProblemField { pointer, parameter, header: None, code, component, detail, line, column }
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
