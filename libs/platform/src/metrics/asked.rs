//! Metrics that are computed on request: with a time limit, and keeping the last value if there is
//! no answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;

use super::Metrics;

/// A computed metric.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Its name, without `dossier_`.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Label; its values are a closed set.
    pub label: Option<(&'static str, &'static str)>,
    /// How many.
    pub value: u64,
}

/// Computes metrics; `None` if that is not possible now.
type Ask = Box<dyn Fn() -> BoxFuture<'static, Option<Vec<Counted>>> + Send + Sync>;

/// A source rests for this many times as long as its last answer took, so that frequent probes of
/// a large installation use at most a twentieth of a processor for each source.
const REST_TIMES: u32 = 20;
/// Longest rest of a source: the age that its figures may have.
const REST_MAX: Duration = Duration::from_secs(30);

/// A source of metrics.
struct Source {
    ask: Ask,
    last: Mutex<Option<Last>>,
}

/// When a source is asked again, and whether it answered the last time.
#[derive(Clone, Copy)]
struct Last {
    rests_until: Instant,
    answered: bool,
}

impl Source {
    /// Whether it answered within `limit`, now or when it was last asked.
    async fn count(&self, metrics: &Metrics, limit: Duration) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        if let Some(last) = last.filter(|last| begun < last.rests_until) {
            return last.answered;
        }
        let figures = timeout(limit, (self.ask)()).await.ok().flatten();
        let rest = begun.elapsed().saturating_mul(REST_TIMES).min(REST_MAX);
        let last = Last { rests_until: Instant::now() + rest, answered: figures.is_some() };
        for Counted { name, help, label, value } in figures.into_iter().flatten() {
            metrics.set(name, help, label, value);
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        last.answered
    }
}

/// Sources of metrics.
#[derive(Default)]
pub(super) struct Asked(Mutex<Vec<Arc<Source>>>);

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Registers a source.
    pub fn asks(
        &self,
        ask: impl Fn() -> BoxFuture<'static, Option<Vec<Counted>>> + Send + Sync + 'static,
    ) {
        let source = Source { ask: Box::new(ask), last: Mutex::default() };
        self.asked.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(source));
    }

    /// Queries the sources concurrently, except those that rest since their last answer; whether
    /// all answered within `limit`.
    pub async fn count(&self, limit: Duration) -> bool {
        let sources = self.asked.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let asking = sources.iter().map(|source| source.count(self, limit));
        join_all(asking).await.into_iter().all(|answered| answered)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test]
    async fn whoever_does_not_answer_takes_no_figure_away() {
        let metrics = Metrics::default();
        let count = |value| Counted { name: "open", help: "Open", label: None, value };
        metrics.asks(move || Box::pin(async move { Some(vec![count(7)]) }));
        let limit = Duration::from_secs(60);
        assert!(metrics.count(limit).await);
        metrics.asks(|| Box::pin(async { None }));
        assert!(!metrics.count(limit).await);
        metrics.asks(|| Box::pin(std::future::pending()));
        assert!(!metrics.count(Duration::from_millis(1)).await);
        assert!(metrics.text().contains("dossier_open 7"));
    }
    #[tokio::test]
    async fn a_source_rests_in_proportion_to_the_time_that_its_answer_took() {
        let metrics = Metrics::default();
        let asked = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&asked);
        metrics.asks(move || {
            let (begun, value) = (Instant::now(), counted.fetch_add(1, Ordering::Relaxed));
            while begun.elapsed() < Duration::from_millis(100) {
                std::hint::spin_loop();
            }
            Box::pin(async move {
                Some(vec![Counted { name: "open", help: "Open", label: None, value }])
            })
        });
        let limit = Duration::from_secs(60);
        let begun = Instant::now();
        while asked.load(Ordering::Relaxed) < 2 {
            assert!(metrics.count(limit).await);
        }
        assert!(begun.elapsed() >= Duration::from_millis(100) * REST_TIMES);
    }
}
