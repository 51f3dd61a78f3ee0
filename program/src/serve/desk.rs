//! The desk, the front end in the browser (ADR 23): the files of the folder `desk`, embedded in the
//! program. It uses the public API only; what it has beyond that is how to sign in.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY,
};
use http::{HeaderName, StatusCode};
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde::Serialize;
use sha2::{Digest, Sha256};
use warp::Filter;
use warp::reply::Response;
use web::{Mounted, Route, mount};

/// Level of the compression, of at most 10.
const LEVEL: u8 = 9;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../desk/", $name)).as_slice())),*]
    };
}

/// The page, which is served as `/`; all other files are served below `/desk/`.
const PAGE: &str = "index.html";

/// All files, with their names in the folder `desk`.
const FILES: &[(&str, &[u8])] = files![
    "api.js",
    "books/bank-file.js",
    "books/book-lines.js",
    "books/book.js",
    "books/books.js",
    "books/closing.js",
    "books/corrections.js",
    "books/difference-choice.js",
    "books/differences.js",
    "books/file-findings.js",
    "books/line-editor.js",
    "books/lines.js",
    "books/names.js",
    "books/parity.js",
    "books/statement.js",
    "books/sums.js",
    "calendar.js",
    "changes.js",
    "citizen/batch-rows.js",
    "citizen/batch.js",
    "citizen/clients.js",
    "citizen/complain.js",
    "citizen/filing.js",
    "citizen/look-up.js",
    "citizen/mandates.js",
    "citizen/mine.js",
    "citizen/pay-together.js",
    "citizen/pay.js",
    "citizen/procedures.js",
    "citizen/programs.js",
    "citizen/sheet.js",
    "citizen/track.js",
    "delivery.js",
    "demo.js",
    "desk.css",
    "differences.js",
    "dossier-load.js",
    "dossier-parts.js",
    "exchange/deliveries.js",
    "exchange/secret.js",
    "exchange/subscriber-form.js",
    "exchange/subscriber.js",
    "exchange/subscribers.js",
    "figures.js",
    "form-values.js",
    "forms.js",
    "history.js",
    "home.js",
    "i18n.js",
    "icon.svg",
    "index.html",
    "main.js",
    "ministry/absences.js",
    "ministry/act.js",
    "ministry/address.js",
    "ministry/agencies.js",
    "ministry/audit.js",
    "ministry/book.js",
    "ministry/counted.js",
    "ministry/elapsed.js",
    "ministry/exports.js",
    "ministry/metrics.js",
    "ministry/notices.js",
    "ministry/outages.js",
    "ministry/partner-requests.js",
    "ministry/people.js",
    "ministry/plots.js",
    "ministry/published.js",
    "ministry/ratings.js",
    "ministry/readers.js",
    "ministry/rules-issue.js",
    "ministry/rules-list.js",
    "ministry/rules-words.js",
    "ministry/tabs.js",
    "ministry/targets.js",
    "ministry/what-if-outcome.js",
    "ministry/what-if.js",
    "notes.js",
    "numbers.js",
    "officer/bulk.js",
    "officer/complaint.js",
    "officer/complaints.js",
    "officer/dossier.js",
    "officer/labels.js",
    "officer/money.js",
    "officer/operation.js",
    "officer/orders.js",
    "officer/parcels.js",
    "officer/review.js",
    "officer/rules.js",
    "officer/search.js",
    "officer/work.js",
    "oidc.js",
    "order-parts.js",
    "order.js",
    "pages.js",
    "papers.js",
    "parts.js",
    "payment.js",
    "qr.js",
    "result.js",
    "routes.js",
    "session.js",
    "sign-in.js",
    "step-choices.js",
    "step-fields.js",
    "step-values.js",
    "step.js",
    "steps.js",
    "steps/define.js",
    "steps/delivery.js",
    "steps/feedback.js",
    "steps/intake.js",
    "steps/payment.js",
    "steps/review.js",
    "text/en-books.js",
    "text/en-exchange.js",
    "text/en-ministry.js",
    "text/en-office.js",
    "text/en-orders.js",
    "text/en-steps.js",
    "text/en.js",
    "text/vi-books.js",
    "text/vi-exchange.js",
    "text/vi-ministry.js",
    "text/vi-office.js",
    "text/vi-orders.js",
    "text/vi-steps.js",
    "text/vi.js",
    "uploads.js",
    "vendor/LICENSE",
    "vendor/VERSION",
    "vendor/hooks.js",
    "vendor/htm.js",
    "vendor/preact.js",
    "view.js",
];

/// How users sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "sign_in", rename_all = "snake_case")]
pub(crate) enum SignIn {
    /// As one of the people of the demo.
    Demo,
    /// With a token of `dossier token`, in development.
    Token,
    /// At an identity provider (OpenID Connect, code flow with PKCE).
    Provider {
        issuer: String,
        /// The `client_id` that the desk has there.
        client: String,
    },
    /// Not at all: only what is public can be used.
    Nobody,
}

impl SignIn {
    /// Origin of the identity provider, to which the browser may connect besides this server.
    fn origin(&self) -> Option<&str> {
        let Self::Provider { issuer, .. } = self else { return None };
        let host = issuer.find("://")? + 3;
        let end = issuer.get(host..)?.find('/').map_or(issuer.len(), |slash| host + slash);
        issuer.get(..end)
    }
}

/// The routes of the desk.
pub(super) fn routes(sign_in: &SignIn) -> Vec<Mounted> {
    let policy = policy(sign_in.origin());
    let files = FILES.iter().map(|(name, content)| {
        let address = if *name == PAGE { "/".to_owned() } else { format!("/desk/{name}") };
        let file = File::new(media_type(name), Bytes::from_static(content), &policy);
        mount(&address, route(file))
    });
    let settings = serde_json::to_vec(sign_in).unwrap_or_default();
    let settings = File::new("application/json", settings.into(), &policy);
    files.chain([mount("/desk/settings.json", route(settings))]).collect()
}

/// No inline code, and no resources and connections elsewhere, except for the identity provider.
/// Documents are shown from memory (`blob:`), in frames, because PDF needs the browser's viewer.
fn policy(provider: Option<&str>) -> HeaderValue {
    let provider = provider.unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
         frame-src blob:; connect-src 'self' {provider}; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'"
    );
    // An issuer that is no address cannot be reached either.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

/// A file with what is sent with it.
struct File {
    content: Bytes,
    /// Compressed at the first request that accepts it.
    compressed: OnceLock<Bytes>,
    tag: HeaderValue,
    media_type: &'static str,
    policy: HeaderValue,
}

impl File {
    fn new(media_type: &'static str, content: Bytes, policy: &HeaderValue) -> Self {
        let digest = Sha256::digest(&content);
        let tag = HeaderValue::from_str(&format!("W/\"{digest:x}\"")).expect("digits are a header");
        let policy = policy.clone();
        Self { content, compressed: OnceLock::new(), tag, media_type, policy }
    }

    /// The file, or 304 if the request has its tag. Browsers ask every time, so that the files of
    /// two versions are never mixed.
    fn answer(&self, request: &HeaderMap) -> Response {
        let has = |header: HeaderName, wanted: &str| {
            let values = request.get_all(header).iter().filter_map(|value| value.to_str().ok());
            values
                .flat_map(|value| value.split(','))
                .any(|value| value.split(';').next().unwrap_or_default().trim() == wanted)
        };
        let is_known = self.tag.to_str().is_ok_and(|tag| has(IF_NONE_MATCH, tag));
        let is_compressed = has(ACCEPT_ENCODING, "deflate");
        let body = match (is_known, is_compressed) {
            (true, _) => Bytes::new(),
            (false, true) => self.compressed().clone(),
            (false, false) => self.content.clone(),
        };
        let mut response = Response::new(body.into());
        let headers = response.headers_mut();
        headers.insert(ETAG, self.tag.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if is_compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("deflate"));
        }
        response
    }

    fn compressed(&self) -> &Bytes {
        self.compressed.get_or_init(|| compress_to_vec_zlib(&self.content, LEVEL).into())
    }
}

fn route(file: File) -> Route {
    let file = Arc::new(file);
    let answers = warp::header::headers_cloned().map(move |headers| file.answer(&headers));
    Route::open(answers.boxed())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Names of all files below `folder`, but not of its tests.
    fn names(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                if name != "tests" {
                    names(&entry.path(), &format!("{name}/"), found);
                }
            } else {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let mut found = BTreeSet::new();
        names(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../desk")), "", &mut found);
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, found);
    }

    /// The first view is less than half of it, which the tests in the browser measure.
    #[test]
    fn the_whole_desk_is_transferred_in_fewer_than_250_kilobytes() {
        let policy = policy(None);
        let bytes: usize = FILES
            .iter()
            .map(|(name, content)| {
                File::new(media_type(name), Bytes::from_static(content), &policy)
            })
            .map(|file| file.compressed().len())
            .sum();
        assert!((10_000..250_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn browsers_may_connect_to_the_identity_provider_only() {
        let of = |issuer: &str| {
            let (issuer, client) = (issuer.to_owned(), "desk".to_owned());
            policy(SignIn::Provider { issuer, client }.origin()).to_str().unwrap().to_owned()
        };
        assert!(
            of("https://id.example/realms/a").contains("connect-src 'self' https://id.example;")
        );
        assert!(of("https://id.example").contains("connect-src 'self' https://id.example;"));
        assert!(policy(SignIn::Demo.origin()).to_str().unwrap().contains("connect-src 'self' ;"));
        assert_eq!(of("line\nbreak"), policy(None).to_str().unwrap());
    }

    #[test]
    fn a_file_is_sent_again_only_if_it_changed() {
        let file = File::new("text/css", Bytes::from_static(b"a{}"), &policy(None));
        let mut request = HeaderMap::new();
        let first = file.answer(&request);
        assert_eq!(first.status(), StatusCode::OK);
        assert!(!first.headers().contains_key(CONTENT_ENCODING));
        request.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate;q=0.5, br"));
        assert_eq!(file.answer(&request).headers()[CONTENT_ENCODING], "deflate");
        request.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        assert_eq!(file.answer(&request).status(), StatusCode::NOT_MODIFIED);
        request.insert(IF_NONE_MATCH, HeaderValue::from_static("W/\"other\""));
        assert_eq!(file.answer(&request).status(), StatusCode::OK);
    }
}
