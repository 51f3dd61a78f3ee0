//! Validates forms against the JSON Schema of their procedure (draft 2020-12, with formats),
//! compiled once at the start.

use std::collections::BTreeMap;
use std::fmt::Write;

use dossier::contract::ProcedureCode;
use dossier::law::{Finding, Law, Procedure};
use jsonschema::Validator;
use serde_json::Value;

use crate::limits::FORM_TEXT_CHARS_MAX;

mod numbers;
pub mod words;

/// Compiled schemas of all versions of all procedures.
#[derive(Debug, Default)]
pub struct Forms(BTreeMap<(ProcedureCode, u32), Validator>);

/// A form that is not a JSON Schema.
#[derive(Debug, thiserror::Error)]
#[error("the form of procedure {code} version {version} is not a JSON Schema: {reason}")]
pub struct InvalidForm {
    code: ProcedureCode,
    version: u32,
    reason: String,
}

/// Failing fields that are reported at once.
pub const ERRORS_MAX: usize = 50;

impl Forms {
    /// Compiles every form.
    pub fn compile(law: &Law) -> Result<Self, InvalidForm> {
        let compile = |procedure: &Procedure| {
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            let options =
                numbers::FORMATS.into_iter().fold(options, |options, (name, spelling)| {
                    options.with_format(name, move |text: &str| spelling(text).is_ok())
                });
            let validator = options.build(&procedure.form).map_err(|error| InvalidForm {
                code: procedure.code.clone(),
                version: procedure.version,
                reason: error.to_string(),
            })?;
            Ok(((procedure.code.clone(), procedure.version), validator))
        };
        law.every_procedure().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// Errors of a proposed procedure's form, as a JSON Schema.
    #[must_use]
    pub fn findings(text: &str) -> Vec<Finding> {
        let file = serde_yaml_ng::from_str::<Value>(text).ok();
        let Some(form) = file.as_ref().and_then(|file| file.get("form")) else { return Vec::new() };
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        match options.build(form) {
            Ok(_) => Vec::new(),
            Err(error) => {
                let at = |found: Finding| Finding {
                    pointer: format!("/form{}", found.pointer),
                    vi: format!("không phải là JSON Schema: {}", found.vi),
                    en: format!("is not a JSON Schema: {}", found.en),
                    ..found
                };
                words::findings(&error).into_iter().map(at).collect()
            }
        }
    }

    /// Fields of `form` that violate the schema, at most 50. Values are not repeated.
    #[must_use]
    pub fn check(&self, procedure: &Procedure, form: &Value) -> Vec<Finding> {
        let mut errors = Vec::new();
        overlong(form, &mut String::new(), &mut errors);
        if let Some(validator) = self.0.get(&(procedure.code.clone(), procedure.version)) {
            let found = validator.iter_errors(form).take(ERRORS_MAX);
            errors.extend(found.flat_map(|error| words::findings(&error)));
        }
        errors.truncate(ERRORS_MAX);
        errors
    }

    /// Normalises the tax codes and telephone numbers of a valid form.
    pub fn spell(&self, procedure: &Procedure, form: &mut Value) {
        if let Some(validator) = self.0.get(&(procedure.code.clone(), procedure.version)) {
            numbers::spell(validator, form);
        }
    }
}

/// Texts of a form that exceed the general limit, even if the schema has none.
fn overlong(value: &Value, at: &mut String, errors: &mut Vec<Finding>) {
    let within = at.len();
    match value {
        Value::String(text) if text.len() > FORM_TEXT_CHARS_MAX => {
            let count = text.chars().count();
            if count > FORM_TEXT_CHARS_MAX {
                let detail = words::too_long(count, FORM_TEXT_CHARS_MAX);
                errors.push(Finding::said(at.clone(), detail));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(at, "/{index}");
                overlong(item, at, errors);
                at.truncate(within);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                let _ = write!(at, "/{}", key.replace('~', "~0").replace('/', "~1"));
                overlong(field, at, errors);
                at.truncate(within);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use dossier::contract::telephone;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_failing_field_is_named_by_its_pointer_and_no_value_is_repeated() {
        let law = Law::shipped().unwrap();
        let forms = Forms::compile(&law).unwrap();
        let procedure = law.procedures().find(|p| p.code.as_str() == "CHEM.IMPORT").unwrap();
        let form = json!({
            "declarant": { "name": "Công ty A", "tax_code": "not a code" },
            "chemical": { "name": "NaOH", "hs_chapter": 30, "control": "none" },
            "quantity_kg": 10, "purpose": "resale", "extra": 1,
        });
        let errors = forms.check(procedure, &form);
        let pointers: Vec<&str> = errors.iter().map(|error| &*error.pointer).collect();
        assert!(pointers.contains(&"/declarant/tax_code"), "{errors:?}");
        assert!(pointers.contains(&"/chemical/hs_chapter"), "{errors:?}");
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors.iter().all(|error| !error.en.contains("not a code")), "{errors:?}");
    }

    #[test]
    fn a_tax_code_or_a_telephone_number_that_is_none_says_what_one_looks_like() {
        let law = Law::shipped().unwrap();
        let forms = Forms::compile(&law).unwrap();
        let procedure = law.procedures().find(|p| p.code.as_str() == "2.000004").unwrap();
        let form = |code: &str, phone: &str| {
            json!({
                "merchant": { "name": "Sao Mai", "tax_code": code, "phone": phone },
                "programme": { "name": "Tết", "goods": "Bánh", "from": "2027-01-10",
                    "to": "2027-02-10", "prizes_vnd": 1_000_000 },
            })
        };
        for code in ["0100233488", "0314409058-002", "0314409058002", "001088012345"] {
            for phone in ["+84 24 3822 0000", "(024) 3822 0000", "024.3822.0000", "1900 6036"] {
                let errors = forms.check(procedure, &form(code, phone));
                assert_eq!(errors, [], "{code} {phone}");
            }
        }
        let errors = forms.check(procedure, &form("0100233489", "++++++++"));
        let said = |at: usize| (&*errors[at].pointer, &*errors[at].en);
        assert_eq!(said(0).0, "/merchant/phone");
        assert_eq!(said(0).1, telephone("++++++++").unwrap_err().to_string());
        assert_eq!(said(1).0, "/merchant/tax_code");
        assert!(said(1).1.contains("tenth digit"), "{errors:?}");
        let mut form = form("0314409058002", "(024) 3822 0000");
        forms.spell(procedure, &mut form);
        assert_eq!(form["merchant"]["tax_code"], "0314409058-002");
        assert_eq!(form["merchant"]["phone"], "+842438220000");
    }

    #[test]
    fn a_text_has_an_end_also_where_the_schema_gives_none() {
        let mut errors = Vec::new();
        let form = json!({ "a/b": [{ "c": "x".repeat(FORM_TEXT_CHARS_MAX + 1) }], "d": "x" });
        overlong(&form, &mut String::new(), &mut errors);
        assert_eq!(errors.iter().map(|error| &*error.pointer).collect::<Vec<_>>(), ["/a~1b/0/c"]);
    }
}
