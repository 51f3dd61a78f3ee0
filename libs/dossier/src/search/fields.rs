//! The fields of a form by which dossiers are found.

use serde_json::Value;

use super::Terms;
use crate::law::Procedure;
use crate::law::schema::same_place;

/// Fields of a procedure's form by which its dossiers are found, at most.
pub const FIELDS_MAX: usize = 40;
/// Texts of one form that are looked at.
const TEXTS_MAX: usize = 100;
/// Depth to which a form is looked at.
const DEPTH_MAX: usize = 8;

/// Names of fields by which dossiers of a procedure that does not list its own are found.
const TEXTS: &[&str] = &["name", "full_name"];
/// The same for numbers.
const NUMBERS: &[&str] = &[
    "tax_code",
    "phone",
    "telephone",
    "identity_number",
    "personal_number",
    "passport",
    "certificate",
    "number",
];
/// Formats of numbers by which dossiers are found, whatever the name of the field.
const FORMATS: &[&str] = &["vn-tax-code", "telephone"];
/// In a pointer: every item of a list.
const EACH: &str = "*";

/// How the text of a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Text,
    Number,
}

/// The fields of a procedure's form by which dossiers are found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Vec<String>, Read)>);

impl Fields {
    /// The fields that the procedure lists as `search`; otherwise all with a well-known name or
    /// format: names, tax codes, telephone and identity numbers.
    #[must_use]
    pub fn of(procedure: &Procedure) -> Self {
        let Some(listed) = &procedure.search else {
            let mut found = Self::default();
            found.visit(&procedure.form, &procedure.form, &mut Vec::new());
            return found;
        };
        let listed = listed.iter().take(FIELDS_MAX).map(|pointer| {
            let names: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
            let schemas = crate::law::schema::at(&procedure.form, &one_item(pointer));
            let read = read(&schemas, names.last().map_or("", String::as_str));
            (names, read.unwrap_or(Read::Text))
        });
        Self(listed.collect())
    }

    /// Adds the terms of a form.
    pub fn index(&self, form: &Value, terms: &mut Terms) {
        for (names, read) in &self.0 {
            let mut texts = Vec::new();
            collect(form, names, &mut texts);
            for text in texts {
                match read {
                    Read::Text => terms.text(text),
                    Read::Number => terms.number(text),
                }
            }
        }
    }

    fn visit(&mut self, root: &Value, schema: &Value, names: &mut Vec<String>) {
        if names.len() >= DEPTH_MAX {
            return;
        }
        for schema in same_place(root, vec![schema]) {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, field) in properties.into_iter().flatten() {
                names.push(name.clone());
                let places = same_place(root, vec![field]);
                let is_known =
                    self.0.len() >= FIELDS_MAX || self.0.iter().any(|(known, _)| known == names);
                if let Some(read) = read(&places, name).filter(|_| !is_known) {
                    self.0.push((names.clone(), read));
                }
                self.visit(root, field, names);
                names.pop();
            }
            if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
                names.push(EACH.to_owned());
                self.visit(root, items, names);
                names.pop();
            }
        }
    }
}

/// A pointer in which every list is replaced by its first item.
#[must_use]
pub(crate) fn one_item(pointer: &str) -> String {
    let names = pointer.split('/').map(|name| if name == EACH { "0" } else { name });
    names.collect::<Vec<_>>().join("/")
}

/// How a field with these schemas and this name is read; `None` if it is not a known one.
fn read(schemas: &[&Value], name: &str) -> Option<Read> {
    let has = |keyword: &str, known: &dyn Fn(&str) -> bool| {
        let values = schemas.iter().filter_map(|schema| schema.get(keyword)?.as_str());
        values.into_iter().any(known)
    };
    if has("format", &|format| FORMATS.contains(&format)) {
        return Some(Read::Number);
    }
    let is_text = has("type", &|kind| kind == "string");
    let read = if NUMBERS.contains(&name) {
        Read::Number
    } else if TEXTS.contains(&name) {
        Read::Text
    } else {
        return None;
    };
    is_text.then_some(read)
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

fn collect<'f>(value: &'f Value, names: &[String], texts: &mut Vec<&'f str>) {
    let Some((name, rest)) = names.split_first() else {
        if let Value::String(text) = value
            && texts.len() < TEXTS_MAX
        {
            texts.push(text);
        }
        return;
    };
    match value {
        Value::Array(items) if name == EACH => {
            items.iter().take(TEXTS_MAX).for_each(|item| collect(item, rest, texts));
        }
        Value::Object(fields) => {
            if let Some(field) = fields.get(name) {
                collect(field, rest, texts);
            }
        }
        Value::Array(_) | Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::law::Law;
    use crate::search::Query;

    fn procedure(code: &str) -> Procedure {
        let law = Law::shipped().unwrap();
        law.procedures().filter(|procedure| procedure.code.as_str() == code).last().unwrap().clone()
    }

    fn found(procedure: &Procedure, form: &Value, query: &str) -> bool {
        let mut terms = Terms::default();
        Fields::of(procedure).index(form, &mut terms);
        Query::parse(query).unwrap().matches(&terms)
    }

    #[test]
    fn a_form_is_found_by_its_names_tax_codes_and_telephone_numbers_and_by_nothing_else() {
        let promotion = procedure("2.000004");
        let form = json!({
            "merchant": { "name": "Công ty Dệt Nam Định", "tax_code": "0312345678", "phone": "+84912345678" },
            "programme": { "name": "Mùa hè", "goods": "Áo len", "prizes_vnd": 5 },
        });
        for query in ["dệt nam định", "0312345678", "5678", "0912 345 678", "mua he"] {
            assert!(found(&promotion, &form, query), "{query}");
        }
        assert!(!found(&promotion, &form, "áo len"));
    }

    #[test]
    fn every_shipped_form_with_a_name_or_a_tax_code_is_found_by_it() {
        let law = Law::shipped().unwrap();
        let mut forms = 0;
        for procedure in law.procedures() {
            let text = procedure.form.to_string();
            if text.contains("tax_code") {
                let Fields(fields) = Fields::of(procedure);
                let has = |last: &str| {
                    fields.iter().any(|(names, _)| names.last().is_some_and(|name| name == last))
                };
                assert!(has("tax_code") && has("name"), "{}", procedure.code);
                forms += 1;
            }
        }
        assert!(forms > 5, "{forms}");
    }

    #[test]
    fn a_procedure_that_lists_its_fields_is_found_by_these_alone() {
        let mut listed = procedure("CO.D");
        listed.search = Some(vec!["/consignee".to_owned(), "/goods/*/description".to_owned()]);
        let form = json!({
            "exporter": { "name": "Sao Mai", "tax_code": "0312345678" }, "consignee": "Siam Textile",
            "goods": [{ "description": "Cotton shirts" }, { "description": "Linen" }],
        });
        for query in ["siam", "cotton", "linen"] {
            assert!(found(&listed, &form, query), "{query}");
        }
        assert!(!found(&listed, &form, "sao mai"));
    }

    #[test]
    fn a_form_that_refers_to_itself_is_looked_at_to_a_limit() {
        let mut endless = procedure("CO.D");
        endless.form = json!({
            "properties": { "name": { "type": "string" }, "next": { "$ref": "#" }, "all": { "type": "array", "items": { "$ref": "#" } } },
        });
        let Fields(fields) = Fields::of(&endless);
        assert!((2..=FIELDS_MAX).contains(&fields.len()), "{}", fields.len());
        assert!(found(&endless, &json!({ "all": [{ "name": "Mai" }] }), "mai"));
    }
}
