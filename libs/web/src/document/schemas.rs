//! Rewrites schemas into forms that client generators understand.

use documents::limits::DOCUMENT_BYTES_MAX;
use utoipa::openapi::schema::{AllOf, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Components, KnownFormat, RefOr};

/// A string of format `binary`, with the number of bytes of a document as its limit.
pub(super) fn binary() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    let max = usize::try_from(DOCUMENT_BYTES_MAX).ok();
    let object =
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).max_length(max);
    RefOr::T(Schema::Object(object.build()))
}

/// The schema without its description, and the description: parameters have their own.
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

/// The description of the schema that a reference points to.
pub(super) fn description_of(schema: &RefOr<Schema>, components: &Components) -> Option<String> {
    let RefOr::Ref(reference) = schema else { return None };
    let name = reference.ref_location.rsplit('/').next()?;
    let RefOr::T(Schema::Object(object)) = components.schemas.get(name)? else { return None };
    object.description.clone()
}

/// Merges an `allOf` of flattened structs into one object.
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

/// Objects of an `allOf`; `None` if any part is not an object.
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

/// A flattened field: its description moves to the first property, the instant of an end.
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
