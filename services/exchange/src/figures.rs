//! Metrics of deliveries: what the leader knows of its lanes, counted when somebody asks.

use std::sync::{Arc, Mutex, PoisonError};

use engine::Engine;
use events::Position;
use events::bus::Leadership;
use platform::metrics::{Counted, Metrics};

/// How the lanes are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lanes {
    /// Subscribers that take what is sent.
    pub(crate) active: u64,
    /// Verified ones of which the newest delivery failed.
    pub(crate) failing: u64,
    pub(crate) unverified: u64,
    pub(crate) disabled: u64,
    /// Messages in memory.
    pub(crate) waiting: u64,
    /// Up to where everything is done for the slowest active one.
    pub(crate) slowest: Option<Position>,
}

/// What the sender last knew of the lanes.
#[derive(Debug, Default)]
pub(crate) struct Figures(Mutex<Lanes>);

impl Figures {
    pub(crate) fn set(&self, lanes: Lanes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lanes;
    }

    fn get(&self) -> Lanes {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was counted since the start of the process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) delivered: u64,
    /// Tries.
    pub(crate) failed: u64,
    /// Subscribers that the service disabled.
    pub(crate) suspended: u64,
}

impl Totals {
    pub(crate) fn show(self, metrics: &Metrics) {
        let set = |name, help, value| metrics.set_total(name, help, value);
        set("subscriber_deliveries", "Messages that subscribers took", self.delivered);
        set("subscriber_failures", "Tries of messages to subscribers that failed", self.failed);
        let help =
            "Subscribers disabled because nothing was delivered, they are gone, or rights lapsed";
        set("subscribers_suspended", help, self.suspended);
    }
}

/// Registers the metrics. A standby has no lanes and shows zeros.
pub(crate) fn offer(engine: &Arc<Engine>, figures: &Arc<Figures>, lead: &Leadership) {
    // Initialised, or the first one would not be an increase.
    Totals::default().show(&engine.metrics);
    // Not the engine, which has the metrics: it would never be dropped.
    let (store, figures, lead) = (Arc::clone(&engine.store), Arc::clone(figures), lead.clone());
    engine.metrics.asks(move || {
        let lanes = if lead.now() { figures.get() } else { Lanes::default() };
        let head = store.head().0;
        Box::pin(async move { Some(shown(lanes, head)) })
    });
}

fn shown(lanes: Lanes, head: u64) -> Vec<Counted> {
    let of = |state, value| Counted {
        name: "subscribers",
        help: "Subscribers that have not ended, by state; `failing`: the newest delivery failed",
        label: Some(("state", state)),
        value,
    };
    let one = |name, help, value| Counted { name, help, label: None, value };
    let lag = lanes.slowest.map_or(0, |slowest| head.saturating_sub(slowest.0));
    vec![
        of("active", lanes.active),
        of("failing", lanes.failing),
        of("unverified", lanes.unverified),
        of("disabled", lanes.disabled),
        one("subscriber_waiting", "Messages to subscribers in memory", lanes.waiting),
        one("subscriber_lag", "Lag of the slowest active subscriber, in positions", lag),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_that_of_the_slowest_subscriber_that_takes_what_is_sent() {
        let value = |lanes: Lanes, name| {
            let all = shown(lanes, 100);
            all.iter().find(|one| one.name == name).map(|one| one.value)
        };
        let behind = Lanes { slowest: Some(Position(40)), ..Lanes::default() };
        assert_eq!(value(behind, "subscriber_lag"), Some(60));
        assert_eq!(value(Lanes::default(), "subscriber_lag"), Some(0), "none is active");
    }
}
