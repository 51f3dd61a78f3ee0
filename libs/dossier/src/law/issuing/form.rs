//! Checks the form of a procedure, as a JSON Schema: that pointers lead to a field, and that the
//! form can be filled in.

use serde_json::Value;

use super::Check;
use crate::law::alternatives::{confused, leads_to_ours, overlooked};
use crate::law::coded::{FILING, LISTED, NAMED, NOT_AFTER, NOT_BEFORE, OURS, SINGLE};
use crate::law::schema::{SAME_PLACE, SCHEMAS_OF_A_PLACE_MAX, at, endless, is_date};
use crate::search::one_item;

/// Maximum depth of schemas that are visited.
const DEPTH_MAX: usize = 32;

/// Whether one of our own keywords occurs anywhere in a value.
fn has_ours(value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match value {
        Value::Object(fields) => {
            fields.iter().any(|(key, field)| OURS.contains(&key.as_str()) || has_ours(field, depth))
        }
        Value::Array(items) => items.iter().any(|item| has_ours(item, depth)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

impl Check<'_, '_> {
    /// Checks that `names` is a pointer to a field of the form.
    pub(super) fn pointer(&mut self, form: &Value, pointer: &str, names: &str) {
        if !names.starts_with('/') {
            let (vi, en) = (
                format!("`{names}` không phải là JSON Pointer"),
                format!("`{names}` is not a JSON Pointer"),
            );
            self.add(pointer, vi, en);
            return;
        }
        let schemas = at(form, names);
        if schemas.is_empty() {
            let (vi, en) = (
                format!("mẫu tờ khai không có trường `{names}`"),
                format!("the form has no field `{names}`"),
            );
            self.add(pointer, vi, en);
        }
        let whole = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "object");
        if schemas.iter().any(|schema| whole(schema)) {
            let (vi, en) = (
                format!("`{names}` là cả một phần của tờ khai, không phải một trường"),
                format!("`{names}` is a whole part of the form, not a field"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks a field by which dossiers are found: it must be a text. `*` in the pointer is every
    /// item of a list.
    pub(super) fn text_field(&mut self, form: &Value, pointer: &str, names: &str) {
        let names = &one_item(names);
        self.pointer(form, pointer, names);
        let schemas = at(form, names);
        // A whole part of the form is found by `pointer`.
        let fits = |schema: &&Value| {
            schema.get("type").is_some_and(|kind| kind == "string" || kind == "object")
        };
        if !schemas.is_empty() && !schemas.iter().any(fits) {
            let (vi, en) = (
                format!("trường `{names}` phải có `type: string`"),
                format!("the field `{names}` must have `type: string`"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks a field from which a period counts: it must be a public field and a date.
    pub(super) fn date_field(
        &mut self,
        (form, public): (&Value, &[String]),
        pointer: &str,
        names: &str,
    ) {
        self.public_field(public, pointer, names);
        if !at(form, names).is_empty() && !is_date(form, names) {
            let (vi, en) = (
                format!("trường `{names}` phải có `format: date`"),
                format!("the field `{names}` must have `format: date`"),
            );
            self.add(pointer, vi, en);
        }
    }

    pub(super) fn public_field(&mut self, public: &[String], pointer: &str, names: &str) {
        if !public.iter().any(|field| field == names) {
            let (vi, en) = (
                format!("trường `{names}` không nằm trong `public`"),
                format!("the field `{names}` is not among `public`"),
            );
            self.add(pointer, vi, en);
        }
    }

    /// Checks that a form admits the fields that it requires.
    pub(super) fn fillable(&mut self, schema: &Value, pointer: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let properties = schema.get("properties").and_then(Value::as_object);
        let closed = schema.get("additionalProperties").is_some_and(|more| *more == false);
        let composed = SAME_PLACE.iter().any(|keyword| schema.get(*keyword).is_some());
        let open = !closed || composed || schema.get("patternProperties").is_some();
        let required = schema.get("required").and_then(Value::as_array);
        for (place, name) in required.into_iter().flatten().enumerate() {
            let Some(name) = name.as_str().filter(|_| !open) else { continue };
            if properties.is_none_or(|properties| !properties.contains_key(name)) {
                let (vi, en) = (
                    format!("`{name}` là bắt buộc nhưng mẫu không có trường này"),
                    format!("`{name}` is required, and the form admits no such field"),
                );
                self.add(&format!("{pointer}/required/{place}"), vi, en);
            }
        }
        for (name, field) in properties.into_iter().flatten() {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.fillable(field, &format!("{pointer}/properties/{name}"), depth);
        }
        if let Some(items) = schema.get("items") {
            self.fillable(items, &format!("{pointer}/items"), depth);
        }
    }

    /// Checks for our own keywords that would have no effect: in places that are not visited, or
    /// with an invalid value.
    fn ours(&mut self, root: &Value, schema: &Value, pointer: &str, depth: usize) {
        let (Some(depth), Value::Object(keywords)) = (depth.checked_sub(1), schema) else { return };
        self.choices(root, schema, pointer);
        self.presentation(keywords, pointer);
        for (keyword, value) in keywords {
            let at = format!("{pointer}/{}", keyword.replace('~', "~0").replace('/', "~1"));
            let within: Vec<(String, &Value)> = match (keyword.as_str(), value) {
                (NOT_BEFORE | NOT_AFTER, value) => {
                    if *value != FILING {
                        let (vi, en) =
                            ("chỉ nhận giá trị `filing`", "takes `filing` and nothing else");
                        self.add(&at, vi, en);
                    }
                    Vec::new()
                }
                (named, Value::Object(all)) if NAMED.contains(&named) => all
                    .iter()
                    .map(|(name, one)| (name.replace('~', "~0").replace('/', "~1"), one))
                    .collect(),
                (listed, Value::Array(all)) if LISTED.contains(&listed) => {
                    all.iter().enumerate().map(|(place, one)| (place.to_string(), one)).collect()
                }
                (single, one) if SINGLE.contains(&single) => {
                    self.ours(root, one, &at, depth);
                    Vec::new()
                }
                (other, value) if !OURS.contains(&other) && has_ours(value, DEPTH_MAX) => {
                    let (vi, en) = (
                        format!(
                            "`x-code-list`, `x-not-before`, `x-not-after` không có tác dụng trong `{other}`"
                        ),
                        format!(
                            "`x-code-list`, `x-not-before` and `x-not-after` do not hold within `{other}`"
                        ),
                    );
                    self.add(&at, vi, en);
                    Vec::new()
                }
                _ => Vec::new(),
            };
            for (place, one) in within {
                self.ours(root, one, &format!("{at}/{place}"), depth);
            }
        }
    }

    /// Checks that alternatives and conditions can be told apart: if a value could belong to
    /// another one as well, our own keywords in that one would not be checked.
    fn choices(&mut self, root: &Value, schema: &Value, pointer: &str) {
        let mut confusing = |at: String, keyword: &str| {
            let (vi, en) = (
                format!(
                    "`{keyword}` không được xét khi chọn trường hợp, nên mã hoặc ngày ở trường hợp khác có thể không được kiểm tra: hãy phân biệt bằng `type`, `const` hoặc `enum` của giá trị hay của một trường bắt buộc"
                ),
                format!(
                    "`{keyword}` is ignored when an alternative is chosen, so that codes or days of another one might not be checked: tell them apart by `type`, `const` or `enum`, of the value or of a required field"
                ),
            );
            self.add(&at, vi, en);
        };
        for keyword in ["anyOf", "oneOf"] {
            let all = schema.get(keyword).and_then(Value::as_array);
            if let Some((place, by)) = all.and_then(|all| confused(root, all)) {
                confusing(format!("{pointer}/{keyword}/{place}"), by);
            }
        }
        let branches = ["then", "else"].into_iter().filter_map(|branch| schema.get(branch));
        let asks = branches.into_iter().any(|branch| leads_to_ours(root, branch));
        if let Some(by) = schema.get("if").filter(|_| asks).and_then(|of| overlooked(root, of)) {
            confusing(format!("{pointer}/if"), by);
        }
    }

    pub(super) fn form(&mut self, form: &Value) {
        if form.is_object() {
            self.fillable(form, "/form", DEPTH_MAX);
            self.ours(form, form, "/form", DEPTH_MAX);
            if let Some(pointer) = endless(form) {
                let (vi, en) = (
                    format!(
                        "tham chiếu vòng lại chính nó hoặc có hơn {SCHEMAS_OF_A_PLACE_MAX} lược đồ cho cùng một chỗ: không thể kiểm tra tờ khai"
                    ),
                    format!(
                        "leads back to itself, or more than {SCHEMAS_OF_A_PLACE_MAX} schemas hold for this place: no form could be checked"
                    ),
                );
                self.add(&format!("/form{pointer}"), vi, en);
            }
        } else {
            self.add("/form", "không phải là JSON Schema", "is not a JSON Schema");
        }
    }
}
