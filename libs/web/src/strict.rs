//! Strict parsing of JSON bodies. serde accepts an array in place of a struct and, in a free value,
//! the last of two equal keys; here neither is accepted, at any depth. All texts, including keys,
//! are normalised and checked while they are parsed, so that handlers get only checked texts.
//! Findings are collected with their places and reported together.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use calendar::Text;
use engine::forms::ERRORS_MAX;
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, Deserializer};

use super::Problem;
use super::problem::{BODY_INVALID, JSON_INVALID};
use crate::limits::{
    DIAGNOSED_BYTES_MAX, DIAGNOSIS_ATTEMPTS_MAX, JSON_KEY_CHARS_MAX, JSON_TEXT_CHARS_MAX,
};
use dossier::law::Finding;
use dossier::shape::{Failed, Fault, Limits, is_within, pointer, repaired};
use dossier::text::refused;

mod watch;

use watch::{Place, Watch};

/// The body as a `T`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let findings = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = T::deserialize(Strict::new(&mut reader, &findings))
        .and_then(|value| reader.end().map(|()| value));
    let found = findings.take();
    match read {
        Ok(value) if found.is_empty() && is_object(body) => Ok(value),
        // A value of another type where a choice is expected is a syntax error to the parser.
        Err(error) if !error.is_data() && !is_json(body) => Err(not_json(&error)),
        Ok(_) if found.is_empty() => Err(invalid(vec![Finding::said("", no_object())])),
        Ok(_) => Err(invalid(found)),
        Err(_) => Err(invalid(all_errors::<T>(body))),
    }
}

/// The problem of a body that is not JSON.
fn not_json(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let why = if error.is_eof() {
        Text::new(
            format!("nội dung bị thiếu phần cuối, sau dòng {line}, cột {column}"),
            format!("the body ends too early, after line {line}, column {column}"),
        )
    } else {
        Text::new(
            format!("sai cú pháp JSON tại dòng {line}, cột {column}"),
            format!("JSON syntax error in line {line}, column {column}"),
        )
    };
    Problem::new(JSON_INVALID).about(why)
}

fn no_object() -> Text {
    Text::new("phải là đối tượng JSON", "must be an object")
}

/// All errors of a body that cannot be read as a `T`.
fn all_errors<T: DeserializeOwned>(body: &[u8]) -> Vec<Finding> {
    let texts = look_through(body);
    let mut found = match serde_json::from_slice(body) {
        Ok(value) => repaired(value, limits(body.len()), |value| diagnose::<T, _>(value)).findings,
        Err(_) => Vec::new(),
    };
    // An invalid text or duplicate key has been found already, at a more precise place.
    found.retain(|found| {
        !texts
            .iter()
            .any(|text| !found.pointer.is_empty() && is_within(&text.pointer, &found.pointer))
    });
    found.extend(texts);
    if found.is_empty() {
        let why = Text::new("không đọc được", "cannot be read");
        found.push(Finding::said("", why));
    }
    found.truncate(ERRORS_MAX);
    found
}

/// Limits for an input of so many bytes.
pub(super) fn limits(bytes: usize) -> Limits {
    let attempts = (DIAGNOSED_BYTES_MAX / bytes.max(1)).clamp(1, DIAGNOSIS_ATTEMPTS_MAX);
    Limits { attempts, findings: ERRORS_MAX }
}

/// The first error of an input that is parsed as a `T`.
pub(super) fn diagnose<'de, T, D>(input: D) -> Result<(), Failed>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let findings = RefCell::default();
    let strict = Strict::new(input, &findings);
    let strict = Strict { watch: Watch { diagnosing: true, ..strict.watch }, ..strict };
    match serde_path_to_error::deserialize::<_, T>(strict) {
        Ok(_) => Ok(()),
        Err(error) => {
            let pointer = pointer(error.path());
            Err(Failed { pointer, fault: Fault::of(&error.into_inner().to_string()) })
        }
    }
}

/// All invalid texts and keys in the body, whatever type is expected.
fn look_through(body: &[u8]) -> Vec<Finding> {
    let findings = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // An error here is the one that parsing as a type reported before.
    let _ = IgnoredAny::deserialize(Strict::new(&mut reader, &findings));
    findings.take()
}

fn invalid(found: Vec<Finding>) -> Problem {
    Problem::fields(BODY_INVALID, found)
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn is_object(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// A deserializer that checks texts, keys and depth.
struct Strict<'p, D> {
    inner: D,
    watch: Watch<'p>,
}

impl<'p, D> Strict<'p, D> {
    fn new(inner: D, findings: &'p RefCell<Vec<Finding>>) -> Self {
        let watch = Watch { place: Place::Body, depth: 0, findings, diagnosing: false };
        Self { inner, watch }
    }
}

/// An error whose message is a library's becomes one that says what was expected.
fn explained<E: Error>(error: E, expected: Option<&str>) -> E {
    match expected {
        Some(expected) if Fault::of(&error.to_string()) == Fault::Other => {
            E::custom(format_args!("invalid value: it, expected {expected}"))
        }
        _ => error,
    }
}

macro_rules! forward_to_inner {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let expected = self.watch.expected(&visitor);
            let watched = Watched { visitor, watch: self.watch, object: false };
            let read = self.inner.$name($($arg,)* watched);
            read.map_err(|error| explained(error, expected.as_deref()))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<'_, D> {
    type Error = D::Error;

    forward_to_inner! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let watched = Watched { visitor, watch: self.watch, object: true };
        self.inner.deserialize_struct(name, fields, watched)
    }

    /// Ignored values are checked too.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// A visitor that checks texts, keys and depth.
struct Watched<'p, V> {
    visitor: V,
    watch: Watch<'p>,
    /// Whether only an object is accepted.
    object: bool,
}

macro_rules! forward_to_visitor {
    ($($name:ident($type:ty);)*) => {$(
        fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$name(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    forward_to_visitor! {
        visit_bool(bool);
        visit_i64(i64);
        visit_i128(i128);
        visit_u64(u64);
        visit_u128(u128);
        visit_f64(f64);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match self.watch.text(text, JSON_TEXT_CHARS_MAX) {
            Cow::Borrowed(text) => self.visitor.visit_str(text),
            Cow::Owned(text) => self.visitor.visit_string(text),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        match self.watch.text(text, JSON_TEXT_CHARS_MAX) {
            Cow::Borrowed(text) => self.visitor.visit_borrowed_str(text),
            Cow::Owned(text) => self.visitor.visit_string(text),
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.visit_str(&text)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict { inner, watch: self.watch })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict { inner, watch: self.watch })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        if self.object {
            return Err(refused(&no_object()));
        }
        self.watch.deeper()?;
        self.visitor.visit_seq(Items { inner, watch: self.watch, next: 0 })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.watch.deeper()?;
        let (seen, key) = (HashSet::new(), String::new());
        self.visitor.visit_map(Fields { inner, watch: self.watch, seen, key })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Variants { inner, watch: self.watch })
    }
}

/// A seed for a nested value.
struct Seed<'p, S> {
    seed: S,
    watch: Watch<'p>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Strict { inner, watch: self.watch })
    }
}

struct Items<'p, A> {
    inner: A,
    watch: Watch<'p>,
    next: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let place = Place::Item(&self.watch.place, self.next);
        self.next = self.next.saturating_add(1);
        let watch = Watch { place, depth: self.watch.depth + 1, ..self.watch };
        self.inner.next_element_seed(Seed { seed, watch })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

struct Fields<'p, A> {
    inner: A,
    watch: Watch<'p>,
    seen: HashSet<String>,
    /// The key of the next value.
    key: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Some(key) = self.inner.next_key::<String>()? else { return Ok(None) };
        let watch = Watch { place: Place::Field(&self.watch.place, &key), ..self.watch };
        let normal = watch.text(&key, JSON_KEY_CHARS_MAX).into_owned();
        if !self.seen.insert(normal.clone()) {
            watch.find(Text::new("trường này viết hai lần", "this field comes twice"));
        }
        self.key = normal;
        seed.deserialize(self.key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let place = Place::Field(&self.watch.place, &self.key);
        let watch = Watch { place, depth: self.watch.depth + 1, ..self.watch };
        self.inner.next_value_seed(Seed { seed, watch })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

struct Variants<'p, A> {
    inner: A,
    watch: Watch<'p>,
}

impl<'de, 'p, A: EnumAccess<'de>> EnumAccess<'de> for Variants<'p, A> {
    type Error = A::Error;
    type Variant = Variants<'p, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Variants { inner, watch: self.watch }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variants<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Seed { seed, watch: self.watch })
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Watched { visitor, watch: self.watch, object: false })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Watched { visitor, watch: self.watch, object: true })
    }
}

#[cfg(test)]
mod tests;
