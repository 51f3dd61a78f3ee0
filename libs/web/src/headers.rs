//! Parsing of request headers, with lists and weights.

use calendar::Text;
use dossier::papers::PaperLanguage;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, HOST, HeaderName};
use http::{HeaderMap, Version as HttpVersion};

/// A language of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The default.
    Vietnamese,
    /// Used if the client prefers it.
    English,
}

impl Language {
    /// The text in this language.
    #[must_use]
    pub fn of_text(self, text: &Text) -> &str {
        match self {
            Self::Vietnamese => &text.vi,
            Self::English => &text.en,
        }
    }

    /// The language of a paper.
    #[must_use]
    pub const fn of_papers(self) -> PaperLanguage {
        match self {
            Self::Vietnamese => PaperLanguage::Vietnamese,
            Self::English => PaperLanguage::English,
        }
    }

    /// The language that the client prefers in `Accept-Language` (RFC 9110, 12.4.2 and 12.5.4): the
    /// one with the greater weight; of equal weights, the first.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut best = (0, Self::Vietnamese);
        for element in elements(headers, &ACCEPT_LANGUAGE) {
            let mut parts = element.split(';').map(str::trim);
            let range = parts.next().unwrap_or("").to_ascii_lowercase();
            let language = match range.split('-').next() {
                Some("vi") => Self::Vietnamese,
                Some("en") => Self::English,
                _ => continue,
            };
            let weight = weighted(parts);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }
}

/// Whether `Accept` prefers `media_type` to JSON (RFC 9110, 12.5.1): it has the greater weight by
/// the most specific range. Without the header, and with equal weights, JSON is answered.
pub(crate) fn prefers(headers: &HeaderMap, media_type: &str) -> bool {
    let weight_of = |offered: &str| {
        let main = offered.split('/').next().unwrap_or_default();
        let (mut most_specific, mut found) = (0, 0);
        for element in elements(headers, &ACCEPT) {
            let mut parts = element.split(';').map(str::trim);
            let range = parts.next().unwrap_or("").to_ascii_lowercase();
            let specific = match range.strip_suffix("/*") {
                _ if range == offered => 3,
                Some("*") => 1,
                Some(of) if of == main => 2,
                _ => continue,
            };
            if specific > most_specific {
                (most_specific, found) = (specific, weighted(parts));
            }
        }
        found
    };
    weight_of(media_type) > weight_of("application/json")
}

/// The weight among the parameters of a list element, in thousandths; 1000 if it has none.
fn weighted<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u32 {
    let weight = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))
    });
    weight.unwrap_or(1_000)
}

/// A weight in thousandths; 0 if it is malformed.
fn weight(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    match whole {
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        "1" if digits && fraction.bytes().all(|digit| digit == b'0') => 1_000,
        _ => 0,
    }
}

/// The `traceparent` (W3C Trace Context, 3.2), if it is well-formed.
#[must_use]
pub(crate) fn trace_parent(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags] = parts.as_slice() else { return None };
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
    let whole = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    // Later versions may have further parts of unknown meaning; only version 00 exists.
    (whole && *version == "00" && !is_zero(trace) && !is_zero(parent)).then_some(text)
}

/// Whether a request has exactly one `Host`, which HTTP/1.0 may omit (RFC 9112, 3.2).
pub(crate) fn has_one_host(version: HttpVersion, headers: &HeaderMap) -> bool {
    match headers.get_all(HOST).iter().count() {
        0 => version < HttpVersion::HTTP_11,
        hosts => hosts == 1,
    }
}

fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter();
    values.flat_map(|value| value.to_str().unwrap_or("").split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_is_answered_if_it_is_preferred_to_json() {
        for (accept, preferred) in [
            ("application/pdf", true),
            ("application/pdf, */*;q=0.1", true),
            ("application/json;q=0.5, application/PDF", true),
            ("application/*;q=0.9, application/json;q=0.2", true),
            ("application/json, application/pdf", false),
            ("application/pdf;q=0", false),
            ("*/*", false),
            ("text/html", false),
        ] {
            let headers = with("accept", &[accept]);
            assert_eq!(prefers(&headers, "application/pdf"), preferred, "{accept}");
        }
        assert!(!prefers(&HeaderMap::new(), "application/pdf"));
    }

    fn with(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_language_with_the_greater_weight_is_preferred() {
        for (accepted, language) in [
            (&[] as &[&str], Language::Vietnamese),
            (&["en"], Language::English),
            (&["en-GB, vi"], Language::English),
            (&["en;q=0.5, vi;q=0.8"], Language::Vietnamese),
            (&["vi;q=0.1, en; Q=1.000"], Language::English),
            (&["en;q=0"], Language::Vietnamese),
            (&["vi;q=0, en;q=0.001"], Language::English),
            (&["fr, *;q=0.5"], Language::Vietnamese),
            (&["en;q=nonsense, vi;q=0.2"], Language::Vietnamese),
            (&["vietnam, england"], Language::Vietnamese),
            (&["fr", "en;q=0.3"], Language::English),
        ] {
            let of = Language::of(&with("accept-language", accepted));
            assert_eq!(of, language, "{accepted:?}");
        }
    }

    #[test]
    fn a_malformed_traceparent_is_none() {
        let is_one = |text: &str| trace_parent(&with("traceparent", &[text])).is_some();
        assert!(is_one("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for malformed in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "-------------------------------------------------------",
            "",
        ] {
            assert!(!is_one(malformed), "{malformed}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        let one = with("host", &["a"]);
        assert!(has_one_host(HttpVersion::HTTP_11, &one));
        assert!(!has_one_host(HttpVersion::HTTP_11, &HeaderMap::new()));
        assert!(has_one_host(HttpVersion::HTTP_10, &HeaderMap::new()));
        let two = with("host", &["a", "b"]);
        assert!(!has_one_host(HttpVersion::HTTP_11, &two));
        assert!(!has_one_host(HttpVersion::HTTP_10, &two));
    }
}
