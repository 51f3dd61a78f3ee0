//! What a form says to people: the keywords `x-title`, `x-description` and `x-enum-titles`, each in
//! both languages. Forms of shipped procedures were issued without them, and issued rules never
//! change; so their titles are a file of their own, which gives way to those of the form.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use calendar::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Procedure;

/// The title of a field, in both languages.
pub(super) const TITLE: &str = "x-title";
/// An explanation of a field, in both languages.
pub(super) const DESCRIPTION: &str = "x-description";
/// The title of each value of an `enum`, in both languages.
pub(super) const ENUM_TITLES: &str = "x-enum-titles";

/// Titles of one procedure, by JSON Pointer into the form; `*` is every item of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Titles {
    fields: BTreeMap<String, Text>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, Text>>,
}

static SHIPPED_TITLES: LazyLock<BTreeMap<String, Titles>> =
    LazyLock::new(|| titles().unwrap_or_default());

fn titles() -> Result<BTreeMap<String, Titles>, serde_yaml_ng::Error> {
    serde_yaml_ng::from_str(include_str!("../../procedures/form_titles.yaml"))
}

/// The form of a procedure, with the titles that it has itself, and shipped ones where it has none.
#[must_use]
pub fn titled_form(procedure: &Procedure) -> Value {
    let mut form = procedure.form.clone();
    if let Some(titles) = SHIPPED_TITLES.get(procedure.code.as_str()) {
        add(&mut form, "", titles);
    }
    form
}

fn add(schema: &mut Value, pointer: &str, titles: &Titles) {
    let Value::Object(keywords) = schema else { return };
    if let Some(title) = titles.fields.get(pointer) {
        keywords.entry(TITLE).or_insert_with(|| json!(title));
    }
    if let (true, Some(values)) = (keywords.contains_key("enum"), titles.values.get(pointer)) {
        keywords.entry(ENUM_TITLES).or_insert_with(|| json!(values));
    }
    if let Some(Value::Object(fields)) = keywords.get_mut("properties") {
        for (name, field) in fields {
            add(field, &format!("{pointer}/{name}"), titles);
        }
    }
    if let Some(items) = keywords.get_mut("items") {
        add(items, &format!("{pointer}/*"), titles);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::law;

    /// The pointers to all fields and to all values of enums that have no title in a language.
    fn untitled(schema: &Value, pointer: &str, found: &mut Vec<String>) {
        let has_both = |text: &Value| {
            let says = |language| text[language].as_str().is_some_and(|text| !text.is_empty());
            says("vi") && says("en")
        };
        let is_item = pointer.ends_with("/*");
        if !pointer.is_empty() && !is_item && !has_both(&schema[TITLE]) {
            found.push(pointer.to_owned());
        }
        for value in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !has_both(&schema[ENUM_TITLES][value]) {
                found.push(format!("{pointer} {value}"));
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            untitled(field, &format!("{pointer}/{name}"), found);
        }
        if schema["items"].is_object() {
            untitled(&schema["items"], &format!("{pointer}/*"), found);
        }
    }

    #[test]
    fn every_field_and_choice_of_every_shipped_form_has_a_title_in_both_languages() {
        let law = law();
        let mut forms = 0;
        for procedure in law.procedures() {
            let mut found = Vec::new();
            untitled(&titled_form(procedure), "", &mut found);
            assert!(found.is_empty(), "{} {}: {found:?}", procedure.code, procedure.version);
            forms += 1;
        }
        assert!(forms >= super::super::SHIPPED.len(), "{forms}");
    }

    #[test]
    fn every_shipped_title_is_of_a_field_of_a_shipped_form() {
        let (law, titles) = (law(), titles().unwrap());
        for (code, Titles { fields, values }) in &titles {
            let forms: Vec<_> = law.procedures().filter(|p| p.code.as_str() == code).collect();
            for pointer in fields.keys().chain(values.keys()) {
                let pointer = crate::search::one_item(pointer);
                let is_there =
                    |p: &&Procedure| !crate::law::schema::at(&p.form, &pointer).is_empty();
                assert!(forms.iter().any(is_there), "{code} {pointer}");
            }
        }
    }

    #[test]
    fn a_title_of_the_form_itself_comes_first() {
        let law = law();
        let procedure = law.procedures().find(|p| p.code.as_str() == "ENERGY.LABEL").unwrap();
        let mut own = procedure.clone();
        own.form["properties"]["stars"][TITLE] = json!({ "vi": "Hạng", "en": "Class" });
        let form = titled_form(&own);
        assert_eq!(form["properties"]["stars"][TITLE]["en"], "Class");
        assert_eq!(form["properties"]["model"][TITLE]["vi"], "Kiểu loại");
    }
}
