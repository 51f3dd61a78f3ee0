//! Health checks and metrics, independent of the tasks they are about.

use std::sync::Arc;

use engine::Engine;
use engine::clock::ClockWrong;
use engine::tasks::{KeeperHealth, Progress, ReactionsHealth};
use web::quotas::Rules;
use web::{Language, Route, Service};

use crate::limits::PROBE_FRESH_FOR;
use events::Position;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, VARY};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use warp::{Filter, Reply as _};

use super::json;
use crate::Components;

mod look;
mod ready;

use look::{Disks, Found, Kept, Known, OneAtATime, name};
pub(super) use ready::ReadyReply;
use ready::WarningReply;

/// Sources of health and metrics.
#[derive(Clone)]
pub(super) struct Watch(Arc<Watched>);

struct Watched {
    components: Arc<Components>,
    engine: Arc<Engine>,
    stopped: CancellationToken,
    services: Vec<&'static str>,
    keepers: Vec<KeeperHealth>,
    reactions: Vec<ReactionsHealth>,
    /// Read models by name.
    views: Vec<(&'static str, Progress)>,
    /// Relays by service and source.
    relays: Vec<Relaying>,
    /// Head at the start: the process is not ready until its read models have reached it.
    begun_at: Position,
    /// The last result.
    last: Mutex<Option<(Instant, Found)>>,
    /// Free bytes per disk.
    disks: Disks,
    /// Deadline indexes.
    kept: OneAtATime<Kept>,
}

/// A relay with its service and source.
pub(super) struct Relaying {
    pub(super) service: &'static str,
    pub(super) source: &'static str,
    pub(super) progress: Progress,
}

impl Watch {
    pub(super) fn new(
        components: &Arc<Components>,
        services: &[Service],
        relays: Vec<Relaying>,
        stopped: CancellationToken,
    ) -> Self {
        let keepers = services.iter().flat_map(|service| service.keepers.iter().cloned()).collect();
        let reactions = services.iter().flat_map(|service| service.reactions.iter().cloned());
        let views = services.iter();
        Self(Arc::new(Watched {
            components: Arc::clone(components),
            engine: Arc::clone(&components.engine),
            stopped,
            services: services.iter().map(|service| service.name).collect(),
            keepers,
            reactions: reactions.collect(),
            views: views.flat_map(|s| s.views.iter().map(|v| (s.name, v.clone()))).collect(),
            relays,
            begun_at: components.engine.store.head(),
            last: Mutex::default(),
            disks: Disks::default(),
            kept: OneAtATime::default(),
        }))
    }

    /// Health of the reactions.
    pub(super) fn reactions(&self) -> &[ReactionsHealth] {
        &self.0.reactions
    }

    /// The present time.
    pub(super) fn now(&self) -> Timestamp {
        self.0.engine.clock.now()
    }

    /// What callers may use.
    pub(super) fn quotas(&self) -> &Rules {
        self.0.components.context.quotas().rules()
    }

    /// A recent result, or a new one: frequent and concurrent probes share it.
    async fn found(&self) -> Found {
        let mut last = self.0.last.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < PROBE_FRESH_FOR
        {
            return found.clone();
        }
        let before = last.as_ref().map(|(_, found)| found.clone()).unwrap_or_default();
        let found = Box::pin(self.0.look(before)).await;
        *last = Some((Instant::now(), found.clone()));
        found
    }

    /// Ready: the store can be read and written, the clock is right, read models have caught up,
    /// and the process is not stopping. Everything else is a warning, including the bus: without
    /// it, followers read the store.
    pub(super) fn ready(&self) -> Route {
        let watch = self.clone();
        let answers = warp::header::headers_cloned()
            .then(move |headers: HeaderMap| {
                let watch = watch.clone();
                async move { watch.answer(&watch.found().await, Language::of(&headers)) }
            })
            .boxed();
        Route::open(answers)
    }

    fn answer(&self, found: &Found, language: Language) -> warp::reply::Response {
        let Watched { components, engine, stopped, .. } = &*self.0;
        let (stopping, bus) = (stopped.is_cancelled(), engine.bus().is_connected());
        let ready = found.ready() && !stopping;
        let stats = engine.store.stats();
        let warnings = engine.law().warnings(engine.clock.now()).into_iter();
        let body = ReadyReply {
            ready,
            warning: found.warns() || !bus,
            store: found.readable,
            writable: found.writable,
            clock: found.clock.is_none(),
            bus,
            caught_up: found.caught_up,
            stopping,
            standing: found.standing().collect(),
            documents: found.documents.value,
            disk_free_bytes: found.free().map(|(_, free)| free).min(),
            head: engine.store.head().0,
            open_obligations: found.kept.value.open,
            overdue_obligations: found.kept.value.overdue,
            dead_letters: found.dead.value,
            groups: stats.groups,
            events: stats.events,
            ends: components.endings().into_iter().map(Into::into).collect(),
            law: warnings.map(|warning| WarningReply::new(warning, language)).collect(),
        };
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let reply = warp::reply::with_header(json(&body), VARY, "accept-language");
        warp::reply::with_status(reply, status).into_response()
    }

    /// The route of the metrics.
    pub(super) fn metrics(&self) -> Route {
        const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let watch = self.clone();
        let answers = warp::any()
            .then(move || {
                let watch = watch.clone();
                async move {
                    watch.set(&watch.found().await);
                    let text = watch.0.engine.metrics.text();
                    warp::reply::with_header(text, CONTENT_TYPE, FORMAT).into_response()
                }
            })
            .boxed();
        Route::open(answers)
    }

    fn set(&self, found: &Found) {
        let engine = &self.0.engine;
        let (head, stats) = (engine.store.head(), engine.store.stats());
        let set = |name, help, value| engine.metrics.set(name, help, None, value);
        set("store_readable", "Whether the event store can be read", u64::from(found.readable));
        let help = "Whether the event store can be written to";
        set("store_writable", help, u64::from(found.writable));
        set("store_wal_bytes", "Bytes of the write-ahead log of SQLite", stats.wal_bytes);
        let help = "Whether a reader blocks checkpoints of the write-ahead log";
        set("store_wal_pinned", help, u64::from(stats.wal_pinned));
        let help = "Whether the checkpoint thread fails, so that the writer checkpoints";
        set("store_wal_failing", help, u64::from(stats.wal_failing));
        let help = "Streams of other programs under the log's prefix, which are skipped";
        set("store_foreign_streams", help, stats.foreign_streams);
        let help = "Events that exceed the bus's message size and were not published";
        engine.metrics.set_total("bus_left_out", help, engine.bus().left_out());
        let help = "Whether the document store responds";
        set("documents_reachable", help, u64::from(found.documents.value));
        let help = "Whether the bus is connected";
        set("bus_connected", help, u64::from(engine.bus().is_connected()));
        let off = u64::try_from(found.clock_off.abs().as_millis()).unwrap_or(u64::MAX);
        set("clock_off_ms", "Difference to the clock of the store's server, in ms", off);
        let wrong = found.clock.map_or(SignedDuration::ZERO, ClockWrong::by);
        let wrong = u64::try_from(wrong.abs().as_millis()).unwrap_or(u64::MAX);
        let help = "Error of the clock in ms, while steps are refused because of it";
        set("clock_wrong_ms", help, wrong);
        let help = "Steps refused because the clock was wrong";
        set("clock_refused", help, engine.guard().refused());
        set(
            "caught_up",
            "Whether the read models have caught up since the start",
            u64::from(found.caught_up),
        );
        set("log_head", "Commit position of the newest event", head.0);
        let Kept { open, due, overdue, reached } = found.kept.value;
        set("obligations_open", "Open obligations", open as u64);
        let help = "Obligations that are overdue by more than a minute and not enforced";
        set("obligations_overdue", help, overdue as u64);
        set("obligations_due", "Due obligations that are not enforced yet", due as u64);
        let lag = reached.map_or(0, |reached| head.0.saturating_sub(reached.0));
        let help = "Days until rules (within 90), a certificate or the last key (within 30) end without a successor; 0 afterwards";
        let ends = self
            .0
            .components
            .endings()
            .into_iter()
            .map(|end| (end.what, u64::try_from(end.days).unwrap_or(0)));
        engine.metrics.set_all("ends_in_days", help, "what", ends);
        let help = "Rules files that are void, or whose automatic decision can never apply";
        let warnings = engine.law().warnings(engine.clock.now());
        let warnings = warnings.into_iter().map(|warning| (warning.what, 1));
        engine.metrics.set_all("law_warnings", help, "what", warnings);
        let help = "Lag of the deadline index, in positions";
        set("obligations_lag", help, lag);
        let now = u64::try_from(engine.clock.now().as_millisecond()).unwrap_or(0);
        set("clock_ms", "The clock, in ms since 1970", now);
        set("dead_letters", "Dead letters", found.dead.value);
        set("store_groups", "Transactions of this process in the store", stats.groups);
        set("store_events", "Events in these transactions", stats.events);
        set("store_queue", "Queued appends", stats.waiting);
        let rebuilt = engine::view::rebuilt();
        set("views_rebuilt", "Read models that were rebuilt since the start", rebuilt);
        let help = "Log lines dropped because the reader of standard error is too slow";
        engine.metrics.set_total("log_lines_dropped", help, platform::telemetry::dropped_lines());
        if let Some(age) = self.0.components.context.auth().keys_age() {
            let age = u64::try_from(age.as_secs()).unwrap_or(0);
            set("keys_age_seconds", "Seconds since the identity provider's keys were read", age);
        }
        self.set_labelled(found);
    }

    fn set_labelled(&self, found: &Found) {
        let Watched { engine, services, reactions, views, relays, .. } = &*self.0;
        let head = engine.store.head();
        let behind = |progress: &Progress| head.0.saturating_sub(progress.now().0);
        let set = |name, help, label, of: &str, value| {
            engine.metrics.set(name, help, Some((label, of)), value);
        };
        for (task, stood) in &found.tasks {
            let help = "Seconds since a task stalled; 0 if it is not stalled";
            set("task_stands_s", help, "task", &name(task), stood.unwrap_or(0));
            if let Some(lag) = task.lag(head) {
                set(
                    "follower_lag",
                    "Lag of a follower, in positions",
                    "follower",
                    &name(task),
                    lag,
                );
            }
        }
        let ages = [
            ("dead_letters", found.dead.age()),
            // The oldest one.
            ("disk_free_bytes", found.disks.iter().filter_map(Known::age).max()),
            ("dossiers", found.counted.age()),
            ("obligations", found.kept.age()),
        ];
        for (figure, age) in ages.into_iter().filter_map(|(name, age)| Some((name, age?))) {
            let help = "Age of a metric from another source, in seconds";
            set("figure_age_seconds", help, "figure", figure, age);
        }
        for (place, free) in found.free() {
            let help = "Free bytes on the disk of the log, of documents, of read models";
            set("disk_free_bytes", help, "place", place, free);
        }
        for service in services {
            let leads = u64::from(engine.lead(service).now());
            set("leads", "Whether this replica leads its service", "service", service, leads);
        }
        for service in reactions {
            let (name, lag) = (service.service(), behind(service.progress()));
            set(
                "reactions_lag",
                "Lag of a service's reactions, in positions",
                "service",
                name,
                lag,
            );
        }
        for (name, view) in views {
            set("view_lag", "Lag of a read model, in positions", "view", name, behind(view));
        }
        for Relaying { service, source, progress } in relays {
            // A standby publishes nothing and has no lag.
            let lag = if engine.lead(service).now() { behind(progress) } else { 0 };
            set("relay_lag", "Lag of a relay, in positions", "source", source, lag);
        }
    }
}
