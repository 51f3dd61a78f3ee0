//! Strict parsing of JSON bodies. serde accepts an array in place of a struct and, in a free value,
//! the last of two equal keys; here neither is accepted, at any depth. All texts, including keys,
//! are normalised and checked while they are parsed, so that handlers get only checked texts.
//! Findings are collected with their places and reported together.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use calendar::Text;
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, Deserializer};

use super::Problem;
use super::problem::{BODY_INVALID, JSON_INVALID};
use crate::forms::{ERRORS_MAX, FieldError, words};
use crate::limits::{JSON_DEPTH_MAX, JSON_KEY_CHARS_MAX, JSON_TEXT_CHARS_MAX};
use dossier::text::{fault, normalised};

/// The body as a `T`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let findings = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = T::deserialize(Strict::new(&mut reader, &findings))
        .and_then(|value| reader.end().map(|()| value));
    let found = findings.take();
    match read {
        Ok(value) if found.is_empty() && is_object(body) => Ok(value),
        Err(error) if !error.is_data() => Err(Problem::new(JSON_INVALID).about(error.to_string())),
        Ok(_) if found.is_empty() => Err(invalid(vec![FieldError {
            pointer: String::new(),
            detail: Text::new("phải là một đối tượng JSON", "an object is due"),
        }])),
        Ok(_) => Err(invalid(found)),
        Err(_) => {
            let (mut found, first) = (look_through(body), first_error::<T>(body));
            // An invalid text or duplicate key has been found already, at a more precise place.
            if !found.iter().any(|other| other.pointer.starts_with(&first.pointer)) {
                found.insert(0, first);
            }
            Err(invalid(found))
        }
    }
}

/// All findings in the body, whatever type is expected: parsing as a type stops at its first error.
fn look_through(body: &[u8]) -> Vec<FieldError> {
    let findings = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    // An error here is the one that parsing as a type reported before.
    let _ = IgnoredAny::deserialize(Strict::new(&mut reader, &findings));
    findings.take()
}

fn invalid(fields: Vec<FieldError>) -> Problem {
    Problem::fields(fields).with_entry(BODY_INVALID)
}

fn is_object(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Parses again with tracking of the path; done for invalid bodies only.
fn first_error<T: DeserializeOwned>(body: &[u8]) -> FieldError {
    let findings = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let strict = Strict::new(&mut reader, &findings);
    match serde_path_to_error::deserialize::<_, T>(strict) {
        Ok(_) => FieldError {
            pointer: String::new(),
            detail: Text::new("không đọc được", "cannot be read"),
        },
        Err(error) => {
            let pointer = pointer(error.path());
            FieldError { pointer, detail: said(&error.into_inner().to_string()) }
        }
    }
}

/// A serde error message, in both languages.
fn said(en: &str) -> Text {
    // The place is given by the pointer.
    let en = en.split(" at line ").next().unwrap_or(en);
    let vi = [
        ("missing field ", "thiếu trường "),
        ("unknown field ", "không có trường này: "),
        ("duplicate field ", "trường viết hai lần: "),
        ("unknown variant ", "giá trị không được nhận: "),
        ("invalid type: ", "không đúng kiểu dữ liệu: "),
        ("invalid value: ", "giá trị không hợp lệ: "),
        ("invalid length ", "độ dài không đúng: "),
    ];
    let known = vi.into_iter().find_map(|(begins, vi)| Some((vi, en.strip_prefix(begins)?)));
    let vi = known.map_or_else(
        || format!("không hợp lệ: {en}"),
        |(vi, rest)| format!("{vi}{}", rest.replace("expected", "cần").replace(" or ", " hoặc ")),
    );
    Text::new(vi, en)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Place of the parser in the body.
#[derive(Clone, Copy)]
enum Place<'p> {
    Body,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Field(within, key) => write!(f, "{within}/{}", escaped(key)),
            Self::Item(within, index) => write!(f, "{within}/{index}"),
        }
    }
}

/// The place, and the findings so far.
#[derive(Clone, Copy)]
struct Watch<'p> {
    place: Place<'p>,
    depth: usize,
    findings: &'p RefCell<Vec<FieldError>>,
}

impl Watch<'_> {
    fn find(&self, detail: Text) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < ERRORS_MAX {
            findings.push(FieldError { pointer: self.place.to_string(), detail });
        }
    }

    /// The text, normalised; findings are recorded.
    fn text<'t>(&self, text: &'t str, max: usize) -> Cow<'t, str> {
        let text = normalised(text);
        if let Some(fault) = fault(&text) {
            self.find(fault.said());
        }
        // Counting is needed only above this: a text has at least one byte for each character.
        if text.len() > max {
            let count = text.chars().count();
            if count > max {
                self.find(words::too_long(count, max));
            }
        }
        text
    }

    fn deeper<E: Error>(&self) -> Result<(), E> {
        if self.depth < JSON_DEPTH_MAX {
            return Ok(());
        }
        Err(E::custom(format_args!("nested deeper than {JSON_DEPTH_MAX} levels")))
    }
}

/// A deserializer that checks texts, keys and depth.
struct Strict<'p, D> {
    inner: D,
    watch: Watch<'p>,
}

impl<'p, D> Strict<'p, D> {
    fn new(inner: D, findings: &'p RefCell<Vec<FieldError>>) -> Self {
        Self { inner, watch: Watch { place: Place::Body, depth: 0, findings } }
    }
}

macro_rules! forward_to_inner {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $name<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$name($($arg,)* Watched { visitor, watch: self.watch, object: false })
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
            return Err(A::Error::custom("an object is due, not an array"));
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
        let watch = Watch { place, depth: self.watch.depth + 1, findings: self.watch.findings };
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
            watch.find(Text::new("trường này viết hai lần", "the key comes twice"));
        }
        self.key = normal;
        seed.deserialize(self.key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let place = Place::Field(&self.watch.place, &self.key);
        let watch = Watch { place, depth: self.watch.depth + 1, findings: self.watch.findings };
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
