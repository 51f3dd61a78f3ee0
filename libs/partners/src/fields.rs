//! Reads a decoded YAML file field by field and collects all findings, with their pointers.

use serde_json::{Map, Value};

use crate::finding::{Findings, escaped};

/// Maximum length of a text in a file, in characters.
const TEXT_CHARS_MAX: usize = 1_000;

/// An object of a file.
pub(crate) struct Fields<'v> {
    object: Option<&'v Map<String, Value>>,
    at: String,
    known: Vec<&'static str>,
}

impl<'v> Fields<'v> {
    /// The object at this pointer; a finding if it is something else.
    pub(crate) fn new(value: &'v Value, at: impl Into<String>, found: &mut Findings) -> Self {
        let at = at.into();
        let object = value.as_object();
        if object.is_none() {
            found.add(&*at, "phải là một đối tượng", "is not an object");
        }
        Self { object, at, known: Vec::new() }
    }

    /// The pointer of a field.
    pub(crate) fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.at, escaped(name))
    }

    /// A field that may be missing.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.object?.get(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &'static str, found: &mut Findings) -> Option<&'v Value> {
        let value = self.optional(name);
        if value.is_none() && self.object.is_some() {
            found.add(self.pointer(name), "không có", "is missing");
        }
        value
    }

    /// A text that must be there; empty after a finding.
    pub(crate) fn text(&mut self, name: &'static str, found: &mut Findings) -> &'v str {
        let value = self.required(name, found);
        value.and_then(|value| text(value, &self.pointer(name), found)).unwrap_or_default()
    }

    /// A whole number; the default if it is missing.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        default: i64,
        range: std::ops::RangeInclusive<i64>,
        found: &mut Findings,
    ) -> i64 {
        let Some(value) = self.optional(name) else { return default };
        let number = value.as_i64().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let (vi, en) = (
                format!("phải là số nguyên từ {least} đến {most}"),
                format!("is not a whole number from {least} to {most}"),
            );
            found.add(self.pointer(name), vi, en);
        }
        number.unwrap_or(default)
    }

    /// Truth; false if it is missing.
    pub(crate) fn flag(&mut self, name: &'static str, found: &mut Findings) -> bool {
        let Some(value) = self.optional(name) else { return false };
        let flag = value.as_bool();
        if flag.is_none() {
            found.add(self.pointer(name), "phải là true hoặc false", "is not true or false");
        }
        flag.unwrap_or(false)
    }

    /// The items of a list with at most `max`; none if it is missing.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        max: usize,
        found: &mut Findings,
    ) -> Vec<(String, &'v Value)> {
        let Some(value) = self.optional(name) else { return Vec::new() };
        let at = self.pointer(name);
        let Some(items) = value.as_array() else {
            found.add(at, "phải là một danh sách", "is not a list");
            return Vec::new();
        };
        too_many(items.len(), max, &at, found);
        let items = items.iter().take(max).enumerate();
        items.map(|(place, item)| (format!("{at}/{place}"), item)).collect()
    }

    /// The entries of a table with at most `max`; none if it is missing.
    pub(crate) fn table(
        &mut self,
        name: &'static str,
        max: usize,
        found: &mut Findings,
    ) -> Vec<(String, &'v str, &'v Value)> {
        let Some(value) = self.optional(name) else { return Vec::new() };
        let at = self.pointer(name);
        let Some(entries) = value.as_object() else {
            found.add(at, "phải là một bảng", "is not a table");
            return Vec::new();
        };
        too_many(entries.len(), max, &at, found);
        let entries = entries.iter().take(max);
        entries.map(|(key, value)| (format!("{at}/{}", escaped(key)), &**key, value)).collect()
    }

    /// Reports the fields that were not asked for.
    pub(crate) fn end(self, found: &mut Findings) {
        let names = self.object.into_iter().flat_map(Map::keys);
        for name in names.filter(|name| !self.known.contains(&&***name)) {
            let known = self.known.join(", ");
            let (vi, en) = (
                format!("không có trường này; có {known}"),
                format!("is no field of a partner; the fields are {known}"),
            );
            found.add(self.pointer(name), vi, en);
        }
    }
}

fn too_many(number: usize, max: usize, at: &str, found: &mut Findings) {
    if number > max {
        let (vi, en) = (
            format!("{number} mục, nhiều nhất {max}"),
            format!("has {number} entries, at most {max}"),
        );
        found.add(at, vi, en);
    }
}

/// A text; a finding if it is something else, as a number that is not in quotation marks.
pub(crate) fn text<'v>(value: &'v Value, at: &str, found: &mut Findings) -> Option<&'v str> {
    let text = value.as_str();
    match text {
        None => found.add(
            at,
            "phải là chuỗi, đặt trong ngoặc kép",
            "is not a text; put it in quotation marks",
        ),
        Some(text) if text.chars().count() > TEXT_CHARS_MAX => {
            let (vi, en) = (
                format!("dài hơn {TEXT_CHARS_MAX} ký tự"),
                format!("has more than {TEXT_CHARS_MAX} characters"),
            );
            found.add(at, vi, en);
        }
        Some(_) => {}
    }
    text
}

/// The value of a name in a list of names.
pub(crate) fn one_of<T: Copy>(
    text: &str,
    names: &[(&str, T)],
    at: &str,
    found: &mut Findings,
) -> Option<T> {
    let listed = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if listed.is_none() && !text.is_empty() {
        let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let (vi, en) = (
            format!("`{text}` không phải một trong {names}"),
            format!("`{text}` is none of {names}"),
        );
        found.add(at, vi, en);
    }
    listed
}
