//! Error messages about forms, in Vietnamese and English. Values are not repeated, because
//! responses may be logged.

use calendar::Text;
use dossier::law::Finding;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::numbers;

/// The findings of an error. A field that is missing, or that the form does not have, is named
/// itself, not the group that it is in.
pub(super) fn findings(error: &ValidationError<'_>) -> Vec<Finding> {
    use ValidationErrorKind as Kind;
    let within = error.instance_path().to_string();
    let field = |name: &str| format!("{within}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        Kind::Required { property } => {
            let why = Text::new("thiếu trường này", "this field is missing");
            vec![Finding::said(field(property.as_str().unwrap_or_default()), why)]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let why = || Text::new("mẫu tờ khai không có trường này", "the form has no such field");
            unexpected.iter().map(|name| Finding::said(field(name), why())).collect()
        }
        _ => vec![Finding::said(within, of(error))],
    }
}

/// The message of an error; for our own formats, a description of the format.
fn of(error: &ValidationError<'_>) -> Text {
    use ValidationErrorKind as Kind;
    let en = error.masked().to_string();
    let vi = match error.kind() {
        Kind::Format { format } => {
            let known = numbers::format(format).zip(error.instance().as_str());
            if let Some(((_, spelling), text)) = known
                && let Err(fault) = spelling(text)
            {
                return fault;
            }
            format!("không đúng định dạng {}", called(format))
        }
        Kind::Type { kind: TypeKind::Single(one) } => {
            format!("phải là {}", called(&one.to_string()))
        }
        Kind::Type { .. } => "không đúng kiểu dữ liệu".to_owned(),
        Kind::Enum { options } => format!("phải là một trong các giá trị: {}", listed(options)),
        Kind::Constant { expected_value } => format!("phải là {expected_value}"),
        Kind::Pattern { .. } => "không đúng mẫu ký tự quy định".to_owned(),
        Kind::MinLength { limit: 1 } => "không được để trống".to_owned(),
        Kind::MinLength { limit } => format!("phải có ít nhất {limit} ký tự"),
        Kind::MaxLength { limit } => format!("không được quá {limit} ký tự"),
        Kind::Minimum { limit } => format!("không được nhỏ hơn {limit}"),
        Kind::Maximum { limit } => format!("không được lớn hơn {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("phải lớn hơn {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("phải nhỏ hơn {limit}"),
        Kind::MultipleOf { multiple_of } => format!("phải là bội số của {multiple_of}"),
        Kind::MinItems { limit } => format!("phải có ít nhất {limit} mục"),
        Kind::MaxItems { limit } => format!("không được quá {limit} mục"),
        Kind::MinProperties { limit } => format!("phải có ít nhất {limit} trường"),
        Kind::MaxProperties { limit } => format!("không được quá {limit} trường"),
        Kind::UniqueItems => "các mục không được trùng nhau".to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "không đúng với trường hợp nào của mẫu tờ khai".to_owned()
        }
        Kind::OneOfMultipleValid { .. } => {
            "đúng với nhiều trường hợp của mẫu tờ khai, chỉ được một".to_owned()
        }
        _ => "không đúng mẫu tờ khai".to_owned(),
    };
    Text { vi, en }
}

/// A text exceeds the general limit.
#[must_use]
pub fn too_long(count: usize, most: usize) -> Text {
    Text::new(format!("{count} ký tự, quá {most}"), format!("{count} characters, more than {most}"))
}

fn listed(options: &Value) -> String {
    let all = options.as_array().into_iter().flatten().map(Value::to_string);
    all.collect::<Vec<_>>().join(", ")
}

/// Name of a type or format.
fn called(name: &str) -> &str {
    match name {
        "string" => "văn bản",
        "integer" => "số nguyên",
        "number" => "số",
        "boolean" => "đúng hoặc sai",
        "array" => "danh sách",
        "object" => "nhóm trường",
        "null" => "giá trị trống",
        "date" => "ngày (năm-tháng-ngày)",
        "date-time" => "thời điểm",
        "email" => "địa chỉ thư điện tử",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_form_is_told_in_both_languages() {
        let schema = json!({
            "required": ["name"], "additionalProperties": false,
            "properties": {
                "name": {}, "kind": { "enum": ["a", "b"] }, "count": { "type": "integer", "minimum": 1 },
                "day": { "format": "date" }, "text": { "minLength": 1, "maxLength": 3 },
                "either": { "oneOf": [{ "const": 1 }, { "const": 2 }] },
            },
        });
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&schema).unwrap();
        for (form, vi) in [
            (json!({}), "thiếu trường này"),
            (json!({ "name": 1, "x": 1 }), "mẫu tờ khai không có trường này"),
            (json!({ "name": 1, "kind": "c" }), "phải là một trong các giá trị: \"a\", \"b\""),
            (json!({ "name": 1, "count": "c" }), "phải là số nguyên"),
            (json!({ "name": 1, "count": 0 }), "không được nhỏ hơn 1"),
            (
                json!({ "name": 1, "day": "2026-02-30" }),
                "không đúng định dạng ngày (năm-tháng-ngày)",
            ),
            (json!({ "name": 1, "text": "" }), "không được để trống"),
            (json!({ "name": 1, "text": "long" }), "không được quá 3 ký tự"),
            (json!({ "name": 1, "either": 3 }), "không đúng với trường hợp nào của mẫu tờ khai"),
        ] {
            let said: Vec<Finding> =
                validator.iter_errors(&form).flat_map(|error| findings(&error)).collect();
            let [said] = &said[..] else { panic!("{said:?}") };
            assert_eq!(said.vi, vi);
            assert_ne!(said.en, vi);
        }
    }
}
