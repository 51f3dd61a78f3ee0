//! Schemas of parameters and bodies.

use std::any::type_name;

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

/// Schemas that operations refer to, by name.
#[derive(Clone, Default)]
pub(crate) struct Schemas(pub(crate) Vec<(String, RefOr<Schema>)>);

/// The shape of a JSON body.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) schema: RefOr<Schema>,
    /// The Rust type; compared with the type that handlers answer with.
    pub(crate) name: &'static str,
    pub(crate) example: Option<Value>,
}

/// A parameter.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: RefOr<Schema>,
}

impl Schemas {
    /// The shape of `T`, as a reference to its schema.
    pub(crate) fn shape_of<T: ToSchema>(&mut self) -> Shape {
        let schema = self.reference_to::<T>();
        Shape { schema, name: type_name::<T>(), example: None }
    }

    /// The shape of a `Vec<T>`.
    pub(crate) fn list_of<T: ToSchema>(&mut self) -> Shape {
        let items = self.reference_to::<T>();
        let schema = Schema::Array(ArrayBuilder::new().items(items).build()).into();
        Shape { schema, name: type_name::<Vec<T>>(), example: None }
    }

    fn reference_to<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.0);
        let name = T::name();
        self.0.push((name.to_string(), T::schema()));
        RefOr::Ref(Ref::from_schema_name(name))
    }

    /// The fields of a struct, each as a parameter.
    ///
    /// # Panics
    ///
    /// The type is not a struct with named fields.
    pub(crate) fn fields_of<T: ToSchema>(&mut self) -> Vec<Field> {
        T::schemas(&mut self.0);
        let RefOr::T(Schema::Object(object)) = T::schema() else {
            panic!("{} is no struct of parameters", type_name::<T>())
        };
        let field = |(name, schema): (String, RefOr<Schema>)| Field {
            required: object.required.contains(&name),
            name,
            schema: without_null(schema),
        };
        object.properties.into_iter().map(field).collect()
    }
}

/// A parameter may be absent, but never null.
fn without_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    let is_null = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(object)) => object.schema_type == SchemaType::Type(Type::Null),
        _ => false,
    };
    match schema {
        RefOr::T(Schema::OneOf(mut one)) => {
            one.items.retain(|item| !is_null(item));
            match one.items.pop() {
                Some(only) if one.items.is_empty() => only,
                Some(last) => {
                    one.items.push(last);
                    RefOr::T(Schema::OneOf(one))
                }
                None => RefOr::T(Schema::OneOf(one)),
            }
        }
        RefOr::T(Schema::Object(mut object)) => {
            if let SchemaType::Array(types) = &mut object.schema_type {
                types.retain(|one| *one != Type::Null);
                if types.len() == 1 {
                    object.schema_type = SchemaType::Type(types.remove(0));
                }
            }
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// The parameters of an address.
///
/// # Panics
///
/// The address and `schemas` differ in the number of parameters.
pub(crate) fn path(address: &str, schemas: &[RefOr<Schema>]) -> Vec<Field> {
    let names: Vec<&str> = address
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .collect();
    assert_eq!(names.len(), schemas.len(), "{address} and its handler have other parameters");
    let fields = names.into_iter().zip(schemas);
    let field = |(name, schema): (&str, &RefOr<Schema>)| Field {
        name: name.to_owned(),
        required: true,
        schema: schema.clone(),
    };
    fields.map(field).collect()
}
