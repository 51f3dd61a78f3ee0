//! Logs and traces. Logs are one JSON object per line on standard error; traces go to a collector,
//! if configured. Neither contains personal data: only ids, kinds, positions and durations.
//!
//! A trace begins with a client's request. Recorded events carry it (`Envelope::trace`, in the
//! format of W3C Trace Context), so reactions in other processes, even hours later, continue the
//! trace.

use std::io::{BufWriter, IsTerminal};
use std::sync::OnceLock;

use tracing::Span;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[cfg(feature = "otlp")]
mod otlp;

/// Where traces are exported to.
#[derive(Debug, Clone)]
pub struct Collector {
    /// The collector's address for OTLP over HTTP, for example `http://collector:4318`.
    pub endpoint: String,
    /// Service name.
    pub service: String,
    /// Sampling ratio of traces that begin here, from 0 to 1; others follow the decision made
    /// elsewhere.
    pub ratio: f64,
}

/// Log lines queued for standard error; further ones are dropped and counted.
const LOG_LINES_WAITING_MAX: usize = 16_384;

/// Number of dropped lines.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// Flushes traces and logs on drop, within a time limit.
#[derive(Debug)]
pub struct Telemetry {
    /// Dropped first (fields are dropped in this order), because an export failure is logged.
    #[cfg(feature = "otlp")]
    _traces: Option<otlp::Traces>,
    _lines: WorkerGuard,
}

/// Starts logging with the filter `level` (such as `info` or `warn,engine=debug`), as JSON or
/// text, and exporting traces. A second call in the same process has no effect.
///
/// # Errors
///
/// An invalid endpoint.
pub fn start(level: &str, json: bool, collector: Option<Collector>) -> Result<Telemetry, String> {
    use tracing_subscriber::Layer;

    let filter = EnvFilter::try_new(quietened(level))
        .map_err(|error| format!("--log {level}: {error}; for example `info`"))?;
    // A separate thread writes, so that a slow reader delays no request.
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LOG_LINES_WAITING_MAX)
        .thread_name("log-writer")
        .finish(BufWriter::new(std::io::stderr()));
    let _ = DROPPED.set(writer.error_counter());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = if json {
        lines.json().with_span_list(false).boxed()
    } else {
        lines.with_target(false).compact().with_ansi(std::io::stderr().is_terminal()).boxed()
    };
    let lines = lines.with_filter(filter);
    #[cfg(feature = "otlp")]
    {
        let traces = collector.map(otlp::Traces::start).transpose()?;
        let spans = traces.as_ref().map(otlp::Traces::layer);
        // An error means that logging is already initialised.
        let _ = tracing_subscriber::registry().with(spans).with(lines).try_init();
        Ok(Telemetry { _lines: guard, _traces: traces })
    }
    #[cfg(not(feature = "otlp"))]
    {
        if let Some(collector) = collector {
            return Err(format!(
                "this program sends no traces, and none to {}",
                collector.endpoint
            ));
        }
        let _ = tracing_subscriber::registry().with(lines).try_init();
        Ok(Telemetry { _lines: guard })
    }
}

/// Number of log lines that were dropped because the reader of standard error is too slow.
#[must_use]
pub fn dropped_lines() -> u64 {
    DROPPED.get().map_or(0, |dropped| dropped.dropped_lines() as u64)
}

/// Suppresses the event store client's own messages, unless the level is debug or they are enabled
/// explicitly; its callers log what matters.
fn quietened(level: &str) -> String {
    const CLIENT: &str = "kurrentdb";
    let lower = level.to_ascii_lowercase();
    let wanted = lower.contains(CLIENT)
        || lower.split(',').any(|part| matches!(part.trim(), "debug" | "trace"));
    if wanted { level.to_owned() } else { format!("{level},{CLIENT}=off") }
}

/// Span of a request, in the trace of its `traceparent`.
#[must_use]
pub fn request(method: &str, route: &str, parent: Option<&str>) -> Span {
    span(parent, || {
        tracing::info_span!(
            target: "trace",
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            http.request.method = method,
            http.route = route,
            http.response.status_code = tracing::field::Empty,
            trace_id = tracing::field::Empty,
        )
    })
}

/// Span of a reaction, in the trace of its event.
#[must_use]
pub fn reaction(service: &str, kind: &str, position: u64, parent: Option<&str>) -> Span {
    span(parent, || {
        tracing::info_span!(
            target: "trace",
            "reaction",
            otel.name = format!("{service} reacts to {kind}"),
            otel.kind = "consumer",
            messaging.system = "dossier",
            messaging.destination.name = kind,
            dossier.position = position,
            trace_id = tracing::field::Empty,
        )
    })
}

/// Span of an enforced obligation: a trace of its own with a link, because the opening event may be
/// months old.
#[must_use]
pub fn enforcement(service: &str, kind: &str, opened_in: Option<&str>) -> Span {
    let span = span(None, || {
        tracing::info_span!(
            target: "trace",
            "enforcement",
            otel.name = format!("{service} enforces {kind}"),
            trace_id = tracing::field::Empty,
        )
    });
    #[cfg(feature = "otlp")]
    if let Some(opened_in) = opened_in {
        otlp::link(&span, opened_in);
    }
    #[cfg(not(feature = "otlp"))]
    let _ = opened_in;
    span
}

/// Span of internal work; only within a trace.
pub fn part(name: &'static str, of: &str) -> Span {
    if !sends() || current().is_none() {
        return Span::none();
    }
    tracing::info_span!(target: "trace", "part", otel.name = format!("{name} {of}"), trace_id = tracing::field::Empty)
}

/// Span of publishing an event, in its trace.
#[must_use]
pub fn relayed(kind: &str, position: u64, parent: Option<&str>) -> Span {
    span(parent, || {
        tracing::info_span!(
            target: "trace",
            "relay",
            otel.name = format!("relay {kind}"),
            otel.kind = "producer",
            messaging.destination.name = kind,
            dossier.position = position,
            trace_id = tracing::field::Empty,
        )
    })
}

#[cfg(feature = "otlp")]
fn span(parent: Option<&str>, make: impl FnOnce() -> Span) -> Span {
    if !sends() {
        return Span::none();
    }
    let span = make();
    otlp::adopt(&span, parent);
    span
}

#[cfg(not(feature = "otlp"))]
fn span(_parent: Option<&str>, _make: impl FnOnce() -> Span) -> Span {
    Span::none()
}

/// Whether spans are exported.
fn sends() -> bool {
    #[cfg(feature = "otlp")]
    return otlp::sends();
    #[cfg(not(feature = "otlp"))]
    false
}

/// The current trace and span in the format of W3C Trace Context; `None` if spans are not exported.
#[must_use]
pub fn current() -> Option<String> {
    #[cfg(feature = "otlp")]
    return otlp::current();
    #[cfg(not(feature = "otlp"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_stores_client_is_heard_only_where_details_are_wanted() {
        assert_eq!(quietened("info"), "info,kurrentdb=off");
        assert_eq!(quietened("warn,engine=debug"), "warn,engine=debug,kurrentdb=off");
        for level in ["debug", "TRACE", "info,kurrentdb=warn", "engine=info,debug"] {
            assert_eq!(quietened(level), level);
        }
        EnvFilter::try_new(quietened("info")).unwrap();
    }
}
