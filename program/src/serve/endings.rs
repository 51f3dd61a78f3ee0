//! Logs which parts of the law, certificates and keys end soon without a successor, and warnings
//! about the law: at start, once a day, and on changes.

use std::sync::Arc;

use engine::tasks::{BoxFuture, Next, Stalled, Task};
use platform::TimeSource;

use crate::limits::ENDINGS_LOOKED_AT_EVERY;
use dossier::law::{Ending, Warning};
use events::Position;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Components;

/// Logs what ends soon while the process runs.
#[derive(Debug)]
pub(super) struct Endings {
    components: Arc<Components>,
    endings: Said,
    warnings: Said,
}

/// What was logged last, and on which day.
#[derive(Debug, Default)]
struct Said(Option<(Date, Vec<String>)>);

impl Endings {
    /// A task for the law, certificates and keys of these components.
    pub(super) fn new(components: Arc<Components>) -> Self {
        Self { components, endings: Said::default(), warnings: Said::default() }
    }
}

impl Said {
    /// What to log on a day: everything once a day, and again if it changes.
    fn news<T>(&mut self, today: Date, all: Vec<T>, what: impl Fn(&T) -> &String) -> Vec<T> {
        let now = Some((today, all.iter().map(|one| what(one).clone()).collect()));
        if self.0 == now {
            return Vec::new();
        }
        self.0 = now;
        all
    }
}

impl Task for Endings {
    fn name(&self) -> &'static str {
        "endings"
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(async {
            let (done, now) = (Position(u64::MAX), self.components.engine.clock.now());
            let today = TimeZone::UTC.to_datetime(now).date();
            self.components.ends.look().await;
            let warnings = self.components.engine.law().warnings(now);
            for Warning { what, pointer, en, .. } in
                self.warnings.news(today, warnings, |warning| &warning.what)
            {
                tracing::warn!(what, pointer, why = en, "the law wants to be looked at");
            }
            let endings = self.components.endings();
            for Ending { what, last_day, days } in
                self.endings.news(today, endings, |ending| &ending.what)
            {
                tracing::warn!(what, %last_day, days, "{what} ends on {last_day}; nothing that comes after it is known");
            }
            let again = now.checked_add(ENDINGS_LOOKED_AT_EVERY).ok();
            let by_itself = !matches!(self.components.engine.clock, TimeSource::Manual(_));
            Ok(Next::Idle { done, wake_at: again.filter(|_| by_itself) })
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn all_of_it_is_said_once_a_day_and_again_when_it_is_something_else() {
        let ending =
            |what: &str| Ending { days: 3, what: what.into(), last_day: date(2026, 12, 31) };
        let mut said = Said::default();
        let mut count = |day, endings: &[&str]| {
            let endings: Vec<Ending> = endings.iter().map(|what| ending(what)).collect();
            said.news(date(2026, 12, day), endings, |ending| &ending.what).len()
        };
        assert_eq!((count(1, &["a", "b"]), count(1, &["a", "b"])), (2, 0));
        assert_eq!((count(1, &["b"]), count(1, &["b"]), count(2, &["b"])), (1, 0, 1));
        assert_eq!((count(3, &[]), count(3, &[])), (0, 0));
    }
}
