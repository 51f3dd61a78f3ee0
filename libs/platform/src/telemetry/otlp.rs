//! Exports traces: OTLP 1.x over HTTP, in batches, on a thread of the SDK. A slow or unavailable
//! collector loses spans, but delays no request.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::Collector;
use crate::limits::{TRACES_SENT_IN, TRACES_SHUT_DOWN_IN};

static SENDS: AtomicBool = AtomicBool::new(false);

pub(super) fn sends() -> bool {
    SENDS.load(Ordering::Relaxed)
}

/// The exporter; stops on drop.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    pub(super) fn start(collector: Collector) -> Result<Self, String> {
        let endpoint = format!("{}/v1/traces", collector.endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Poster::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(TRACES_SENT_IN)
            .build()
            .map_err(|error| format!("{}: {error}", collector.endpoint))?;
        let service = Resource::builder().with_service_name(collector.service);
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let sampler = Sampler::TraceIdRatioBased(collector.ratio);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(service.with_attribute(version).build())
            .build();
        SENDS.store(true, Ordering::Relaxed);
        Ok(Self(provider))
    }

    /// A layer for our own spans only; libraries have many more.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.0.tracer("dossier");
        let spans = tracing_opentelemetry::layer().with_tracer(tracer);
        spans.with_filter(filter_fn(|about| about.is_span() && about.target() == "trace"))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        SENDS.store(false, Ordering::Relaxed);
        // Spans that cannot be exported by then are lost.
        let _ = self.0.shutdown_with_timeout(TRACES_SHUT_DOWN_IN);
    }
}

/// Attaches a span to the trace in `parent`, and adds the trace id to the log.
pub(super) fn adopt(span: &Span, parent: Option<&str>) {
    if let Some(parent) = parent {
        // It fails only if the span is not exported.
        let _ = span.set_parent(read(parent));
    }
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    span.record("trace_id", trace.to_string());
}

/// Links a span to one of another trace.
pub(super) fn link(span: &Span, to: &str) {
    span.add_link(read(to).span().span_context().clone());
}

fn read(parent: &str) -> Context {
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), parent.to_owned())]);
    TraceContextPropagator::new().extract(&carrier)
}

pub(super) fn current() -> Option<String> {
    if !sends() {
        return None;
    }
    written(&Span::current().context())
}

fn written(context: &Context) -> Option<String> {
    let mut carrier = std::collections::HashMap::new();
    TraceContextPropagator::new().inject_context(context, &mut carrier);
    carrier.remove("traceparent")
}

/// Uses the program's HTTP client. It blocks, on the exporter's own thread.
#[derive(Debug)]
struct Poster(ureq::Agent);

impl Poster {
    fn new() -> Self {
        let config = crate::outside::client(TRACES_SENT_IN).http_status_as_error(false);
        Self(config.build().into())
    }
}

/// Bytes of a collector's answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

#[async_trait::async_trait]
impl HttpClient for Poster {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let mut answer = self.0.run(Request::from_parts(parts, body.to_vec()))?;
        let bytes = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        let mut response = Response::new(Bytes::from(bytes));
        *response.status_mut() = answer.status();
        Ok(response)
    }
}
