//! The jobs of this process, in memory. A job ends by itself, when it is cancelled, or at its time
//! limit; its result is kept for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dossier::contract::Subject;
use dossier::law::Text;
use engine::Engine;
use engine::what_if::{Compared, Effect, Report, Watch, WhatIf, WhatIfError};
use events::Position;
use jiff::Timestamp;
use tokio::task::{AbortHandle, JoinSet};

use super::http::AskedReply;
use super::limits::{
    DOSSIERS_MAX, JOBS_MAX, KEPT_FOR, LISTED_OF_EFFECT_MAX, RUN_MAX, RUNNING_MAX,
    RUNNING_OF_ONE_MAX,
};

/// The jobs, by id, and their tasks, which end when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<BTreeMap<String, Arc<Job>>>, Mutex<JoinSet<()>>);

/// Why no job can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The caller has one that runs.
    One,
    /// The process runs as many as it may.
    All,
}

/// Whose job it is, and what was asked.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) id: String,
    pub(crate) owner: Subject,
    /// Digest of the request's body, which tells apart requests with the same key.
    pub(crate) digest: String,
    pub(crate) asked: AskedReply,
}

/// A change of the law that is tried on all dossiers.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) begun: Begun,
    pub(crate) started_at: Timestamp,
    /// The end of the log when it started.
    pub(crate) head: Position,
    pub(crate) watch: Arc<Watch>,
    stage: Mutex<Stage>,
    found: Arc<Mutex<Found>>,
    running: AbortHandle,
}

/// How far a job is.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Running,
    Done { report: Arc<Report>, at: Timestamp },
    Failed { why: Text, at: Timestamp },
    Cancelled { at: Timestamp },
}

/// The dossiers whose date would move.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The first ones of each effect, in the order in which they were found.
    pub(crate) rows: Vec<Compared>,
    /// How many there are of each effect.
    pub(crate) counts: BTreeMap<Effect, u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// When the job ended; `None` while it runs.
    pub(crate) const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Running => None,
            Self::Done { at, .. } | Self::Failed { at, .. } | Self::Cancelled { at } => Some(*at),
        }
    }

    /// When the result is dropped; `None` while the job runs.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.ended_at().and_then(|at| at.checked_add(KEPT_FOR).ok())
    }
}

impl Found {
    fn add(&mut self, compared: Compared) {
        let count = self.counts.entry(compared.effect()).or_default();
        *count += 1;
        if *count <= LISTED_OF_EFFECT_MAX {
            self.rows.push(compared);
        }
    }
}

impl Job {
    pub(crate) fn stage(&self) -> Stage {
        lock(&self.stage).clone()
    }

    /// What was found; complete once the job is done.
    pub(crate) fn found(&self) -> Found {
        lock(&self.found).clone()
    }

    /// Ends the job, if it runs.
    pub(crate) fn cancel(&self, at: Timestamp) {
        if self.end(Stage::Cancelled { at }) {
            self.running.abort();
        }
    }

    /// Sets how it ended, unless it has ended.
    fn end(&self, stage: Stage) -> bool {
        let mut present = lock(&self.stage);
        let runs = matches!(*present, Stage::Running);
        if runs {
            *present = stage;
        }
        runs
    }
}

impl Jobs {
    /// The job with this id, of this caller.
    pub(crate) fn find(&self, id: &str, owner: &Subject, now: Timestamp) -> Option<Arc<Job>> {
        let mut jobs = lock(&self.0);
        expire(&mut jobs, now);
        jobs.get(id).filter(|job| job.begun.owner == *owner).cloned()
    }

    /// Begins a job.
    ///
    /// # Errors
    ///
    /// Too many run.
    pub(crate) fn begin(
        &self,
        engine: &Arc<Engine>,
        what_if: WhatIf,
        begun: Begun,
    ) -> Result<Arc<Job>, Full> {
        let now = engine.clock.now();
        let mut jobs = lock(&self.0);
        expire(&mut jobs, now);
        let running = jobs.values().filter(|job| job.stage().ended_at().is_none());
        let running: Vec<&Subject> = running.map(|job| &job.begun.owner).collect();
        if running.iter().filter(|owner| ***owner == begun.owner).count() >= RUNNING_OF_ONE_MAX {
            return Err(Full::One);
        }
        if running.len() >= RUNNING_MAX {
            return Err(Full::All);
        }
        make_room(&mut jobs, &begun.owner);
        let (watch, found) = (Arc::<Watch>::default(), Arc::<Mutex<Found>>::default());
        let (hand, handed) = tokio::sync::oneshot::channel::<Arc<Job>>();
        let (run, head) = (Arc::clone(engine), engine.store.head());
        let (progress, rows) = (Arc::clone(&watch), Arc::clone(&found));
        let mut tasks = lock(&self.1);
        // Those that have ended.
        while tasks.try_join_next().is_some() {}
        let running = tasks.spawn(async move {
            let Ok(job) = handed.await else { return };
            let stage = computed(&run, Arc::new(what_if), (now, progress), rows).await;
            job.end(stage);
        });
        drop(tasks);
        let stage = Mutex::new(Stage::Running);
        let job = Arc::new(Job { begun, started_at: now, head, watch, stage, found, running });
        // The task waits for it.
        drop(hand.send(Arc::clone(&job)));
        jobs.insert(job.begun.id.clone(), Arc::clone(&job));
        Ok(job)
    }
}

fn expire(jobs: &mut BTreeMap<String, Arc<Job>>, now: Timestamp) {
    jobs.retain(|_, job| job.stage().expires_at().is_none_or(|expires_at| now < expires_at));
}

/// Drops ended jobs until another one of the caller fits: the oldest of the caller's own, or of all
/// if the caller has none.
fn make_room(jobs: &mut BTreeMap<String, Arc<Job>>, owner: &Subject) {
    while jobs.len() >= JOBS_MAX {
        let ended = jobs
            .iter()
            .filter_map(|(id, job)| Some((job.begun.owner != *owner, job.stage().ended_at()?, id)));
        let Some(oldest) = ended.min().map(|(_, _, id)| id.clone()) else { return };
        jobs.remove(&oldest);
    }
}

/// Runs a job to its end.
async fn computed(
    engine: &Engine,
    what_if: Arc<WhatIf>,
    (now, watch): (Timestamp, Arc<Watch>),
    found: Arc<Mutex<Found>>,
) -> Stage {
    let changes = move |compared| {
        lock(&found).add(compared);
        Ok(())
    };
    let run = what_if.run(&engine.store, (now, DOSSIERS_MAX), watch, changes);
    let ran = tokio::time::timeout(RUN_MAX, run).await;
    let at = engine.clock.now();
    let why = match ran {
        Ok(Ok(report)) => return Stage::Done { report: Arc::new(report), at },
        Ok(Err(WhatIfError::TooMany(most))) => Text::new(
            format!("có hơn {most} hồ sơ: hãy nêu một thủ tục"),
            format!("there are more than {most} dossiers: name a procedure"),
        ),
        Err(_) => Text::new(
            format!("chưa tính xong sau {} giây", RUN_MAX.as_secs()),
            format!("it was not finished within {} s", RUN_MAX.as_secs()),
        ),
        Ok(Err(error)) => {
            tracing::error!(%error, "what-if failed");
            Text::new(
                "không đọc hoặc không tính được hồ sơ",
                "the dossiers cannot be read or computed",
            )
        }
    };
    Stage::Failed { why, at }
}

#[cfg(test)]
mod tests {
    use dossier::law::shipped_rules;
    use engine::Settings;
    use events::EventStore;
    use events::bus::Bus;
    use jiff::SignedDuration;
    use platform::TimeSource;

    use super::*;

    async fn engine(clock: &TimeSource) -> Arc<Engine> {
        let store = Arc::new(EventStore::memory());
        let (bus, rules) = (Bus::Store(Arc::clone(&store)), shipped_rules().unwrap());
        let settings = Settings { store, bus, rules, clock: clock.clone(), views: None };
        Engine::new(settings).await.unwrap()
    }

    fn begin(jobs: &Jobs, engine: &Arc<Engine>, id: usize, owner: &str) -> Result<Arc<Job>, Full> {
        let asked = AskedReply::default();
        let (id, digest) = (format!("{id:02}"), String::new());
        let what_if = WhatIf::of(dossier::law::Law::clone(&engine.law()));
        jobs.begin(engine, what_if, Begun { id, owner: owner.into(), digest, asked })
    }

    // On one thread, a job does not run until the test waits.
    #[tokio::test]
    async fn jobs_are_limited_for_each_caller_and_in_all_and_in_memory() {
        let clock = TimeSource::manual("2026-11-20T02:00:00Z".parse().unwrap());
        let (jobs, engine) = (Jobs::default(), engine(&clock).await);
        let first = begin(&jobs, &engine, 0, "a").unwrap();
        assert_eq!(begin(&jobs, &engine, 1, "a").unwrap_err(), Full::One);
        let second = begin(&jobs, &engine, 1, "b").unwrap();
        assert_eq!(begin(&jobs, &engine, 2, "c").unwrap_err(), Full::All);
        for job in [first, second] {
            job.cancel(clock.now());
        }
        for id in 2..40 {
            begin(&jobs, &engine, id, "a").unwrap().cancel(clock.now());
        }
        assert_eq!(lock(&jobs.0).len(), JOBS_MAX);
        let now = clock.now();
        assert!(jobs.find("39", &"a".into(), now).is_some());
        assert!(jobs.find("39", &"b".into(), now).is_none(), "of another caller");
        let later = now.checked_add(KEPT_FOR).unwrap();
        assert!(jobs.find("39", &"a".into(), later - SignedDuration::from_secs(1)).is_some());
        assert!(jobs.find("39", &"a".into(), later).is_none());
        assert!(lock(&jobs.0).is_empty());
    }

    #[tokio::test]
    async fn a_cancelled_job_stays_cancelled_and_one_that_is_done_stays_done() {
        let clock = TimeSource::manual("2026-11-20T02:00:00Z".parse().unwrap());
        let (jobs, engine) = (Jobs::default(), engine(&clock).await);
        let cancelled = begin(&jobs, &engine, 0, "a").unwrap();
        cancelled.cancel(clock.now());
        let done = begin(&jobs, &engine, 1, "a").unwrap();
        while done.stage().ended_at().is_none() {
            tokio::task::yield_now().await;
        }
        done.cancel(clock.now());
        assert!(matches!(done.stage(), Stage::Done { .. }), "{:?}", done.stage());
        assert!(matches!(cancelled.stage(), Stage::Cancelled { .. }));
    }
}
