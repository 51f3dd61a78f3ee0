//! Collects the state for health checks and metrics, within a time limit whatever is unavailable.

use std::sync::Arc;
use std::time::Duration;

use engine::clock::ClockWrong;
use engine::tasks::{KeeperHealth, Pulse, Work};
use platform::disk;

use crate::limits::{DISK_FREE_MIN, PROBE_ASKS_MAX, PROBE_DOCUMENTS_FRESH_FOR};
use events::{Position, ReadError};
use jiff::SignedDuration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::Watched;

/// The collected state.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) readable: bool,
    /// Whether an append would succeed.
    pub(super) writable: bool,
    pub(super) clock: Option<ClockWrong>,
    /// Difference to the clock of the store's server.
    pub(super) clock_off: SignedDuration,
    pub(super) caught_up: bool,
    pub(super) kept: Known<Kept>,
    /// Dead letters.
    pub(super) dead: Known<u64>,
    /// Tasks, with the seconds since each one stalled, if it has.
    pub(super) tasks: Vec<(Pulse, Option<u64>)>,
    /// Free bytes per disk; `None` for data without a local disk.
    pub(super) disks: [Known<Free>; PLACES.len()],
    /// Whether the document store responds.
    pub(super) documents: Known<bool>,
    /// When the services' metrics were collected.
    pub(super) counted: Known<()>,
}

/// Free bytes of a disk; `None` without a local disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Free(Option<u64>);

/// Data on local disks.
pub(super) const PLACES: [&str; 3] = ["views", "documents", "log"];
/// Index of documents in [`PLACES`].
const DOCUMENTS: usize = 1;

/// Totals of the deadline indexes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    pub(super) open: usize,
    pub(super) due: usize,
    /// Overdue for more than a minute, and not enforced.
    pub(super) overdue: usize,
    /// The lowest position of the indexes.
    pub(super) reached: Option<Position>,
}

impl Kept {
    fn of(keepers: &[KeeperHealth]) -> Self {
        Self {
            open: keepers.iter().map(KeeperHealth::open).sum(),
            due: keepers.iter().map(KeeperHealth::due).sum(),
            overdue: keepers.iter().map(KeeperHealth::overdue).sum(),
            reached: keepers.iter().map(KeeperHealth::reached).min(),
        }
    }
}

/// The last known value and its time: an unavailable source does not remove or reset a metric.
#[derive(Debug, Clone, Default)]
pub(super) struct Known<T> {
    pub(super) value: T,
    at: Option<Instant>,
}

impl<T> Known<T> {
    /// Updates the value, if there is a new one.
    fn or(self, answered: Option<T>) -> Self {
        answered.map_or(self, |value| Self { value, at: Some(Instant::now()) })
    }

    /// Age in seconds; `None` if it was never known.
    pub(super) fn age(&self) -> Option<u64> {
        self.at.map(|at| at.elapsed().as_secs())
    }
}

impl Found {
    /// Whether to route requests here. A stalled read model shows outdated data, and another
    /// replica's may work; stalled reactions, keepers and relays lose nothing that is recorded
    /// meanwhile.
    pub(super) fn ready(&self) -> bool {
        let store = self.readable && self.writable;
        store && self.clock.is_none() && self.caught_up && !self.stand(Work::Shows)
    }

    /// Whether there are warnings.
    pub(super) fn warns(&self) -> bool {
        let full = self.free().any(|(_, free)| free < DISK_FREE_MIN);
        let stand = self.standing().next().is_some();
        self.kept.value.overdue > 0 || self.dead.value > 0 || full || stand || !self.documents.value
    }

    /// Free bytes per disk.
    pub(super) fn free(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = PLACES.iter().zip(&self.disks);
        all.filter_map(|(place, free)| Some((*place, free.value.0?)))
    }

    fn stand(&self, work: Work) -> bool {
        self.tasks.iter().any(|(task, stood)| task.work == work && stood.is_some())
    }

    /// Names of stalled tasks.
    pub(super) fn standing(&self) -> impl Iterator<Item = String> {
        self.tasks.iter().filter(|(_, stood)| stood.is_some()).map(|(task, _)| name(task))
    }
}

/// Name of a task in metrics and readiness.
pub(super) fn name(task: &Pulse) -> String {
    format!("{} {}", task.name, task.work.name())
}

impl Watched {
    /// Queries everything concurrently, within [`PROBE_ASKS_MAX`]; missing answers keep their last
    /// value.
    pub(super) async fn look(&self, before: Found) -> Found {
        let Self { engine, keepers, views, begun_at, .. } = self;
        let read = async { within(engine.store.event_at(engine.store.head())).await.is_some() };
        let compared = async { within(engine.guard().compare(&engine.store)).await.is_some() };
        let of = keepers.clone();
        // Does not wait for a keeper that is blocked by its disk.
        let kept = self.kept.ask(PROBE_ASKS_MAX, move || Kept::of(&of));
        let (read, compared, writable, dead, disks, documents, counted, kept) = tokio::join!(
            read,
            compared,
            self.writable(),
            self.dead_letters(),
            self.disks(),
            self.documents(before.documents),
            engine.metrics.count(PROBE_ASKS_MAX),
            kept
        );
        let kept = before.kept.or(kept);
        let there =
            disks.get(DOCUMENTS).is_some_and(|disk| disk.is_some_and(|free| free.0.is_some()));
        let mut known = before.disks.into_iter().zip(disks).map(|(before, now)| before.or(now));
        Found {
            readable: read && compared,
            writable,
            clock: engine.guard().wrong(),
            clock_off: engine.guard().off(),
            caught_up: views.iter().all(|(_, view)| view.now() >= *begun_at)
                && (keepers.is_empty() || kept.value.reached >= Some(*begun_at)),
            kept,
            dead: before.dead.or(dead),
            tasks: engine.pulses().all().into_iter().map(stood).collect(),
            disks: std::array::from_fn(|_| known.next().unwrap_or_default()),
            documents: if there { documents } else { Known::default() },
            counted: before.counted.or(counted.then_some(())),
        }
    }

    async fn writable(&self) -> bool {
        match timeout(PROBE_ASKS_MAX, self.engine.store.writable()).await {
            Ok(Ok(())) => true,
            Ok(Err(why)) => {
                tracing::warn!(%why, "event store not writable");
                false
            }
            Err(_) => false,
        }
    }

    /// `None` if one of them cannot be counted, because the sum would be too small.
    async fn dead_letters(&self) -> Option<u64> {
        let each = self.reactions.iter().map(|service| within(service.dead_letters()));
        let each = futures_util::future::join_all(each).await;
        each.into_iter().map(|letters| letters.map(|letters| letters.len() as u64)).sum()
    }

    async fn documents(&self, before: Known<bool>) -> Known<bool> {
        let fresh = before.at.is_some_and(|at| at.elapsed() < PROBE_DOCUMENTS_FRESH_FOR);
        if before.value && fresh {
            return before;
        }
        let answered = timeout(PROBE_ASKS_MAX, self.components.documents.reachable()).await;
        before.or(Some(matches!(answered, Ok(Ok(())))))
    }

    /// Each disk separately, because a network file system may respond late or never.
    async fn disks(&self) -> [Option<Free>; PLACES.len()] {
        let engine = &self.engine;
        let (views, documents) = (
            engine.view_folder().map(std::path::Path::to_path_buf),
            self.components.documents.folder(),
        );
        let store = Arc::clone(&engine.store);
        let looks: [Look; PLACES.len()] = [
            Box::new(move || Free(views.and_then(|views| disk::free(&views)))),
            Box::new(move || Free(disk::free(&documents))),
            Box::new(move || Free(store.disk_free())),
        ];
        each(&self.disks, PROBE_ASKS_MAX, looks).await
    }
}

/// A query of a disk.
type Look = Box<dyn FnOnce() -> Free + Send>;
/// Queries of all disks.
pub(super) type Disks = [OneAtATime<Free>; PLACES.len()];

/// Runs all queries with a time limit.
async fn each(
    disks: &Disks,
    in_time: Duration,
    looks: [Look; PLACES.len()],
) -> [Option<Free>; PLACES.len()] {
    let asked = disks.iter().zip(looks).map(|(disk, look)| disk.ask(in_time, look));
    let mut answers = futures_util::future::join_all(asked).await.into_iter();
    std::array::from_fn(|_| answers.next().flatten())
}

/// A blocking query, at most one at a time: each takes a thread, possibly for as long as a disk
/// hangs.
#[derive(Debug)]
pub(super) struct OneAtATime<T>(Mutex<Option<JoinHandle<T>>>);

impl<T> Default for OneAtATime<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Send + 'static> OneAtATime<T> {
    /// The result of the running query, or of a new one, if it arrives in time.
    async fn ask(&self, in_time: Duration, look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let mut asked = timeout(in_time, self.0.lock()).await.ok()?;
        let answer = asked.get_or_insert_with(|| tokio::task::spawn_blocking(look));
        let answer = timeout(in_time, answer).await.ok()?;
        *asked = None;
        answer.ok()
    }
}

fn stood(task: Pulse) -> (Pulse, Option<u64>) {
    let stood = task.stands().map(|stood| stood.as_secs().max(1));
    (task, stood)
}

/// The store's answer, if it arrives in time.
async fn within<T>(asked: impl Future<Output = Result<T, ReadError>>) -> Option<T> {
    timeout(PROBE_ASKS_MAX, asked).await.ok().and_then(Result::ok)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_figure_stays_and_grows_old_while_nobody_says_what_it_is() {
        let unknown = Known::<u64>::default();
        assert_eq!((unknown.value, unknown.age()), (0, None));
        let known = unknown.or(Some(7));
        assert_eq!((known.value, known.age()), (7, Some(0)));
        let still = known.or(None);
        assert_eq!((still.value, still.age()), (7, Some(0)));
    }

    #[tokio::test]
    async fn while_a_disk_hangs_no_second_look_at_it_begins() {
        let (one, soon) = (OneAtATime::default(), Duration::from_millis(10));
        let (answers, waits) = mpsc::channel::<u8>();
        assert_eq!(one.ask(soon, move || waits.recv().unwrap()).await, None);
        for _ in 0..3 {
            assert_eq!(one.ask(soon, || unreachable!()).await, None);
        }
        answers.send(1).unwrap();
        let limit = Duration::from_secs(10);
        assert_eq!(one.ask(limit, || unreachable!()).await, Some(1), "the next one joins it");
        assert_eq!(one.ask(limit, || 2).await, Some(2));
    }

    #[tokio::test]
    async fn a_disk_that_hangs_says_nothing_of_the_others() {
        let disks = Disks::default();
        let (answers, waits) = mpsc::channel::<u64>();
        let looks: [Look; PLACES.len()] = [
            Box::new(|| Free(Some(1))),
            Box::new(move || Free(waits.recv().ok())),
            Box::new(|| Free(None)),
        ];
        let found = each(&disks, Duration::from_millis(200), looks).await;
        assert_eq!(found, [Some(Free(Some(1))), None, Some(Free(None))]);
        answers.send(2).unwrap();
        let looks: [Look; PLACES.len()] =
            std::array::from_fn(|_| Box::new(|| Free(Some(3))) as Look);
        let found = each(&disks, Duration::from_secs(10), looks).await;
        assert_eq!(found, [3, 2, 3].map(|free| Some(Free(Some(free)))));
    }
}
