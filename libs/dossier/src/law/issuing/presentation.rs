//! Checks the keywords by which a form is drawn: titles in both languages, and the order of the
//! fields. A wrong one would show nothing, or hide a field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Check;
use crate::law::form_order::ORDER;
use crate::law::form_titles::{DESCRIPTION, ENUM_TITLES, TITLE};

/// Whether a value is a text in both languages, and nothing else.
fn is_text(value: &Value) -> bool {
    let Value::Object(languages) = value else { return false };
    let says = |language: &str| {
        languages.get(language).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    languages.len() == 2 && says("vi") && says("en")
}

impl Check<'_, '_> {
    /// Checks the keywords of one schema.
    pub(super) fn presentation(&mut self, keywords: &Map<String, Value>, pointer: &str) {
        for keyword in [TITLE, DESCRIPTION] {
            if keywords.get(keyword).is_some_and(|value| !is_text(value)) {
                self.not_a_text(&format!("{pointer}/{keyword}"));
            }
        }
        if let Some(titles) = keywords.get(ENUM_TITLES) {
            self.enum_titles(keywords, titles, &format!("{pointer}/{ENUM_TITLES}"));
        }
        if let Some(order) = keywords.get(ORDER) {
            self.order(keywords, order, &format!("{pointer}/{ORDER}"));
        }
    }

    fn not_a_text(&mut self, pointer: &str) {
        let vi = "phải có đúng hai ngôn ngữ, ví dụ `{ vi: Tên, en: Name }`";
        let en = "must have exactly the two languages, for example `{ vi: Tên, en: Name }`";
        self.add(pointer, vi, en);
    }

    fn enum_titles(&mut self, keywords: &Map<String, Value>, titles: &Value, pointer: &str) {
        let choices = keywords.get("enum").and_then(Value::as_array);
        let (Value::Object(titles), Some(choices)) = (titles, choices) else {
            let vi = "là tên của từng giá trị trong `enum` cùng chỗ, theo giá trị";
            let en = "has the titles of the values of an `enum` beside it, by value";
            self.add(pointer, vi, en);
            return;
        };
        let written = |choice: &Value| choice.as_str().map_or(choice.to_string(), str::to_owned);
        let choices: BTreeSet<String> = choices.iter().map(written).collect();
        for (value, title) in titles {
            let at = format!("{pointer}/{}", value.replace('~', "~0").replace('/', "~1"));
            if !choices.contains(value) {
                let vi = format!("`{value}` không có trong `enum`");
                self.add(&at, vi, format!("`{value}` is not in `enum`"));
            } else if !is_text(title) {
                self.not_a_text(&at);
            }
        }
    }

    fn order(&mut self, keywords: &Map<String, Value>, order: &Value, pointer: &str) {
        let fields = keywords.get("properties").and_then(Value::as_object);
        let (Value::Array(order), Some(fields)) = (order, fields) else {
            let vi = "là danh sách tên các trường của `properties` cùng chỗ";
            let en = "is a list of the names of the `properties` beside it";
            self.add(pointer, vi, en);
            return;
        };
        let mut named = BTreeSet::new();
        for (place, name) in order.iter().enumerate() {
            let known = name.as_str().filter(|name| fields.contains_key(*name));
            if !known.is_some_and(|name| named.insert(name)) {
                let vi = format!("{name} không phải là một trường, hoặc được nêu hai lần");
                let en = format!("{name} is no field, or is named twice");
                self.add(&format!("{pointer}/{place}"), vi, en);
            }
        }
        for left_out in fields.keys().filter(|name| !named.contains(name.as_str())) {
            let vi = format!("thiếu trường `{left_out}`");
            self.add(pointer, vi, format!("the field `{left_out}` is left out"));
        }
    }
}
