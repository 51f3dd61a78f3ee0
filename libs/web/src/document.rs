//! The OpenAPI 3.1 document of a service, from the declarations of its operations.

use std::collections::BTreeMap;
use std::iter;

use dossier::access::May;
use dossier::contract::Role;
use http::header::{CACHE_CONTROL, ETAG, LINK, LOCATION};
use http::{HeaderName, Method, StatusCode};
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem,
    Paths, Ref, RefOr, Required, ResponseBuilder, Schema, ServerBuilder,
};
use utoipa::{PartialSchema as _, ToSchema};

use super::follow::EVENT_STREAM;
use super::operation::{Content, Field, Item, Operation, Schemas};
use super::reply::{CONSISTENCY_TOKEN, CONTENT_DIGEST};
use super::{Access, ProblemBody};

mod examples;
mod parts;
mod refusals;
mod schemas;
mod unused;

/// The document of a service's operations, which are all tagged with its title.
#[must_use]
pub fn document<A>(title: &str, description: &str, operations: &[Operation<A>]) -> OpenApi {
    Describing::new(title).with(operations).finish(description)
}

/// The document of a service with several modules, each with operations of its own. All are tagged
/// with the service's title.
pub struct Describing<'a> {
    title: &'a str,
    built: Document,
}

impl<'a> Describing<'a> {
    /// A document with this title and no operations yet.
    #[must_use]
    pub fn new(title: &'a str) -> Self {
        Self { title, built: Document::new() }
    }

    /// Adds the operations of a module.
    #[must_use]
    pub fn with<A>(mut self, operations: &[Operation<A>]) -> Self {
        for operation in operations {
            self.built.add(operation.item(), self.title);
        }
        self
    }

    /// The document with this description.
    #[must_use]
    pub fn finish(self, description: &str) -> OpenApi {
        self.built.finish(self.title, description)
    }
}

/// Merges documents. Components of the same name must be the same.
#[must_use]
pub fn merged(title: &str, description: &str, documents: Vec<OpenApi>) -> OpenApi {
    let mut whole = OpenApiBuilder::new().info(info(title, description)).build();
    for mut document in documents {
        if let Some(components) = &mut document.components {
            let all = whole.components.get_or_insert_default();
            all.parameters.append(&mut components.parameters);
            all.headers.append(&mut components.headers);
            all.examples.append(&mut components.examples);
        }
        whole.merge(document);
    }
    whole
}

fn info(title: &str, description: &str) -> utoipa::openapi::Info {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0"));
    InfoBuilder::new()
        .title(title)
        .description(Some(description))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(license.build()))
        .build()
}

struct Document {
    paths: Paths,
    components: Components,
}

impl Document {
    fn new() -> Self {
        let mut components = parts::components();
        let mut schemas = Vec::new();
        ProblemBody::schemas(&mut schemas);
        schemas.push((ProblemBody::name().into_owned(), ProblemBody::schema()));
        components.schemas.extend(schemas);
        Self { paths: Paths::new(), components }
    }

    fn add(&mut self, item: &Item, tag: &str) {
        let Schemas(schemas) = item.schemas.clone();
        self.components.schemas.extend(schemas);
        let mut operation = OperationBuilder::new()
            .tag(tag)
            .summary(Some(format!("{}.", item.summary)))
            .description(Some(described(item)))
            .operation_id(Some(item.id));
        for parameter in self.parameters(item) {
            operation = operation.parameter_ref(parameter);
        }
        if let Some(body) = &item.body {
            let mut request = RequestBodyBuilder::new()
                .required(Some(Required::True))
                .description(Some(parts::body_limit(item, body)));
            let bytes = (!item.or_takes.is_empty()).then_some(Content::Bytes(item.or_takes));
            for (media_type, content) in iter::once(body).chain(&bytes).flat_map(contents) {
                request = request.content(media_type, content);
            }
            operation = operation.request_body(Some(request.build()));
        }
        let also = item.also.iter().map(|(status, when)| (*status, *when));
        for (status, problems) in refusals::responses(item, &mut self.components) {
            operation = operation.response(status, problems);
        }
        // A reply replaces problems with the same status.
        let usual = item.status.canonical_reason().unwrap_or_default();
        for (status, when) in also.chain([(item.status, usual)]) {
            operation = operation.response(status.as_str(), response(item, status, when));
        }
        match item.access {
            Access::Roles(mays) => {
                for requirement in parts::requirements(mays) {
                    operation = operation.security(requirement);
                }
            }
            // An empty list overrides the document's default security requirement.
            Access::Open => operation = operation.securities(Some([])),
        }
        let method = if item.method == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
        let at_address = PathItem::new(method, operation);
        match self.paths.paths.get_mut(item.address) {
            Some(known) => known.merge_operations(at_address),
            None => {
                self.paths.paths.insert(item.address.to_owned(), at_address);
            }
        }
    }

    /// Parameters of an operation, as references to components.
    fn parameters(&mut self, item: &Item) -> Vec<Ref> {
        let mut references = Vec::new();
        for field in &item.path {
            let described = item.described.iter().find(|(name, _)| *name == field.name);
            let common = parts::common_parameter(&field.name).filter(|_| described.is_none());
            let description = described.map(|(_, description)| *description).or(common);
            let name = match common {
                Some(_) => field.name.clone(),
                None => format!("{}.{}", item.id, field.name),
            };
            references.push(self.parameter(&name, field, ParameterIn::Path, description));
        }
        for field in &item.query {
            let name = format!("{}.{}", item.id, field.name);
            references.push(self.parameter(&name, field, ParameterIn::Query, None));
        }
        for (name, description) in &item.headers {
            let component = format!("{}.{name}", item.id);
            let field = parts::text_field(name);
            let description = Some(*description);
            references.push(self.parameter(&component, &field, ParameterIn::Header, description));
        }
        let headers = [
            (item.idempotency_key, "IdempotencyKey"),
            (item.if_match, "IfMatch"),
            (true, "ConsistencyToken"),
            (is_for_applicants(item), "Mandate"),
            (is_for_applicants(item), "Credential"),
            (true, "AcceptLanguage"),
        ];
        let headers = headers.into_iter().filter(|(sent, _)| *sent && !item.probe);
        references.extend(headers.map(|(_, name)| reference("parameters", name)));
        references
    }

    fn parameter(
        &mut self,
        component: &str,
        field: &Field,
        place: ParameterIn,
        description: Option<&str>,
    ) -> Ref {
        let (schema, own) = schemas::without_description(field.schema.clone());
        let own = own.or_else(|| schemas::description_of(&field.schema, &self.components));
        let description = description.map(str::to_owned).or(own);
        let parameter = ParameterBuilder::new()
            .name(&field.name)
            .parameter_in(place)
            .description(description)
            .required(if field.required { Required::True } else { Required::False })
            .schema(Some(schema));
        self.components.parameters.insert(component.to_owned(), parameter.build().into());
        reference("parameters", component)
    }

    fn finish(mut self, title: &str, description: &str) -> OpenApi {
        self.components.schemas.values_mut().for_each(schemas::as_one_object);
        examples::give(&mut self.paths, &self.components);
        unused::remove(&self.paths, &mut self.components);
        let tag = TagBuilder::new().name(title).description(Some(description)).build();
        OpenApiBuilder::new()
            .info(info(title, description))
            .servers(Some([ServerBuilder::new().url("/").build()]))
            .paths(self.paths)
            .components(Some(self.components))
            .tags(Some([tag]))
            .build()
    }
}

/// Part of the description of operations whose reads are recorded.
pub const READS_RECORDED: &str =
    "Reads by officers and partners are recorded; the person whose data it is can list them.";

/// The description of an operation, with its callers and legal basis.
fn described(item: &Item) -> String {
    let mut parts: Vec<String> = item.description.map(str::to_owned).into_iter().collect();
    match item.access {
        Access::Roles(mays) => parts.push(format!("For {}.", parts::callers(mays))),
        Access::Open => parts.push("Open to everybody, without a token.".to_owned()),
    }
    if item.is_personal() {
        parts.push(READS_RECORDED.to_owned());
    }
    if let Some(basis) = item.basis {
        parts.push(format!("Legal basis: {basis}."));
    }
    parts.join("\n\n")
}

/// Whether representatives may call it.
fn is_for_applicants(item: &Item) -> bool {
    let is_applicant = |may: &May| may.role == Role::Applicant;
    matches!(item.access, Access::Roles(mays) if mays.iter().any(is_applicant))
}

/// Body content by media type. Examples are added later, when all schemas are known.
fn contents(content: &Content) -> Vec<(&'static str, utoipa::openapi::Content)> {
    match content {
        Content::Json(shape) => {
            let content = ContentBuilder::new().schema(Some(shape.schema.clone()));
            vec![("application/json", content.example(shape.example.clone()).build())]
        }
        Content::Bytes(media_types) => {
            let content = || ContentBuilder::new().schema(Some(schemas::binary())).build();
            media_types.iter().map(|media_type| (*media_type, content())).collect()
        }
        Content::Text(media_type, example) => {
            let content = ContentBuilder::new().schema(Some(String::schema()));
            vec![(*media_type, content.example(Some(Value::from(*example))).build())]
        }
    }
}

/// A successful response.
fn response(item: &Item, status: StatusCode, when: &str) -> utoipa::openapi::Response {
    let mut response = ResponseBuilder::new().description(when);
    let bytes = (!item.or_bytes.is_empty()).then_some(Content::Bytes(item.or_bytes));
    let events = item.or_events.map(|example| Content::Text(EVENT_STREAM, example));
    let has_content = status != StatusCode::NOT_MODIFIED;
    let replies = item.reply.iter().chain(&bytes).chain(&events).filter(|_| has_content);
    for (media_type, content) in replies.flat_map(contents) {
        response = response.content(media_type, content);
    }
    let headers: BTreeMap<&str, &str> = item
        .replies_with
        .iter()
        .filter(|name| *name != LOCATION || status == item.status)
        .filter_map(|name| header(item, name))
        .chain(parts::limits(item))
        .collect();
    for (name, component) in headers {
        response = response.header_ref(name, reference("headers", component));
    }
    response.build()
}

/// The header's usual spelling, and the name of its component.
fn header(item: &Item, name: &HeaderName) -> Option<(&'static str, &'static str)> {
    let is_cacheable = item.replies_with.contains(&CACHE_CONTROL);
    let known = [
        (ETAG, "ETag", if is_cacheable { "ContentTag" } else { "ETag" }),
        (CACHE_CONTROL, "Cache-Control", "CacheControl"),
        (CONTENT_DIGEST, "Content-Digest", "ContentDigest"),
        (LINK, "Link", "Link"),
        (LOCATION, "Location", "Location"),
        (CONSISTENCY_TOKEN, "Consistency-Token", "ConsistencyToken"),
    ];
    let found = known.into_iter().find(|(known, ..)| known == name);
    found.map(|(_, written, component)| (written, component))
}

fn reference(section: &str, name: &str) -> Ref {
    Ref::new(format!("#/components/{section}/{name}"))
}

/// A reference to a schema.
fn schema(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}
