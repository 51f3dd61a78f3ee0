//! Operations of the process: health, metrics and OpenAPI documents. Together with the public
//! look-up, these are all that is available without a token.

use std::sync::Arc;

use bytes::Bytes;
use dossier::services::ServiceName;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use warp::Filter;
use warp::reply::Response;
use web::{Mounted, Operation, Route, Service, StatusCode, document, merged, mount, mount_all};

use super::health::{ReadyReply, Watch};
use super::{json, operators};

/// Operations of every process.
fn operations() -> Vec<Operation<Watch>> {
    let mut operations = probes();
    operations.extend(operators::operations());
    operations
}

/// The OpenAPI document of these operations.
#[must_use]
pub fn openapi() -> OpenApi {
    document("Process", "Health, figures, and events that could not be handled.", &operations())
}

/// Operations for monitoring. `serve` can offer them on an address of their own, so that a crowd of
/// clients does not delay them.
fn probes() -> Vec<Operation<Watch>> {
    let mut probes = health();
    probes.push(
        Operation::get("/metrics", "get_metrics", "Show the metrics of this process")
            .describe(
                "In the OpenMetrics text format; the metrics are described in `docs/operating.md`.",
            )
            .text(
                "application/openmetrics-text",
                "# TYPE dossier_events counter\ndossier_events_total 1042\n# EOF\n",
            )
            .probe(|watch: &Arc<Watch>| watch.metrics()),
    );
    probes
}

fn health() -> Vec<Operation<Watch>> {
    let live = Operation::get("/health/live", "get_live", "Check that the process runs")
        .describe("Checks nothing else. Restart the process if there is no answer.")
        .reply::<LiveReply>()
        .probe(|_: &Arc<Watch>| live());
    let ready = Operation::get(
        "/health/ready",
        "get_ready",
        "Check that the process accepts requests",
    )
    .describe(
        "Send no requests to the process while it answers 503. Warnings about the law are in \
                 the language of `Accept-Language`.",
    )
    .reply::<ReadyReply>()
    .also(StatusCode::SERVICE_UNAVAILABLE, "It takes no requests now.")
    .probe(|watch: &Arc<Watch>| watch.ready());
    vec![live, ready]
}

/// Routes of the monitoring address.
pub(super) fn probe_routes(watch: Watch) -> Vec<Mounted> {
    mount_all(&Arc::new(watch), probes())
}

/// All other routes; with the metrics, unless they have an address of their own.
pub(super) fn routes(services: &[Service], watch: Watch, with_metrics: bool) -> Vec<Mounted> {
    let mut operations = if with_metrics { probes() } else { health() };
    operations.extend(operators::operations());
    let mut routes = mount_all(&Arc::new(watch), operations);
    routes.extend([
        mount("/docs", file("text/html; charset=utf-8", include_str!("docs.html").into())),
        mount("/docs.css", file("text/css", include_str!("docs.css").into())),
        mount(VIEWER, compressed("text/javascript", VIEWER_GZIP.into())),
        mount("/docs/LICENSE", file("text/plain; charset=utf-8", VIEWER_LICENCE.into())),
    ]);
    let mut documents: Vec<(&str, OpenApi)> =
        services.iter().map(|service| (service.name, service.openapi.clone())).collect();
    documents.push(("process", openapi()));
    let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
    let others = ServiceName::ALL.iter().map(|service| service.as_str());
    let others: Vec<&str> = others.filter(|name| !names.contains(name)).collect();
    let script = format!(
        "const services = {names:?};\nconst others = {others:?};\n{}",
        include_str!("docs.js")
    );
    routes.push(mount("/docs.js", file("text/javascript", script.into())));
    for (name, document) in &documents {
        let text = document.to_json().unwrap_or_default();
        let address = format!("/openapi/{name}.json");
        routes.push(mount(&address, file("application/json", text.into())));
    }
    let documents = documents.into_iter().map(|(_, document)| document).collect();
    let whole = merged("Dossier", "All services of this process.", documents);
    let text = whole.to_json().unwrap_or_default();
    routes.push(mount("/openapi.json", file("application/json", text.into())));
    routes
}

/// The first page of a process without the desk.
pub(super) fn start_page() -> Vec<Mounted> {
    vec![mount("/", file("text/html; charset=utf-8", include_str!("index.html").into()))]
}

/// The viewer of the API reference; `serve/viewer/VERSION` has its origin and digests.
const VIEWER: &str = "/docs/redoc.standalone.js";
const VIEWER_GZIP: &[u8] = include_bytes!("viewer/redoc.standalone.js.gz");
const VIEWER_LICENCE: &str = include_str!("viewer/LICENSE");

/// No resources from other origins, no inline scripts, and no framing. The viewer inserts two style
/// elements, one of them empty, which are permitted by their digests; its search runs in a worker
/// that it makes of its own code.
const POLICY: &str = "default-src 'self'; \
    style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' \
    'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; \
    img-src 'self' data:; worker-src blob:; object-src 'none'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A public, cacheable file, held in memory once.
fn file(media_type: &'static str, content: Bytes) -> Route {
    encoded(media_type, None, content)
}

/// The same for content that is compressed with gzip. There is no other representation: a client
/// that cannot read it does not ask for it.
fn compressed(media_type: &'static str, content: Bytes) -> Route {
    encoded(media_type, Some("gzip"), content)
}

fn encoded(media_type: &'static str, encoding: Option<&'static str>, content: Bytes) -> Route {
    let answers = warp::any().map(move || {
        let mut response = Response::new(content.clone().into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    });
    Route::open(answers.boxed())
}

/// That the process runs.
#[derive(Debug, Serialize, ToSchema)]
struct LiveReply {
    /// Always true.
    live: bool,
}

/// The process runs; dependencies are not checked.
fn live() -> Route {
    Route::open(warp::any().map(|| json(&LiveReply { live: true })).boxed())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_of_all_services_has_all_that_it_refers_to() {
        let documents = vec![register::openapi(), openapi()];
        let whole = merged("Dossier", "All.", documents);
        let whole = serde_json::to_value(&whole).unwrap();
        let mut found = Vec::new();
        references(&whole, &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(whole.pointer(pointer).is_some(), "{reference}");
        }
    }
}
