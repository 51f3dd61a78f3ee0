//! What every operation has in common is added to the documents here, so that a handler's own description says only what
//! is its own.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AllOf, Object, ObjectBuilder, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
    Type,
};

use super::ProblemBody;

/// The documents of a service's handlers, one for each.
pub type StepDoc = fn() -> OpenApi;

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemBody)))]
struct Common;

/// Merges the documents of a service and adds what every operation has in common.
#[must_use]
pub fn finish(title: &str, description: &str, docs: &[StepDoc]) -> OpenApi {
    let info = InfoBuilder::new()
        .title(title)
        .description(Some(description))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let mut api = OpenApiBuilder::new().info(info).build();
    for doc in docs {
        api.merge(doc());
    }
    api.merge(Common::openapi());
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    if let Some(components) = &mut api.components {
        components.schemas.values_mut().for_each(as_one_object);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
    for item in api.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            complete(operation);
        }
        if let Some(operation) = &mut item.post {
            let key = "A key of the client's own: the same key is the same request, applied once.";
            add_header(operation, "Idempotency-Key", key, true);
        }
    }
    api
}

/// A schema of flattened parts as the one object that is sent.
fn as_one_object(schema: &mut RefOr<Schema>) {
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

fn complete(operation: &mut Operation) {
    let public = operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "public"));
    if !public {
        operation.security =
            Some(vec![SecurityRequirement::new::<&str, [&str; 0], &str>("token", [])]);
    }
    let schema = RefOr::<Schema>::Ref(Ref::from_schema_name("Problem"));
    let problem = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new()
        .description("A problem (RFC 9457), in Vietnamese or English by Accept-Language.")
        .content("application/problem+json", problem)
        .build();
    operation.responses.responses.insert("default".to_owned(), response.into());
    let token = "The Consistency-Token of an answer: this one shows what that one wrote.";
    add_header(operation, "Consistency-Token", token, false);
    let resource = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Path,
        RefOr::Ref(_) => false,
    });
    // Where none need have been seen, the operation says so itself.
    let said = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.name == "If-Match",
        RefOr::Ref(_) => false,
    });
    if resource && operation.request_body.is_some() && !said {
        let tag = "The ETag that was seen; 412 if it has changed, 428 if missing.";
        add_header(operation, "If-Match", tag, true);
    }
}

fn add_header(operation: &mut Operation, name: &str, description: &str, required: bool) {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let header = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .required(if required { Required::True } else { Required::False })
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(header.into());
}
