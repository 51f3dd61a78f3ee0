//! Parsing of `If-Match` (RFC 9110, 13.1.1).

use engine::Seen;
use events::Version;
use http::HeaderMap;
use http::header::IF_MATCH;

use super::Problem;
use super::problem::PRECONDITION_REQUIRED;

/// Parses `If-Match`. Weak tags are accepted, because a proxy that compresses an answer weakens its
/// tag; it still identifies one version.
pub(crate) fn seen(headers: &HeaderMap) -> Result<Seen, Problem> {
    if !headers.contains_key(IF_MATCH) {
        return Err(Problem::new(PRECONDITION_REQUIRED));
    }
    let mut versions = Vec::new();
    let mut named = 0;
    for value in headers.get_all(IF_MATCH) {
        let Ok(mut rest) = value.to_str().map(str::trim) else { return Err(invalid()) };
        if rest == "*" {
            return Ok(Seen::Any);
        }
        while !rest.is_empty() {
            let (tag, behind) = entity_tag(rest).ok_or_else(invalid)?;
            named += 1;
            versions.extend(ours(tag));
            rest = behind.trim_start();
            if let Some(next) = rest.strip_prefix(',') {
                rest = next.trim_start();
            } else if !rest.is_empty() {
                return Err(invalid());
            }
        }
    }
    if named == 0 { Err(invalid()) } else { Ok(Seen::OneOf(versions)) }
}

fn invalid() -> Problem {
    Problem::invalid_header("If-Match")
}

/// The first tag, without quotation marks, and the rest of the text.
fn entity_tag(text: &str) -> Option<(&str, &str)> {
    let quoted = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"')?;
    quoted.split_once('"')
}

/// The version of a tag; `None` if it is not written as this server writes tags, for example `+1`
/// or `01`.
fn ours(tag: &str) -> Option<Version> {
    let version = tag.parse().ok()?;
    (format!("{version}") == tag).then_some(Version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_tag_is_ours_also_when_a_proxy_has_weakened_it_or_a_list_has_others_beside_it() {
        let seen = |values: &[&str]| seen(&with("if-match", values));
        let versions =
            |all: &[u64]| Ok(Seen::OneOf(all.iter().map(|version| Version(*version)).collect()));
        assert_eq!(seen(&["\"3\""]), versions(&[3]));
        assert_eq!(seen(&["W/\"3\""]), versions(&[3]));
        assert_eq!(seen(&["\"3\", W/\"4\" ,\"a,b\""]), versions(&[3, 4]));
        assert_eq!(seen(&["\"3\"", "\"5\""]), versions(&[3, 5]));
        assert_eq!(seen(&["*"]), Ok(Seen::Any));
        for foreign in ["\"+1\"", "\"01\"", "\"abc\"", "\"\"", "\"-1\""] {
            assert_eq!(seen(&[foreign]), versions(&[]), "{foreign}");
        }
        for wrong in ["3", "\"3", "", "\"3\" \"4\"", "w/\"3\"", "*, \"3\""] {
            assert_eq!(seen(&[wrong]), Err(invalid()), "{wrong}");
        }
        assert_eq!(seen(&[]), Err(Problem::new(PRECONDITION_REQUIRED)));
    }
}
