//! Metrics of a process, in the text format of OpenMetrics 1.0. Labels are services, routes, kinds
//! of refusals and status codes, never dossiers or people, and each has a bounded number of values.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

mod asked;

use asked::Asked;
pub use asked::Counted;

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge>;

/// A metric, or a family with one label.
#[derive(Debug)]
enum Figure {
    One(Gauge),
    Several(Gauges),
    /// A counter.
    Total(Counter),
}

/// Bucket boundaries of durations, in seconds.
const SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Reasons for closing or refusing a connection.
const TURNED_AWAY: [&str; 5] = ["no-place", "evicted", "stalled", "age", "stopping"];

/// What meets a defect that no retry mends: a request, or the kind of a task (`Work::name`).
const DEFECTS_OF: [&str; 6] = ["request", "view", "reactions", "keeper", "relay", "task"];

/// Metrics of a process.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    refusals: Family<Labels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    appends: Histogram,
    filled: Family<Labels, Counter>,
    unmatched: Family<Labels, Counter>,
    turned_away: Family<Labels, Counter>,
    defects: Family<Labels, Counter>,
    partner_refused: Family<Labels, Counter>,
    partner_impossible: Family<Labels, Counter>,
    paced: Counter,
    connections: Gauge,
    followers: Gauge,
    bytes: Gauge,
    gauges: Mutex<Vec<(&'static str, Figure)>>,
    asked: Asked,
}

/// The problem in a response, and further details for the log.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    pub problem: &'static str,
    pub reason: Option<&'static str>,
}

/// A request: the route is a template such as `/v1/reviews/{dossier}/claim`, so the number of
/// values is bounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RouteLabels {
    pub service: &'static str,
    pub method: &'static str,
    pub route: Arc<str>,
}

impl RouteLabels {
    fn pairs(&self) -> [(&'static str, &str); 3] {
        [("service", self.service), ("method", self.method), ("route", &self.route)]
    }
}

impl EncodeLabelSet for RouteLabels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        EncodeLabelSet::encode(&self.pairs(), encoder)
    }
}

/// The same with the status.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RequestLabels {
    route: RouteLabels,
    status: u16,
}

impl EncodeLabelSet for RequestLabels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        self.route.encode(encoder)?;
        EncodeLabelSet::encode(&[("status", u32::from(self.status))], encoder)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("dossier");
        let (requests, refusals) = (Family::default(), Family::default());
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let (durations, appends) = (Family::new_with_constructor(seconds), seconds());
        let help = "Requests by service, method, route and status; probes and scrapes are none";
        registry.register("requests", help, requests.clone());
        registry.register("refusals", "Refusals by problem", refusals.clone());
        let help = "From the head of a request to its answer, in seconds";
        registry.register("request_duration_seconds", help, durations.clone());
        let help = "From an append to its acknowledgement, in seconds";
        registry.register("append_duration_seconds", help, appends.clone());
        let filled = Family::default();
        let help = "Events that reactions read in the store because the bus had not brought them";
        registry.register("bus_filled", help, filled.clone());
        let unmatched = Family::default();
        let help = "Notices of partners that named nothing of ours and were kept";
        registry.register("notices_unmatched", help, unmatched.clone());
        let turned_away = Family::<Labels, Counter>::default();
        let (connections, followers, bytes) =
            (Gauge::default(), Gauge::default(), Gauge::default());
        let paced = Counter::default();
        let help = "Requests that waited because their client makes more a second than one may";
        registry.register("requests_paced", help, paced.clone());
        let help = "Connections that were closed or not taken, by reason";
        registry.register("connections_turned_away", help, turned_away.clone());
        // Initialised, or the first one would not be an increase.
        for reason in TURNED_AWAY {
            drop(turned_away.get_or_create(&vec![("reason", reason.to_owned())]));
        }
        let defects = Family::<Labels, Counter>::default();
        let help = "Failures that no retry mends, such as an event that cannot be decoded";
        registry.register("defects", help, defects.clone());
        for work in DEFECTS_OF {
            drop(defects.get_or_create(&vec![("work", work.to_owned())]));
        }
        let (partner_refused, partner_impossible) =
            (Family::<Labels, Counter>::default(), Family::<Labels, Counter>::default());
        let help = "Messages of a partner that were refused because of their signature";
        registry.register("partner_signature_refused", help, partner_refused.clone());
        let help = "Messages of a partner with a right signature and impossible content";
        registry.register("partner_notices_impossible", help, partner_impossible.clone());
        registry.register("connections_open", "Connections that are open", connections.clone());
        let help = "Clients that follow the change feed: long polls that wait, and event streams";
        registry.register("changes_followers", help, followers.clone());
        let help = "Bytes in memory of bodies and answers on their way";
        registry.register("bytes_in_flight", help, bytes.clone());
        let (registry, gauges) = (Mutex::new(registry), Mutex::default());
        Self {
            registry,
            requests,
            refusals,
            durations,
            appends,
            filled,
            unmatched,
            turned_away,
            defects,
            partner_refused,
            partner_impossible,
            paced,
            connections,
            followers,
            bytes,
            gauges,
            asked: Asked::default(),
        }
    }
}

impl Metrics {
    /// Counts an answered request, its problem if it was refused, and its duration.
    pub fn answered(
        &self,
        route: RouteLabels,
        status: u16,
        refused: Option<Refused>,
        took: Duration,
    ) {
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
        if status == 500 {
            self.defect("request");
        }
        if let Some(Refused { problem, .. }) = refused {
            self.refusals.get_or_create(&vec![("problem", problem.to_owned())]).inc();
        }
    }

    /// Counts a failure that no retry mends; `work` is `request` or the name of
    /// a `Work`.
    pub fn defect(&self, work: &'static str) {
        debug_assert!(DEFECTS_OF.contains(&work), "{work} is not initialised");
        self.defects.get_or_create(&vec![("work", work.to_owned())]).inc();
    }

    /// Initialises the counters of a partner, so that the first message counts as an increase.
    pub fn partner_known(&self, partner: &str) {
        for family in [&self.partner_refused, &self.partner_impossible] {
            drop(family.get_or_create(&vec![("partner", partner.to_owned())]));
        }
    }

    /// Counts a message of a partner with a wrong signature.
    pub fn partner_refused(&self, partner: &str) {
        self.partner_refused.get_or_create(&vec![("partner", partner.to_owned())]).inc();
    }

    /// Counts a message of a partner with a right signature and impossible content.
    pub fn partner_impossible(&self, partner: &str) {
        self.partner_impossible.get_or_create(&vec![("partner", partner.to_owned())]).inc();
    }

    /// Counts a connection that was closed or not accepted, by reason.
    pub fn turned_away(&self, reason: &'static str) {
        self.turned_away.get_or_create(&vec![("reason", reason.to_owned())]).inc();
    }

    /// Counts a request that was delayed because of its client's rate.
    pub fn paced(&self) {
        self.paced.inc();
    }

    /// Sets how many connections are open.
    pub fn connections(&self, open: usize) {
        self.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Sets how many clients follow the change feed.
    pub fn followers(&self, following: u64) {
        self.followers.set(i64::try_from(following).unwrap_or(i64::MAX));
    }

    /// Sets the bytes of bodies and responses in memory.
    pub fn bytes_in_flight(&self, bytes: u64) {
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Counts an append and its duration.
    pub fn appended(&self, took: Duration) {
        self.appends.observe(took.as_secs_f64());
    }

    /// Counts events that the reactions of a service read in the store instead of from the bus.
    pub fn filled(&self, service: &str, events: u64) {
        if events > 0 {
            self.filled.get_or_create(&vec![("service", service.to_owned())]).inc_by(events);
        }
    }

    /// Counts a partner's notice that was kept because it matches nothing.
    pub fn unmatched(&self, service: &str) {
        self.unmatched.get_or_create(&vec![("service", service.to_owned())]).inc();
    }

    /// Sets a gauge that is computed on request.
    pub fn set(
        &self,
        name: &'static str,
        help: &'static str,
        label: Option<(&'static str, &str)>,
        value: u64,
    ) {
        let mut gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        let at = gauges.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
            let (one, several) = (Gauge::default(), Gauges::default());
            gauges.push((
                name,
                if label.is_some() {
                    registry.register(name, help, several.clone());
                    Figure::Several(several)
                } else {
                    registry.register(name, help, one.clone());
                    Figure::One(one)
                },
            ));
            gauges.len() - 1
        });
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        match gauges.get(at).map(|(_, figure)| figure) {
            Some(Figure::One(gauge)) => {
                gauge.set(value);
            }
            Some(Figure::Several(gauges)) => {
                let labels = label.into_iter().map(|(key, of)| (key, of.to_owned())).collect();
                gauges.get_or_create(&labels).set(value);
            }
            // A name has one type.
            Some(Figure::Total(_)) | None => {}
        }
    }

    /// Sets a counter that is counted elsewhere. Its name gets `_total`.
    pub fn set_total(&self, name: &'static str, help: &'static str, total: u64) {
        let mut figures = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        let at = figures.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            let counter = Counter::default();
            let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
            registry.register(name, help, counter.clone());
            figures.push((name, Figure::Total(counter)));
            figures.len() - 1
        });
        if let Some((_, Figure::Total(counter))) = figures.get(at) {
            counter.inner().fetch_max(total, Ordering::Relaxed);
        }
    }

    /// Sets a gauge per label value, and removes other values.
    pub fn set_all(
        &self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl IntoIterator<Item = (String, u64)>,
    ) {
        {
            let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, Figure::Several(gauges))) = gauges.iter().find(|(n, _)| *n == name) {
                gauges.clear();
            }
        }
        for (of, value) in values {
            self.set(name, help, Some((label, &of)), value);
        }
    }

    /// The text for the HTTP response.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry.lock().unwrap_or_else(PoisonError::into_inner));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_by_status_and_problem_and_a_gauge_as_it_was_set_last() {
        let metrics = Metrics::default();
        let route =
            RouteLabels { service: "intake", method: "GET", route: "/v1/dossiers/{id}".into() };
        metrics.answered(route.clone(), 200, None, Duration::from_millis(2));
        let taken = Some(Refused { problem: "taken", reason: None });
        metrics.answered(route, 409, taken, Duration::from_millis(30));
        for value in [7, 3] {
            metrics.set("relay_lag", "Positions", Some(("source", "intake")), value);
            metrics.set("log_head", "Position", None, value);
            metrics.set_total("bus_left_out", "Events", value);
        }
        let ends = |values: &[(&str, u64)]| {
            let values: Vec<_> = values.iter().map(|(of, v)| ((*of).to_owned(), *v)).collect();
            metrics.set_all("ends_in_days", "Days", "what", values);
        };
        ends(&[("calendar/vn", 30), ("procedure/A", 3)]);
        ends(&[("calendar/vn", 29)]);
        let text = metrics.text();
        assert!(!text.contains("procedure/A"), "it was taken away: {text}");
        for line in [
            "dossier_ends_in_days{what=\"calendar/vn\"} 29",
            "dossier_requests_total{service=\"intake\",method=\"GET\",route=\"/v1/dossiers/{id}\",status=\"200\"} 1",
            "dossier_refusals_total{problem=\"taken\"} 1",
            "dossier_request_duration_seconds_bucket{le=\"0.0025\",service=\"intake\",method=\"GET\",route=\"/v1/dossiers/{id}\"} 1",
            "dossier_request_duration_seconds_count{service=\"intake\",method=\"GET\",route=\"/v1/dossiers/{id}\"} 2",
            "dossier_relay_lag{source=\"intake\"} 3",
            "dossier_log_head 3",
            "# TYPE dossier_bus_left_out counter",
            "dossier_bus_left_out_total 7",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
