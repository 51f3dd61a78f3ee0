//! Metrics that are computed on request: with a time limit, and keeping the last value if there is
//! no answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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

/// Sources of metrics.
#[derive(Default)]
pub(super) struct Asked(Mutex<Vec<Ask>>);

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
        self.asked.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(ask));
    }

    /// Queries all sources concurrently; whether all answered within `limit`.
    pub async fn count(&self, limit: Duration) -> bool {
        let asking: Vec<_> = {
            let asked = self.asked.0.lock().unwrap_or_else(PoisonError::into_inner);
            asked.iter().map(|ask| timeout(limit, ask())).collect()
        };
        let mut all = true;
        for answer in join_all(asking).await {
            let Ok(Some(figures)) = answer else {
                all = false;
                continue;
            };
            for Counted { name, help, label, value } in figures {
                self.set(name, help, label, value);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
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
}
