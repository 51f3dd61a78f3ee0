//! Forms against the JSON Schema of their procedure (draft 2020-12, formats checked), compiled once at start.

use std::collections::BTreeMap;

use dossier::contract::ProcedureCode;
use dossier::law::{Law, Procedure};
use jsonschema::Validator;
use serde_json::Value;

/// The compiled schema of every procedure in every version.
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

/// A field that breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as a JSON Pointer into the form.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// How many failing fields are reported at once.
const ERRORS_MAX: usize = 50;

impl Forms {
    /// Compiles every form.
    pub fn compile(law: &Law) -> Result<Self, InvalidForm> {
        let compile = |procedure: &Procedure| {
            let validator = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&procedure.form)
                .map_err(|error| InvalidForm {
                    code: procedure.code.clone(),
                    version: procedure.version,
                    reason: error.to_string(),
                })?;
            Ok(((procedure.code.clone(), procedure.version), validator))
        };
        law.procedures().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// Every field of `form` that breaks the schema, at most fifty. The values themselves are not repeated.
    #[must_use]
    pub fn check(&self, procedure: &Procedure, form: &Value) -> Vec<FieldError> {
        let Some(validator) = self.0.get(&(procedure.code.clone(), procedure.version)) else {
            return Vec::new();
        };
        validator
            .iter_errors(form)
            .take(ERRORS_MAX)
            .map(|error| FieldError {
                pointer: error.instance_path().to_string(),
                detail: error.masked().to_string(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
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
        assert!(errors.iter().all(|error| !error.detail.contains("not a code")), "{errors:?}");
    }
}
