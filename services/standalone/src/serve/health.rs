//! Health and figures, counted independently of those who do the work.

use std::sync::Arc;

use dossier::law::{Ending, Warning};
use events::Position;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::SignedDuration;
use service_kit::clock::ClockWrong;
use service_kit::http::Route;
use service_kit::limits::PROBE_FRESH_FOR;
use service_kit::tasks::{KeeperHealth, Progress, ReactionsHealth};
use service_kit::{Kit, Service};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use warp::{Filter, Reply as _};

use super::json;

mod look;

use look::{Disks, Found, Kept, Known, OneAtATime, name};

/// What is watched.
#[derive(Clone)]
pub(super) struct Watch(Arc<Watched>);

struct Watched {
    kit: Arc<Kit>,
    stopped: watch::Receiver<bool>,
    services: Vec<&'static str>,
    keepers: Vec<KeeperHealth>,
    reactions: Vec<ReactionsHealth>,
    /// Read models, by their names.
    views: Vec<(&'static str, Progress)>,
    /// Relays, by their services and sources.
    relays: Vec<Relaying>,
    /// Where the log ended when the process began: before its read models have come to there, it is not ready.
    begun_at: Position,
    /// What was found the last time.
    last: Mutex<Option<(Instant, Found)>>,
    /// Bytes that are free, by what lies on the disk.
    disks: Disks,
    /// What the deadline keepers have.
    kept: OneAtATime<Kept>,
}

/// The relay of a source in its service.
pub(super) struct Relaying {
    pub(super) service: &'static str,
    pub(super) source: &'static str,
    pub(super) progress: Progress,
}

impl Watch {
    pub(super) fn new(
        kit: &Arc<Kit>,
        services: &[Service],
        relays: Vec<Relaying>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let keepers = services.iter().flat_map(|service| service.keepers.iter().cloned()).collect();
        let reactions = services.iter().flat_map(|service| service.reactions.iter().cloned());
        let views = services.iter();
        Self(Arc::new(Watched {
            kit: Arc::clone(kit),
            stopped,
            services: services.iter().map(|service| service.name).collect(),
            keepers,
            reactions: reactions.collect(),
            views: views.flat_map(|s| s.views.iter().map(|v| (s.name, v.clone()))).collect(),
            relays,
            begun_at: kit.store.head(),
            last: Mutex::default(),
            disks: Disks::default(),
            kept: OneAtATime::default(),
        }))
    }

    /// What reactions gave up.
    pub(super) fn reactions(&self) -> &[ReactionsHealth] {
        &self.0.reactions
    }

    /// What was found a moment ago, or is found now: whoever probes often, or with many at once, costs one look.
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

    /// The store answers and takes what is written, the clock is right, the read models have caught up and go on, and the process
    /// does not stop. What stands beside it are warnings: the service still takes what it is given. That includes the bus: without
    /// it followers read the store.
    pub(super) fn ready(&self) -> Route {
        let watch = self.clone();
        let answers = warp::any()
            .then(move || {
                let watch = watch.clone();
                async move { watch.answer(&watch.found().await) }
            })
            .boxed();
        Route::open(answers)
    }

    fn answer(&self, found: &Found) -> warp::reply::Response {
        let Watched { kit, stopped, .. } = &*self.0;
        let (stopping, bus) = (*stopped.borrow(), kit.bus.is_connected());
        let ready = found.ready() && !stopping;
        let stats = kit.store.stats();
        let body = serde_json::json!({
            "ready": ready, "warning": found.warns() || !bus,
            "store": found.readable, "writable": found.writable, "clock": found.clock.is_none(),
            "bus": bus, "caught_up": found.caught_up, "stopping": stopping,
            "standing": found.standing().collect::<Vec<_>>(),
            "documents": found.documents.value,
            "disk_free_bytes": found.free().map(|(_, free)| free).min(),
            "head": kit.store.head(), "open_obligations": found.kept.value.open,
            "overdue_obligations": found.kept.value.overdue, "dead_letters": found.dead.value,
            "groups": stats.groups, "events": stats.events, "ends": self.ends(),
            "law": self.warnings(),
        });
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        warp::reply::with_status(json(body.to_string()), status).into_response()
    }

    /// What of the law, of certificates and of keys ends soon and has no successor, with its last day.
    fn ends(&self) -> Vec<serde_json::Value> {
        let kit = &self.0.kit;
        let endings = kit.endings();
        let shown = |ending: &Ending| serde_json::json!({ "what": ending.what, "last_day": ending.last_day, "days": ending.days });
        endings.iter().map(shown).collect()
    }

    /// What else is to be looked at in the law.
    fn warnings(&self) -> Vec<serde_json::Value> {
        let kit = &self.0.kit;
        let warnings = kit.law().warnings(kit.clock.now());
        let shown = |warning: &Warning| serde_json::json!({ "what": warning.what, "pointer": warning.pointer, "why": warning.en });
        warnings.iter().map(shown).collect()
    }

    /// The figures.
    pub(super) fn metrics(&self) -> Route {
        const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let watch = self.clone();
        let answers = warp::any()
            .then(move || {
                let watch = watch.clone();
                async move {
                    watch.set(&watch.found().await);
                    let text = watch.0.kit.metrics.text();
                    warp::reply::with_header(text, CONTENT_TYPE, FORMAT).into_response()
                }
            })
            .boxed();
        Route::open(answers)
    }

    fn set(&self, found: &Found) {
        let kit = &self.0.kit;
        let (head, stats) = (kit.store.head(), kit.store.stats());
        let set = |name, help, value| kit.metrics.set(name, help, None, value);
        set("store_readable", "Whether the event store answers", u64::from(found.readable));
        let help = "Whether the event store takes what is appended";
        set("store_writable", help, u64::from(found.writable));
        set("store_wal_bytes", "Length of the log's write-ahead log", stats.wal_bytes);
        let help = "Whether a reader outside keeps the write-ahead log from beginning anew";
        set("store_wal_pinned", help, u64::from(stats.wal_pinned));
        let help =
            "Whether checkpoints of the write-ahead log fail beside the writer, who makes them";
        set("store_wal_failing", help, u64::from(stats.wal_failing));
        let help =
            "Streams of others that are named as if they were of the log, and are passed over";
        set("store_foreign_streams", help, stats.foreign_streams);
        let help = "Events larger than the bus takes, which are read in the store";
        kit.metrics.set_total("bus_left_out", help, kit.bus.left_out());
        let help = "Whether the place of documents answers";
        set("documents_reachable", help, u64::from(found.documents.value));
        set("bus_connected", "Whether the bus can be reached", u64::from(kit.bus.is_connected()));
        let off = u64::try_from(found.clock_off.abs().as_millis()).unwrap_or(u64::MAX);
        set("clock_off_ms", "How far the clock is from that of the store's machine", off);
        let wrong = found.clock.map_or(SignedDuration::ZERO, ClockWrong::by);
        let wrong = u64::try_from(wrong.abs().as_millis()).unwrap_or(u64::MAX);
        let help = "By how much the clock is wrong, while nothing is recorded because of it";
        set("clock_wrong_ms", help, wrong);
        let help = "What was not recorded because the clock was wrong";
        set("clock_refused", help, kit.guard.refused());
        set("caught_up", "Whether the read models have caught up", u64::from(found.caught_up));
        set("log_head", "The position of the newest event", head.0);
        let Kept { open, due, overdue, reached } = found.kept.value;
        set("obligations_open", "Obligations that are open", open as u64);
        let help = "Obligations that fell due more than a minute ago and were not enforced";
        set("obligations_overdue", help, overdue as u64);
        set("obligations_due", "Obligations that are due and not enforced yet", due as u64);
        let lag = reached.map_or(0, |reached| head.0.saturating_sub(reached.0));
        let help = "Days until something of the law (within 90), a certificate or the last key (within 30) ends that has no successor; 0 when it is over";
        let ends =
            kit.endings().into_iter().map(|end| (end.what, u64::try_from(end.days).unwrap_or(0)));
        kit.metrics.set_all("ends_in_days", help, "what", ends);
        let help = "Files of rules that are no law although they are recorded, or whose automatic answer nothing can get";
        let warnings = kit.law().warnings(kit.clock.now());
        let warnings = warnings.into_iter().map(|warning| (warning.what, 1));
        kit.metrics.set_all("law_warnings", help, "what", warnings);
        let help = "Positions that the index of obligations has not read yet";
        set("obligations_lag", help, lag);
        let now = u64::try_from(kit.clock.now().as_millisecond()).unwrap_or(0);
        set("clock_ms", "What time it is here, in milliseconds since the beginning of 1970", now);
        set("dead_letters", "Events that reactions gave up", found.dead.value);
        set("store_groups", "Transactions of the store by this process", stats.groups);
        set("store_events", "Events in them", stats.events);
        set("store_queue", "Appends that wait for the writer", stats.waiting);
        let rebuilt = service_kit::view::rebuilt();
        set("views_rebuilt", "Read models that had to be built anew since the start", rebuilt);
        let help =
            "Lines of the log that were dropped because whoever reads standard error is too slow";
        kit.metrics.set_total("log_lines_dropped", help, service_kit::telemetry::dropped_lines());
        if let Some(age) = kit.auth.keys_age() {
            let age = u64::try_from(age.as_secs()).unwrap_or(0);
            set("keys_age_seconds", "How long ago the identity provider's keys were read", age);
        }
        self.set_labelled(found);
    }

    fn set_labelled(&self, found: &Found) {
        let Watched { kit, services, reactions, views, relays, .. } = &*self.0;
        let head = kit.store.head();
        let behind = |progress: &Progress| head.0.saturating_sub(progress.now().0);
        let set = |name, help, label, of: &str, value| {
            kit.metrics.set(name, help, Some((label, of)), value);
        };
        for (task, stood) in &found.tasks {
            let help =
                "For how many seconds a task has done nothing although there is something to do";
            set("task_stands_s", help, "task", &name(task), stood.unwrap_or(0));
        }
        let ages = [
            ("dead_letters", found.dead.age()),
            // The oldest of them.
            ("disk_free_bytes", found.disks.iter().filter_map(Known::age).max()),
            ("dossiers", found.counted.age()),
            ("obligations", found.kept.age()),
        ];
        for (figure, age) in ages.into_iter().filter_map(|(name, age)| Some((name, age?))) {
            let help = "How old a figure is that somebody else must be asked for, in seconds";
            set("figure_age_seconds", help, "figure", figure, age);
        }
        for (place, free) in found.free() {
            let help = "Bytes that are free on the disk of the log, of documents, of read models";
            set("disk_free_bytes", help, "place", place, free);
        }
        for service in services {
            let leads = u64::from(kit.lead(service).now());
            set("leads", "Whether this replica leads its service", "service", service, leads);
        }
        for service in reactions {
            let (name, lag) = (service.service(), behind(service.progress()));
            set("reactions_lag", "Positions not yet reacted to", "service", name, lag);
        }
        for (name, view) in views {
            set("view_lag", "Positions not yet in a read model", "view", name, behind(view));
        }
        for Relaying { service, source, progress } in relays {
            // Whoever stands by relays nothing, and is behind with nothing.
            let lag = if kit.lead(service).now() { behind(progress) } else { 0 };
            set("relay_lag", "Positions not yet relayed", "source", source, lag);
        }
    }
}
