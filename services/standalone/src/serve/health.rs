//! Health and figures, counted independently of those who do the work.

use std::sync::Arc;

use events::Position;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::SignedDuration;
use service_kit::http::Route;
use service_kit::limits::CLOCK_OFF_MAX;
use service_kit::tasks::{KeeperHealth, Progress, ReactionsHealth};
use service_kit::{Kit, Service};
use tokio::sync::watch;
use warp::{Filter, Reply as _};

use super::json;

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
}

/// The relay of a source in its service.
pub(super) struct Relaying {
    pub(super) service: &'static str,
    pub(super) source: &'static str,
    pub(super) progress: Progress,
}

/// What whoever watches wants to know first.
struct Counts {
    readable: bool,
    /// How far the clock is from that of the store's machine.
    clock_off: SignedDuration,
    caught_up: bool,
    open: usize,
    /// Overdue for more than a minute: should have been enforced, and was not.
    overdue: usize,
    /// Given up, and waiting for an operator.
    dead: u64,
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
        }))
    }

    /// What reactions gave up.
    pub(super) fn reactions(&self) -> &[ReactionsHealth] {
        &self.0.reactions
    }

    async fn count(&self) -> Counts {
        let Watched { kit, keepers, reactions, views, begun_at, .. } = &*self.0;
        let mut dead = 0;
        for service in reactions {
            dead += service.dead_letters().await.map_or(0, |letters| letters.len() as u64);
        }
        let off = kit.clock.off(&kit.store).await;
        Counts {
            readable: off.is_ok() && kit.store.event_at(kit.store.head()).await.is_ok(),
            clock_off: off.unwrap_or_default(),
            caught_up: views.iter().all(|(_, view)| view.now() >= *begun_at)
                && keepers.iter().all(|keeper| keeper.reached() >= *begun_at),
            open: keepers.iter().map(KeeperHealth::open).sum(),
            overdue: keepers.iter().map(KeeperHealth::overdue).sum(),
            dead,
        }
    }

    /// The store answers, the clock is right, the read models have caught up, and the process does not stop. What stands beside it are warnings:
    /// the service still takes what it is given. That includes the bus: without it followers read the store.
    pub(super) fn ready(&self) -> Route {
        let watch = self.clone();
        let answers = warp::any()
            .then(move || {
                let watch = watch.clone();
                async move {
                    let counts = watch.count().await;
                    let Counts { readable, clock_off, caught_up, open, overdue, dead } = counts;
                    let clock = clock_off.abs() <= CLOCK_OFF_MAX;
                    let Watched { kit, stopped, .. } = &*watch.0;
                    let (stopping, bus) = (*stopped.borrow(), kit.bus.is_connected());
                    let ready = readable && clock && caught_up && !stopping;
                    let stats = kit.store.stats();
                    let body = serde_json::json!({
                        "ready": ready, "warning": overdue > 0 || dead > 0 || !bus,
                        "store": readable, "clock": clock, "bus": bus, "caught_up": caught_up, "stopping": stopping,
                        "head": kit.store.head(), "open_obligations": open,
                        "overdue_obligations": overdue, "dead_letters": dead,
                        "groups": stats.groups, "events": stats.events,
                    });
                    let status =
                        if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                    warp::reply::with_status(json(body.to_string()), status).into_response()
                }
            })
            .boxed();
        Route::open(answers)
    }

    /// The figures.
    pub(super) fn metrics(&self) -> Route {
        const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let watch = self.clone();
        let answers = warp::any()
            .then(move || {
                let watch = watch.clone();
                async move {
                    let counts = watch.count().await;
                    watch.set(&counts);
                    let text = watch.0.kit.metrics.text();
                    warp::reply::with_header(text, CONTENT_TYPE, FORMAT).into_response()
                }
            })
            .boxed();
        Route::open(answers)
    }

    fn set(&self, counts: &Counts) {
        let Watched { kit, services, keepers, reactions, views, relays, .. } = &*self.0;
        let (head, stats) = (kit.store.head(), kit.store.stats());
        let behind = |progress: &Progress| head.0.saturating_sub(progress.now().0);
        let set = |name, help, value| kit.metrics.set(name, help, None, value);
        set("store_readable", "Whether the event store answers", u64::from(counts.readable));
        set("bus_connected", "Whether the bus can be reached", u64::from(kit.bus.is_connected()));
        let off = u64::try_from(counts.clock_off.abs().as_millis()).unwrap_or(u64::MAX);
        set("clock_off_ms", "How far the clock is from that of the store's machine", off);
        set("caught_up", "Whether the read models have caught up", u64::from(counts.caught_up));
        set("log_head", "The position of the newest event", head.0);
        set("obligations_open", "Obligations that are open", counts.open as u64);
        let help = "Obligations that fell due more than a minute ago and were not enforced";
        set("obligations_overdue", help, counts.overdue as u64);
        let due = keepers.iter().map(KeeperHealth::due).sum::<usize>() as u64;
        set("obligations_due", "Obligations that are due and not enforced yet", due);
        let lag = keepers.iter().map(|keeper| head.0.saturating_sub(keeper.reached().0)).max();
        let help = "Positions that the index of obligations has not read yet";
        set("obligations_lag", help, lag.unwrap_or(0));
        let now = u64::try_from(kit.clock.now().as_millisecond()).unwrap_or(0);
        set("clock_ms", "What time it is here, in milliseconds since the beginning of 1970", now);
        set("dead_letters", "Events that reactions gave up", counts.dead);
        set("store_groups", "Transactions of the store by this process", stats.groups);
        set("store_events", "Events in them", stats.events);
        set("store_queue", "Appends that wait for the writer", stats.waiting);
        let rebuilt = service_kit::view::rebuilt();
        set("views_rebuilt", "Read models that had to be built anew since the start", rebuilt);
        if let Some(age) = kit.auth.keys_age() {
            let age = u64::try_from(age.as_secs()).unwrap_or(0);
            set("keys_age_seconds", "How long ago the identity provider's keys were read", age);
        }
        let set = |name, help, label, of: &str, value| {
            kit.metrics.set(name, help, Some((label, of)), value);
        };
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
