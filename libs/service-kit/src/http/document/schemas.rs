//! What is done to schemas so that clients can be generated from them.

use utoipa::openapi::schema::{AllOf, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Components, KnownFormat, RefOr};

/// Bytes that are no JSON.
pub(super) fn binary() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    let object = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
    RefOr::T(Schema::Object(object.build()))
}

/// A schema, and apart from it what its field says: a parameter has a description of its own.
pub(super) fn without_description(schema: RefOr<Schema>) -> (RefOr<Schema>, Option<String>) {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            let description = object.description.take();
            (RefOr::T(Schema::Object(object)), description)
        }
        RefOr::T(Schema::Array(mut array)) => {
            let description = array.description.take();
            (RefOr::T(Schema::Array(array)), description)
        }
        RefOr::Ref(mut reference) => {
            let description = Some(std::mem::take(&mut reference.description));
            (RefOr::Ref(reference), description.filter(|text| !text.is_empty()))
        }
        RefOr::T(other) => (RefOr::T(other), None),
    }
}

/// What the schema behind a reference says of itself.
pub(super) fn description_of(schema: &RefOr<Schema>, components: &Components) -> Option<String> {
    let RefOr::Ref(reference) = schema else { return None };
    let name = reference.ref_location.rsplit('/').next()?;
    let RefOr::T(Schema::Object(object)) = components.schemas.get(name)? else { return None };
    object.description.clone()
}

/// A schema of flattened parts as the one object that is sent.
pub(super) fn as_one_object(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::AllOf(whole)) = &*schema else { return };
    let Some(mut parts) = parts_of(whole) else { return };
    // The struct's own fields come last.
    let Some(mut own) = parts.pop() else { return };
    own.description = whole.description.clone().or(own.description);
    for part in parts {
        own.properties.extend(part.properties);
        own.required.extend(part.required);
    }
    *schema = RefOr::T(Schema::Object(own));
}

/// The objects that a schema consists of; nothing if it is more than objects.
fn parts_of(whole: &AllOf) -> Option<Vec<Object>> {
    let mut parts = Vec::new();
    for part in &whole.items {
        match part {
            RefOr::T(Schema::Object(object)) => parts.push(object.clone()),
            RefOr::T(Schema::AllOf(nested)) => parts.push(described(nested)?),
            _ => return None,
        }
    }
    Some(parts)
}

/// A flattened type with what the field says of it, which is said of its first property: the instant of an end.
fn described(nested: &AllOf) -> Option<Object> {
    let [RefOr::T(Schema::Object(flattened)), RefOr::T(Schema::Object(field))] =
        nested.items.as_slice()
    else {
        return None;
    };
    let mut flattened = flattened.clone();
    if let Some(RefOr::T(Schema::Object(first))) = flattened.properties.values_mut().next() {
        first.description = field.description.clone().or(first.description.take());
    }
    Some(flattened)
}
