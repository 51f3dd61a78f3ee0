//! Parsing of query strings: all parameters that are unknown, repeated, missing or invalid are
//! found at once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use calendar::Text;
use dossier::law::Finding;
use dossier::shape::{Failed, Fault, repaired};
use dossier::text::{fault, normalised, refused};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::Value;

use super::Problem;
use super::problem::QUERY_INVALID;
use super::strict;

/// Rows of a page at most.
const PAGE_ROWS_MAX: u32 = 100;
/// Characters of an invalid value that are repeated.
const SHOWN_CHARS: usize = 50;

/// Rows of a page, from 1 to 100; 50 if the client does not ask for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRows(pub u32);

impl Default for PageRows {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for PageRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = u32::deserialize(deserializer)?;
        if (1..=PAGE_ROWS_MAX).contains(&rows) {
            return Ok(Self(rows));
        }
        Err(refused(&Text::new(
            format!("phải là số nguyên từ 1 đến {PAGE_ROWS_MAX}"),
            format!("must be a whole number from 1 to {PAGE_ROWS_MAX}"),
        )))
    }
}

/// The query string as a `T`.
pub(super) fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let sent = pairs(query);
    let mut found = Vec::new();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, value) in &sent {
        if let Some(fault) = fault(value).or_else(|| fault(name)) {
            found.push(Finding::said(shown(name), fault.said()));
        } else if first.insert(name, value).is_some() {
            found
                .push(Finding::said(shown(name), Text::new("tham số viết hai lần", "comes twice")));
        }
    }
    if found.is_empty()
        && let Ok(read) = T::deserialize(Parameters::of(first.iter().map(|(n, v)| (*n, *v))))
    {
        return Ok(read);
    }
    let known = found.iter().map(|found| found.pointer.clone()).collect::<Vec<_>>();
    let value = first.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let limits = strict::limits(query.len());
    let errors = repaired(value.collect(), limits, |value| first_error::<T>(value)).findings;
    for Finding { pointer, vi, en, .. } in errors {
        let name = pointer.trim_start_matches('/').replace("~1", "/").replace("~0", "~");
        let name = shown(&name);
        if known.contains(&name) {
            continue;
        }
        let of = |text: String| match first.get(&*name) {
            Some(value) => format!("`{}`: {text}", shown(value)),
            None => text,
        };
        found.push(Finding::new(name.clone(), of(vi), of(en)));
    }
    Err(Problem::fields(QUERY_INVALID, found))
}

/// Findings of parameters that an operation without any does not accept.
pub(super) fn none_accepted(query: &str) -> Vec<Finding> {
    let why = || {
        Text::new(
            "không có tham số này; thao tác này không nhận tham số nào",
            "there is no such parameter; this operation takes none",
        )
    };
    let sent = pairs(query);
    sent.iter().map(|(name, _)| Finding::said(shown(name), why())).collect()
}

/// The parameters, normalised, in their order.
fn pairs(query: &str) -> Vec<(String, String)> {
    let sent: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        serde_urlencoded::from_str(query).unwrap_or_default();
    let normal = |text: &str| normalised(text).into_owned();
    sent.iter().map(|(name, value)| (normal(name), normal(value))).collect()
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

fn first_error<T: DeserializeOwned>(value: &Value) -> Result<(), Failed> {
    let texts: Vec<(String, String)> = value.as_object().map_or_else(Vec::new, |fields| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    });
    let failed = strict::diagnose::<T, _>(Parameters::of(texts.iter().map(|(n, v)| (&**n, &**v))));
    failed.map_err(|Failed { pointer, fault }| Failed { pointer, fault: of_parameter(fault) })
}

/// The fault in the words of parameters.
fn of_parameter(fault: Fault) -> Fault {
    match fault {
        Fault::UnknownField { name, accepted } => {
            let all = accepted.join(", ");
            Fault::UnknownParameter {
                name,
                said: Text::new(
                    format!("không có tham số này; các tham số được chấp nhận: {all}"),
                    format!("there is no such parameter; accepted: {all}"),
                ),
            }
        }
        other => other,
    }
}

/// Parameters, each of which is parsed as the type that is asked for.
struct Parameters;

impl Parameters {
    fn of<'p>(
        pairs: impl Iterator<Item = (&'p str, &'p str)>,
    ) -> MapDeserializer<'p, impl Iterator<Item = (&'p str, Part<'p>)>, serde::de::value::Error>
    {
        MapDeserializer::new(pairs.map(|(name, value)| (name, Part(value))))
    }
}

/// The value of a parameter.
struct Part<'p>(&'p str);

impl<'de> IntoDeserializer<'de, serde::de::value::Error> for Part<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($name:ident $visit:ident;)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Error::invalid_value(serde::de::Unexpected::Other("text"), &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = serde::de::value::Error;

    parsed! {
        deserialize_bool visit_bool;
        deserialize_i8 visit_i8;
        deserialize_i16 visit_i16;
        deserialize_i32 visit_i32;
        deserialize_i64 visit_i64;
        deserialize_u8 visit_u8;
        deserialize_u16 visit_u16;
        deserialize_u32 visit_u32;
        deserialize_u64 visit_u64;
        deserialize_f32 visit_f32;
        deserialize_f64 visit_f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Other,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Query {
        limit: Option<PageRows>,
        kind: Option<Kind>,
        from: Option<jiff::Timestamp>,
        year: i16,
        name: crate::Line<5>,
        dry_run: Option<bool>,
    }

    fn found(query: &str) -> Vec<(String, String)> {
        let problem = read::<Query>(query).unwrap_err();
        assert_eq!(problem.code(), "query-invalid");
        let found = problem.findings().iter();
        let mut found: Vec<_> = found.map(|one| (one.pointer.clone(), one.en.clone())).collect();
        found.sort();
        found
    }

    #[test]
    fn parameters_are_read_as_their_types() {
        let query = "limit=100&kind=other&year=-1&name=e%CC%82&dry_run=true";
        let read = read::<Query>(query).unwrap();
        assert_eq!((read.limit, read.kind), (Some(PageRows(100)), Some(Kind::Other)));
        assert_eq!((read.year, &*read.name.0, read.dry_run), (-1, "\u{ea}", Some(true)));
        assert_eq!(read.from, None);
    }

    #[test]
    fn all_that_is_wrong_with_a_query_is_told_at_once() {
        let rows = "must be a whole number from 1 to 100";
        let expected = [
            ("from", "`x`: is not valid: must be an instant as in RFC 3339, for example 2026-11-20T09:00:00+07:00".to_owned()),
            ("kind", "`none`: must be one of: one, other".to_owned()),
            ("limit", format!("`0`: {rows}")),
            ("more", "`1`: there is no such parameter; accepted: limit, kind, from, year, name, dry_run".to_owned()),
            ("name", "is required".to_owned()),
            ("year", "`x`: is not valid: must be a whole number".to_owned()),
        ];
        let expected = expected.map(|(name, en)| (name.to_owned(), en));
        assert_eq!(found("limit=0&kind=none&from=x&year=x&more=1"), expected);
        assert_eq!(found("name=a&name=b&year=1")[0].0, "name");
        assert_eq!(found("name=%00&year=1")[0].0, "name");
    }
}
