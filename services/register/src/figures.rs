//! Metrics of open dossiers: waiting, late and missed.

use std::sync::Arc;

use engine::Engine;
use engine::view::{Question, View};
use platform::metrics::Counted;
use rusqlite::Connection;

/// What open dossiers wait for, by national status and `awaiting`.
const WAITS: [&str; 5] = ["acceptance", "officer", "decision", "supplement", "fee"];

/// Open dossiers by index in [`WAITS`], those past their due instant, and those with a missed
/// deadline.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    waiting: [u64; WAITS.len()],
    late: u64,
    missed: u64,
}

/// Registers the metrics.
pub(crate) fn offer(engine: &Arc<Engine>, view: &Arc<View>) {
    let (clock, view) = (engine.clock.clone(), Arc::clone(view));
    engine.metrics.asks(move || {
        let (now, view) = (clock.now().as_millisecond(), Arc::clone(&view));
        Box::pin(async move {
            let counted = view.query(Question::Statistics, move |rows| count(rows, now)).await;
            counted.ok().map(|figures| figures.shown())
        })
    });
}

/// By national status; a dossier that awaits a supplement or a fee is counted there only.
fn count(rows: &Connection, now: i64) -> rusqlite::Result<Figures> {
    let mut figures = Figures::default();
    let mut statement = rows.prepare_cached(
        "SELECT CASE WHEN awaiting & 2 THEN 3 WHEN awaiting & 1 THEN 4
                     WHEN status <= 1 THEN 0 WHEN status = 2 THEN 1 ELSE 2 END,
           count(*), count(*) FILTER (WHERE due_at < ?1 AND suspended = 0), count(*) FILTER (WHERE missed > 0)
         FROM dossiers WHERE handled_at IS NULL GROUP BY 1",
    )?;
    let mut groups = statement.query([now])?;
    while let Some(group) = groups.next()? {
        let place: usize = group.get::<_, u32>(0)?.try_into().unwrap_or(usize::MAX);
        if let Some(waiting) = figures.waiting.get_mut(place) {
            *waiting += u64::from(group.get::<_, u32>(1)?);
        }
        figures.late += u64::from(group.get::<_, u32>(2)?);
        figures.missed += u64::from(group.get::<_, u32>(3)?);
    }
    Ok(figures)
}

impl Figures {
    fn shown(&self) -> Vec<Counted> {
        let waiting = WAITS.into_iter().zip(self.waiting).map(|(whom, value)| Counted {
            name: "dossiers_waiting",
            help: "Open dossiers by what they wait for",
            label: Some(("waits_for", whom)),
            value,
        });
        let late = Counted {
            name: "dossiers_late",
            help: "Open dossiers whose promised date has passed while their time runs",
            label: None,
            value: self.late,
        };
        let missed = Counted {
            name: "dossiers_missed",
            help: "Open dossiers of which a deadline was missed",
            label: None,
            value: self.missed,
        };
        waiting.chain([late, missed]).collect()
    }
}
