//! Metrics and the log line of a request. The log line has no body, query string, name or client
//! address.

use std::time::Instant;

use http::header::{HeaderName, HeaderValue};
use platform::metrics::{Refused, RouteLabels};
use platform::telemetry;
use tracing::Level;
use warp::reply::Response;

use crate::router::By;
use crate::{Context, Router, trace_parent};

/// Refers to the request's line in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request that is being answered.
pub(super) struct Account {
    route: RouteLabels,
    probe: bool,
    /// Trace id in the client's `traceparent`.
    trace: Option<String>,
    begun: Instant,
}

impl Account {
    pub(super) fn open<B>(router: &Router, request: &http::Request<B>) -> Self {
        let (route, probe) = router.asked(request.method(), request.uri().path());
        let trace = trace_parent(request.headers()).and_then(trace_id);
        Self { route, probe, trace, begun: Instant::now() }
    }

    pub(super) fn route(&self) -> &str {
        &self.route.route
    }

    /// Counts and logs the request; to be called in its span.
    pub(super) fn close(self, context: &Context, response: &mut Response) {
        if self.probe {
            return;
        }
        let took = self.begun.elapsed();
        let refused = response.extensions().get::<Refused>().copied();
        let id = context.request_id();
        if tracing::enabled!(target: "request", Level::INFO) {
            self.log(context, response, refused, &id);
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        context.engine.metrics.answered(self.route, response.status().as_u16(), refused, took);
    }

    fn log(&self, context: &Context, response: &Response, refused: Option<Refused>, id: &str) {
        let caller = response.extensions().get::<By>().map(|By(caller)| caller);
        let roles = caller.map(|caller| serde_json::to_string(&caller.roles).unwrap_or_default());
        let who = caller.map(|caller| context.secret.pseudonym(caller.subject.as_str()));
        let trace = telemetry::current().as_deref().and_then(trace_id);
        let trace = trace.or_else(|| self.trace.clone());
        tracing::info!(
            target: "request",
            service = self.route.service,
            method = self.route.method,
            route = &*self.route.route,
            status = response.status().as_u16(),
            ms = self.begun.elapsed().as_secs_f64() * 1_000.0,
            request = id,
            trace_id = trace,
            roles,
            who,
            problem = refused.map(|refused| refused.problem),
            reason = refused.and_then(|refused| refused.reason),
            "answered"
        );
    }
}

/// The trace id of a `traceparent` (W3C Trace Context).
fn trace_id(parent: &str) -> Option<String> {
    parent.split('-').nth(1).map(str::to_owned)
}
