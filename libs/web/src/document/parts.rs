//! Components that operations share: headers, parameters, and the security scheme.

use documents::limits::DOCUMENT_BYTES_MAX;
use dossier::access::{May, Scope};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, RefOr, Required};

use crate::limits::{BODY_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::operation::{Content, Field, Item};
use crate::{Access, Counts};

/// Address parameters with the same meaning in every operation.
const COMMON: [(&str, &str); 5] = [
    ("dossier", "The dossier's id."),
    ("complaint", "The complaint's id."),
    ("consultation", "The id of the request for an opinion."),
    ("mandate", "The mandate's id."),
    ("credential", "The credential's id."),
];

/// Description of the bearer token.
const TOKEN: &str = "A JWT of the identity provider (RFC 9068). Claims: `sub`, the caller, opaque; `roles`, a list of \
    `applicant`, `clerk`, `reviewer`, `approver`, `cashier`, `consultee`, `carrier`, `payment_provider`, \
    `complaint_handler`, `auditor`, `operator`; `agency`, the code of an officer's agency; `on_behalf_of`, the person for \
    whom a representative acts; `iss`, `aud`, `exp`, `nbf` as usual. Each requirement of an operation names one role \
    that may call it; over which dossiers, its description says.";

/// (component, name, description, example, required) of request headers.
const PARAMETERS: [(&str, &str, &str, &str, bool); 6] = [
    (
        "IdempotencyKey",
        "Idempotency-Key",
        "A key of the client's own, 1 to 200 visible characters. The same key from the same caller on the same resource \
         is the same request, applied once. Use a new key for each step.",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        true,
    ),
    (
        "IfMatch",
        "If-Match",
        "The `ETag` of the last read. 412 if the resource has changed since, 428 if the header is missing.",
        "\"3\"",
        true,
    ),
    (
        "ConsistencyToken",
        "Consistency-Token",
        "The `Consistency-Token` of an earlier answer: this answer includes at least its changes.",
        "\"1042\"",
        false,
    ),
    (
        "Mandate",
        "Mandate",
        "The id of a mandate that the caller, or the firm for which the caller acts, has accepted: the caller then acts \
         for its principal. 403 `mandate-not-in-force` if it is no ground to act.",
        "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e",
        false,
    ),
    (
        "Credential",
        "Credential",
        "The id of the credential by which a program acts for its firm. 403 `credential-not-valid` if it has ended.",
        "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e",
        false,
    ),
    (
        "AcceptLanguage",
        "Accept-Language",
        "`vi` (the default) or `en`: the language of problems.",
        "vi",
        false,
    ),
];

/// (component, description, example) of reply headers.
const HEADERS: [(&str, &str, &str); 13] = [
    ("ETag", "The version of the resource, to be sent in `If-Match`.", "\"3\""),
    ("ContentTag", "The tag of the content, to be sent in `If-None-Match`.", "\"bX9…\""),
    ("CacheControl", "For how long caches may keep the reply.", "public, max-age=600"),
    (
        "ContentDigest",
        "The digest of the content (RFC 9530), to verify that it is complete and unchanged.",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    ),
    (
        "ConsistencyToken",
        "The position in the log up to which this is shown, to be sent in `Consistency-Token`.",
        "\"1042\"",
    ),
    (
        "Link",
        "The address of the next page, with `rel=\"next\"` (RFC 8288).",
        "</v1/x?after=y>; rel=\"next\"",
    ),
    (
        "Location",
        "The address of the new resource.",
        "/v1/dossiers/018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e",
    ),
    ("RetryAfter", "Seconds after which a retry may succeed.", "1"),
    (
        "RateLimit",
        "What is left of the caller's quotas (draft-ietf-httpapi-ratelimit-headers).",
        "\"reads\";r=590;t=1",
    ),
    ("RateLimitPolicy", "The caller's quotas.", "\"reads\";q=600;w=60"),
    ("ContentLanguage", "The language of the problem.", "vi"),
    ("WwwAuthenticate", "How to authenticate (RFC 6750).", "Bearer error=\"invalid_token\""),
    ("Allow", "The methods of the address.", "GET, HEAD"),
];

/// Components that operations may refer to.
pub(super) fn components() -> Components {
    let mut components = Components::new();
    for (component, name, description, example, required) in PARAMETERS {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .required(if required { Required::True } else { Required::False })
            .schema(Some(text()))
            .example(Some(example.into()));
        components.parameters.insert(component.to_owned(), parameter.build().into());
    }
    for (component, description, example) in HEADERS {
        let header = HeaderBuilder::new()
            .schema(Some(text()))
            .description(Some(description))
            .example(Some(example.into()));
        components.headers.insert(component.to_owned(), header.build().into());
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(TOKEN));
    components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    components
}

/// Description of an address parameter, if it is a common one.
pub(super) fn common_parameter(name: &str) -> Option<&'static str> {
    COMMON.iter().find(|(known, _)| *known == name).map(|(_, description)| *description)
}

/// An optional parameter that is a string.
pub(super) fn text_field(name: &str) -> Field {
    Field { name: name.to_owned(), required: false, schema: text() }
}

fn text() -> RefOr<Schema> {
    RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build()))
}

/// One requirement for each role; one of them suffices.
pub(super) fn requirements(mays: &[May]) -> Vec<SecurityRequirement> {
    let mut roles: Vec<String> = Vec::new();
    for may in mays {
        let role = role(*may);
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles.into_iter().map(|role| SecurityRequirement::new("token", [role])).collect()
}

/// Permitted callers in words: `a clerk (of the agency), an applicant (own dossiers)`.
pub(super) fn callers(mays: &[May]) -> String {
    let callers = mays.iter().map(|may| {
        let over = match may.scope {
            Scope::Own => "of their own dossiers",
            Scope::Agency => "of the agency",
            Scope::Consulted => "of dossiers that their agency is consulted about",
            Scope::Complained => "of dossiers about which their agency handles a complaint",
            Scope::Informed => "of dossiers that their agency received, or whose fee another keeps",
            Scope::Received(_) => {
                "of dossiers that their agency received, if the procedure lets it"
            }
            Scope::Any => "of all",
        };
        format!("`{}` {over}", role(*may))
    });
    callers.collect::<Vec<_>>().join(", ")
}

/// A role as spelled in tokens.
fn role(may: May) -> String {
    // A role serializes as a string; that cannot fail.
    let written = serde_json::to_value(may.role).unwrap_or_default();
    written.as_str().unwrap_or_default().to_owned()
}

/// Quota headers, if the operation is counted.
pub(super) fn limits(item: &Item) -> impl Iterator<Item = (&'static str, &'static str)> {
    let counted = matches!(item.access, Access::Roles(_))
        || matches!(item.counts, Counts::LookUp | Counts::Published | Counts::Message);
    let headers = [("RateLimit", "RateLimit"), ("RateLimit-Policy", "RateLimitPolicy")];
    headers.into_iter().filter(move |_| counted)
}

/// The limit of a request body, in words.
pub(super) fn body_limit(item: &Item, body: &Content) -> String {
    let max = match body {
        Content::Bytes(_) if item.is_message => MESSAGE_BYTES_MAX,
        Content::Bytes(_) => DOCUMENT_BYTES_MAX,
        Content::Json(_) | Content::Text(..) => BODY_BYTES_MAX,
    };
    format!("At most {max} bytes; otherwise 413 `body-too-large`.")
}

/// Headers of a problem with this status.
pub(super) fn headers_of_problem(status: u16) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![("Content-Language", "ContentLanguage")];
    match status {
        401 => headers.push(("WWW-Authenticate", "WwwAuthenticate")),
        405 => headers.push(("Allow", "Allow")),
        412 => headers.push(("ETag", "ETag")),
        429 => headers.extend([
            ("Retry-After", "RetryAfter"),
            ("RateLimit", "RateLimit"),
            ("RateLimit-Policy", "RateLimitPolicy"),
        ]),
        409 | 503 => headers.push(("Retry-After", "RetryAfter")),
        _ => {}
    }
    headers
}
