//! The schemas of all documents as types of Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{Document, camel, documentation, fields, ident, in_order, referenced, text};

/// Fields up to which a type has a constructor.
const ARGUMENTS_MAX: usize = 6;

/// All schemas by name; a test ensures that no two documents have different ones under one name.
pub(super) struct Schemas<'a> {
    all: BTreeMap<&'a str, &'a Value>,
    /// Those that are sent.
    sent: BTreeSet<&'a str>,
}

impl<'a> Schemas<'a> {
    pub(super) fn of(documents: &'a [Document]) -> Self {
        let all: BTreeMap<&str, &Value> = documents
            .iter()
            .flat_map(|document| fields(&document.json["components"]["schemas"]))
            .map(|(name, schema)| (&**name, schema))
            .collect();
        let mut waiting: Vec<&Value> = documents
            .iter()
            .flat_map(|document| fields(&document.json["paths"]))
            .flat_map(|(_, item)| fields(item))
            .map(|(_, operation)| &operation["requestBody"])
            .collect();
        let mut sent = BTreeSet::new();
        while let Some(value) = waiting.pop() {
            if let Some((name, schema)) = referenced(value).and_then(|name| all.get_key_value(name))
                && sent.insert(*name)
            {
                waiting.push(schema);
            }
            match value {
                Value::Array(values) => waiting.extend(values),
                Value::Object(fields) => waiting.extend(fields.values()),
                _ => {}
            }
        }
        Self { all, sent }
    }

    pub(super) fn get(&self, name: &str) -> &Value {
        self.all.get(name).copied().unwrap_or(&Value::Null)
    }

    /// `types.rs`.
    pub(super) fn file(&self) -> Result<String> {
        let mut file = String::from("//! Bodies, replies and queries of all operations.\n\n");
        for (name, schema) in &self.all {
            if is_enum(schema) {
                file += &enumeration(name, schema)?;
            } else if is_struct(schema) {
                file += &documentation("", text(schema, "description"));
                file += &self.structure(name, schema, self.sent.contains(name));
            } else {
                file += &documentation("", text(schema, "description"));
                if let Some(limit) = schema["maxLength"].as_u64() {
                    let dot = if text(schema, "description").is_empty() { "" } else { "///\n" };
                    writeln!(file, "{dot}/// At most {limit} characters.")?;
                }
                writeln!(file, "pub type {name} = {};\n", rust(schema, ""))?;
            }
        }
        Ok(file)
    }

    /// A struct with its constructor, if it is one that callers write.
    pub(super) fn structure(&self, name: &str, schema: &Value, written: bool) -> String {
        let all = in_order(schema);
        let required = all.iter().filter(|(.., required)| *required).count();
        let default = if required == 0 { ", Default" } else { "" };
        let mut code = format!(
            "#[derive(Debug, Clone, PartialEq{default}, serde::Serialize, serde::Deserialize)]\n\
             pub struct {name} {{\n"
        );
        for (field, schema, required) in &all {
            let of_rust = ident(field);
            let (shape, several) = (of_field(schema, *required), schema["type"] == "array");
            code += &documentation("    ", &described(schema));
            let mut attributes = Vec::new();
            if of_rust.trim_start_matches("r#") != *field {
                attributes.push(format!("rename = \"{field}\""));
            }
            if !required && several {
                attributes.push("default, skip_serializing_if = \"Vec::is_empty\"".to_owned());
            } else if shape.starts_with("Option<") {
                attributes.push("default, skip_serializing_if = \"Option::is_none\"".to_owned());
            }
            if !attributes.is_empty() {
                code += &format!("    #[serde({})]\n", attributes.join(", "));
            }
            code += &format!("    pub {of_rust}: {shape},\n");
        }
        code += "}\n\n";
        let has_constructor = (1..=ARGUMENTS_MAX).contains(&required) && required < all.len();
        if written && has_constructor {
            code += &self.constructor(name, &all);
        }
        code
    }

    /// `new` with the fields that are required.
    fn constructor(&self, name: &str, all: &[(&str, &Value, bool)]) -> String {
        let (mut arguments, mut values) = (String::new(), String::new());
        for (field, schema, required) in all {
            let (name, shape) = (ident(field), of_field(schema, *required));
            if *required && self.is_text(schema) {
                arguments += &format!("{name}: impl Into<String>,");
                values += &format!("{name}: {name}.into(),");
            } else if *required {
                arguments += &format!("{name}: {shape},");
                values += &format!("{name},");
            } else if shape.starts_with("Vec<") {
                values += &format!("{name}: Vec::new(),");
            } else {
                values += &format!("{name}: None,");
            }
        }
        format!(
            "impl {name} {{\n    /// With the fields that are required.\n    #[must_use]\n    \
             pub fn new({arguments}) -> Self {{ Self {{ {values} }} }}\n}}\n\n"
        )
    }

    fn is_text(&self, schema: &Value) -> bool {
        match referenced(schema) {
            Some(name) => rust(self.get(name), "") == "String" && !is_enum(self.get(name)),
            None => rust(schema, "") == "String",
        }
    }
}

/// The type of a field.
fn of_field(schema: &Value, required: bool) -> String {
    let shape = rust(schema, "");
    let optional = !required && !shape.starts_with("Option<") && schema["type"] != "array";
    if optional { format!("Option<{shape}>") } else { shape }
}

/// The description of a field, with its limit.
fn described(schema: &Value) -> String {
    let inner = schema["oneOf"].as_array().and_then(|all| all.first()).unwrap_or(schema);
    let own = text(schema, "description");
    let described = if own.is_empty() { text(inner, "description") } else { own };
    match schema["maxLength"].as_u64() {
        Some(limit) => format!("{described} At most {limit} characters."),
        None => described.to_owned(),
    }
}

/// The type of a schema; names of other schemas have the prefix.
pub(super) fn rust(schema: &Value, prefix: &str) -> String {
    if let Some(name) = referenced(schema) {
        return format!("{prefix}{name}");
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let Some(all) = schema[several].as_array() else { continue };
        let values: Vec<&Value> = all.iter().filter(|one| one["type"] != "null").collect();
        let mut shapes: Vec<String> = values.iter().map(|value| rust(value, prefix)).collect();
        // Alternatives that are all texts are a text.
        shapes.dedup();
        let [shape] = &*shapes else { return "serde_json::Value".to_owned() };
        let optional = values.len() < all.len();
        return if optional { format!("Option<{shape}>") } else { shape.clone() };
    }
    let types = schema["type"].as_array();
    if let Some([kind, null]) = types.map(Vec::as_slice)
        && null == "null"
    {
        let mut plain = schema.clone();
        plain["type"] = kind.clone();
        return format!("Option<{}>", rust(&plain, prefix));
    }
    let unsigned = schema["minimum"].as_i64().is_some_and(|least| least >= 0);
    let plain = match (text(schema, "type"), text(schema, "format")) {
        ("string", "date-time") => "jiff::Timestamp",
        ("string", "date") => "jiff::civil::Date",
        ("string", "uuid") => "uuid::Uuid",
        ("string", _) => "String",
        ("integer", "int32") if unsigned => "u32",
        ("integer", "int32") => "i32",
        ("integer", _) if unsigned => "u64",
        ("integer", _) => "i64",
        ("number", _) => "f64",
        ("boolean", _) => "bool",
        ("array", _) => return format!("Vec<{}>", rust(&schema["items"], prefix)),
        ("object", _) if schema["additionalProperties"].is_object() => {
            let value = rust(&schema["additionalProperties"], prefix);
            // Fields of any kind, as in forms: a whole value is written with `json!`.
            if value == "serde_json::Value" {
                return value;
            }
            return format!("std::collections::BTreeMap<String, {value}>");
        }
        _ => "serde_json::Value",
    };
    plain.to_owned()
}

fn is_enum(schema: &Value) -> bool {
    schema["enum"].is_array() && schema["type"] == "string"
}

/// An object with fields, or one that may have none.
pub(super) fn is_struct(schema: &Value) -> bool {
    schema["properties"].is_object() || schema["additionalProperties"] == false
}

fn enumeration(name: &str, schema: &Value) -> Result<String> {
    let mut code = format!("values! {{\n{}    {name} {{\n", {
        documentation("    ", text(schema, "description"))
    });
    let mut names = BTreeSet::from(["Unlisted".to_owned()]);
    for value in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let variant = camel(value);
        ensure!(names.insert(variant.clone()), "{name}: two values become {variant}");
        writeln!(code, "        {variant} = \"{value}\",")?;
    }
    Ok(code + "    }\n}\n\n")
}
