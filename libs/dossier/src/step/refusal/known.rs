//! A name that is not known, with the names that are.

use std::fmt::Display;

use calendar::Text;
use serde::Serialize;

use super::Said;
use crate::contract::{AgencyCode, ComponentCode};
use crate::law::{FINDINGS_MAX, Procedure};

/// Names that are listed in a refusal; beyond this, the refusal says where the list is.
const KNOWN_LISTED_MAX: usize = 20;

/// A name that was given, and the names that are accepted in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    given: String,
    accepted: Accepted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Accepted {
    These(Vec<String>),
    /// Too many to list: where they are.
    At(&'static str),
}

impl Known {
    /// `list` says where the accepted names are, for example `GET /v1/procedures`. It is told if
    /// there are more than 20.
    pub fn new<T: Display>(
        given: impl Display,
        accepted: impl IntoIterator<Item = T>,
        list: &'static str,
    ) -> Self {
        let few: Vec<String> = accepted
            .into_iter()
            .take(KNOWN_LISTED_MAX + 1)
            .map(|accepted| accepted.to_string())
            .collect();
        let accepted =
            if few.len() > KNOWN_LISTED_MAX { Accepted::At(list) } else { Accepted::These(few) };
        Self { given: given.to_string(), accepted }
    }

    /// Values as they are written in JSON.
    pub fn of_values<'v, T: Serialize + 'v>(
        given: &T,
        accepted: impl IntoIterator<Item = &'v T>,
        list: &'static str,
    ) -> Self {
        Self::new(written(given), accepted.into_iter().map(written), list)
    }

    /// An agency that receives no such dossiers, or none at all, and those that do. If they are too
    /// many, the catalogue of procedures has the agency of each, which all callers may read.
    pub fn agencies<'l>(
        given: &AgencyCode,
        accepted: impl IntoIterator<Item = &'l AgencyCode>,
    ) -> Self {
        Self::new(given, accepted, "GET /v1/procedures")
    }

    /// A component of a dossier, and those of the procedure.
    #[must_use]
    pub fn component(given: &ComponentCode, procedure: &Procedure) -> Self {
        let accepted = procedure.documents.iter().map(|component| &component.code);
        Self::new(given, accepted, "GET /v1/procedures/{code}")
    }

    /// The first components that a procedure does not have, with their places in the list.
    pub(crate) fn unknown_components<'c>(
        procedure: &Procedure,
        given: impl IntoIterator<Item = &'c ComponentCode>,
    ) -> Vec<(usize, Self)> {
        let is_known =
            |code: &ComponentCode| procedure.documents.iter().any(|one| one.code == *code);
        let unknown = given.into_iter().enumerate().filter(|(_, code)| !is_known(code));
        let unknown = unknown.take(FINDINGS_MAX);
        unknown.map(|(place, code)| (place, Self::component(code, procedure))).collect()
    }
}

/// A value as text, without the quotation marks of JSON.
fn written(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Said for Known {
    fn said(&self) -> Text {
        let given = &self.given;
        match &self.accepted {
            Accepted::These(none) if none.is_empty() => Text::new(
                format!("`{given}`; không có giá trị nào được chấp nhận"),
                format!("`{given}`; no value is accepted"),
            ),
            Accepted::These(few) => {
                let few = few.join(", ");
                Text::new(
                    format!("`{given}`; các giá trị được chấp nhận: {few}"),
                    format!("`{given}`; accepted: {few}"),
                )
            }
            Accepted::At(list) => Text::new(
                format!("`{given}`; xem danh sách tại `{list}`"),
                format!("`{given}`; the list is at `{list}`"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_names_are_listed_or_their_list_is_named() {
        let known = |count: u32| Known::new("x", 1..=count, "GET /v1/things").said();
        assert_eq!(known(2).en, "`x`; accepted: 1, 2");
        assert_eq!(known(2).vi, "`x`; các giá trị được chấp nhận: 1, 2");
        assert!(known(20).en.ends_with(", 20"));
        assert_eq!(known(21).en, "`x`; the list is at `GET /v1/things`");
        assert_eq!(known(0).en, "`x`; no value is accepted");
    }
}
