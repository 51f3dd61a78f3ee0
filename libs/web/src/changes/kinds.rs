//! The filter of the change feed by kinds of events.

use std::sync::Arc;

use dossier::changes::{self, Pattern};
use dossier::law::Text;
use dossier::text::refused;
use events::Filter;
use serde::{Deserialize, Deserializer};

use crate::limits::KINDS_MAX;

/// Kinds of events; all of the feed if it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(Vec<Pattern>);

impl Kinds {
    /// Whether a kind is one of them.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.has(kind))
    }

    /// The filter for reading the log. It may let more pass.
    #[must_use]
    pub fn filter(&self) -> Filter {
        if self.0.is_empty() {
            return all();
        }
        Filter { kinds: self.0.iter().map(Pattern::prefix).collect() }
    }
}

/// The filter for all events of the feed.
#[must_use]
pub fn all() -> Filter {
    let mut sources: Vec<Arc<str>> = changes::kinds()
        .filter_map(|kind| kind.split_once('.').map(|(source, _)| format!("{source}.").into()))
        .collect();
    sources.sort();
    sources.dedup();
    Filter { kinds: sources }
}

impl<'de> Deserialize<'de> for Kinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (mut patterns, mut unknown) = (Vec::new(), Vec::new());
        for part in text.split(',').map(str::trim) {
            match Pattern::of(part) {
                Some(pattern) => patterns.push(pattern),
                None => unknown.push(part),
            }
        }
        if !unknown.is_empty() {
            unknown.truncate(KINDS_MAX);
            let unknown = unknown.join(", ");
            return Err(refused(&Text::new(
                format!(
                    "không có loại sự kiện: {unknown}; ví dụ intake.DossierAccepted.v1 hoặc payment.*"
                ),
                format!(
                    "there is no such kind of event: {unknown}; for example intake.DossierAccepted.v1 or payment.*"
                ),
            )));
        }
        if patterns.len() > KINDS_MAX {
            return Err(refused(&Text::new(
                format!("nhiều nhất {KINDS_MAX} loại sự kiện"),
                format!("at most {KINDS_MAX} kinds of events"),
            )));
        }
        Ok(Self(patterns))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    fn kinds(text: &str) -> Result<Kinds, String> {
        let text: StrDeserializer<'_, Error> = text.into_deserializer();
        Kinds::deserialize(text).map_err(|error| error.to_string())
    }

    #[test]
    fn kinds_are_named_one_by_one_or_all_of_a_service() {
        let kinds = kinds("payment.*, intake.DossierAccepted.v1").unwrap();
        assert!(kinds.has("payment.FeeAssessed.v1") && kinds.has("intake.DossierAccepted.v1"));
        assert!(!kinds.has("intake.DossierRefused.v1"));
        assert!(kinds.filter().passes("payment.FeeAssessed.v1"));
        assert!(!kinds.filter().passes("review.ReviewOpened.v1"));
        assert!(Kinds::default().has("law.RulesIssued.v1"));
        assert!(Kinds::default().filter().passes("law.RulesIssued.v1"));
        assert!(!Kinds::default().filter().passes("reads.PersonalDataRead.v1"));
    }

    #[test]
    fn a_kind_that_there_is_not_is_refused_by_its_name() {
        for text in ["", "intake", "intake.", "*", "intake.Dossier*", "reads.*", "a,intake.*"] {
            assert!(kinds(text).unwrap_err().contains("no such kind"), "{text}");
        }
        let many = vec!["payment.*"; KINDS_MAX + 1].join(",");
        assert!(kinds(&many).unwrap_err().contains("at most"));
    }
}
