//! Reads a form with the order of its fields. JSON objects have none, and are kept by name; so the
//! order of `properties` in the file is added as the keyword `x-order`, unless the file has one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::coded::{LISTED, NAMED, SINGLE};

/// The names of a schema's fields, in the order in which a form is drawn.
pub(super) const ORDER: &str = "x-order";

/// Keywords with one schema in which our own keywords do not hold.
const ALSO_SINGLE: [&str; 4] = ["not", "if", "contains", "propertyNames"];

/// A form, with the order of its fields.
pub(super) fn form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Ok(Node::deserialize(deserializer)?.schema())
}

/// A JSON value whose objects have their entries in the order of the text.
enum Node {
    Leaf(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Node {
    fn plain(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::List(items) => items.into_iter().map(Self::plain).collect(),
            Self::Object(entries) => entries.into_iter().map(|(k, v)| (k, v.plain())).collect(),
        }
    }

    /// The value as a schema.
    fn schema(self) -> Value {
        let Self::Object(entries) = self else { return self.plain() };
        let mut schema = Map::new();
        let mut order = None;
        for (keyword, value) in entries {
            if let ("properties", Self::Object(fields)) = (&*keyword, &value) {
                order = Some(fields.iter().map(|(name, _)| Value::from(&**name)).collect());
            }
            let value = value.keyword(&keyword);
            schema.insert(keyword, value);
        }
        if let Some(order) = order {
            schema.entry(ORDER).or_insert(Value::Array(order));
        }
        Value::Object(schema)
    }

    /// The value of a keyword of a schema.
    fn keyword(self, keyword: &str) -> Value {
        let named = NAMED.contains(&keyword) || keyword == "patternProperties";
        match self {
            Self::Object(all) if named => {
                all.into_iter().map(|(name, one)| (name, one.schema())).collect()
            }
            Self::List(all) if LISTED.contains(&keyword) => {
                all.into_iter().map(Self::schema).collect()
            }
            one @ (Self::Leaf(_) | Self::List(_) | Self::Object(_)) => {
                let has_schema = SINGLE.contains(&keyword) || ALSO_SINGLE.contains(&keyword);
                if has_schema { one.schema() } else { one.plain() }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsWritten)
    }
}

/// Takes what [`Value`] takes.
struct AsWritten;

impl<'de> Visitor<'de> for AsWritten {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Node, D::Error> {
        Node::deserialize(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        form(serde_yaml_ng::Deserializer::from_str(text)).unwrap()
    }

    #[test]
    fn the_order_of_the_fields_is_that_of_the_file_at_every_depth() {
        let read = read(
            "type: object
properties:
  to: { type: string }
  from: { type: array, items: { properties: { z: {}, a: {}, properties: { type: string } } } }
$defs: { firm: { properties: { tax_code: {}, name: {} } } }
anyOf: [{ properties: { y: {}, b: {} } }]
enum: [{ properties: { not: 1, a: 2 } }]
",
        );
        assert_eq!(read["x-order"], json!(["to", "from"]));
        let inner = &read["properties"]["from"]["items"];
        assert_eq!(inner["x-order"], json!(["z", "a", "properties"]));
        assert!(inner["properties"]["properties"].get("x-order").is_none(), "a field");
        assert_eq!(read["$defs"]["firm"]["x-order"], json!(["tax_code", "name"]));
        assert_eq!(read["anyOf"][0]["x-order"], json!(["y", "b"]));
        assert_eq!(read["enum"][0], json!({ "properties": { "not": 1, "a": 2 } }), "a value");
    }

    #[test]
    fn an_order_of_the_author_stays_and_all_else_is_read_as_before() {
        let own = read("properties: { b: {}, a: {} }\nx-order: [a, b]\n");
        assert_eq!(own["x-order"], json!(["a", "b"]));
        for (_, text) in crate::law::SHIPPED {
            let file: Value = serde_yaml_ng::from_str(text).unwrap();
            let mut form = Node::deserialize(&file["form"]).unwrap().schema();
            assert_ne!(form, file["form"]);
            without_order(&mut form);
            assert_eq!(form, file["form"]);
        }
    }

    fn without_order(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove(ORDER);
                fields.values_mut().for_each(without_order);
            }
            Value::Array(items) => items.iter_mut().for_each(without_order),
            _ => {}
        }
    }
}
