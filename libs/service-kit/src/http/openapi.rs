//! What every operation has in common is added to the documents here, so that a handler's own description says only what
//! is its own.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema};
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
    let RefOr::T(Schema::AllOf(parts)) = schema else { return };
    let objects: Option<Vec<&Object>> = parts
        .items
        .iter()
        .map(|part| match part {
            RefOr::T(Schema::Object(object)) => Some(object),
            _ => None,
        })
        .collect();
    // The struct's own fields come last and give the whole its name.
    let Some((own, flattened)) = objects.as_deref().and_then(|all| all.split_last()) else {
        return;
    };
    let mut whole = (*own).clone();
    whole.description = parts.description.clone().or(whole.description);
    for part in flattened {
        whole.properties.extend(part.properties.clone());
        whole.required.extend(part.required.clone());
    }
    *schema = RefOr::T(Schema::Object(whole));
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
