//! Background tasks of a service: reactions to events of other services, enforcement of deadlines,
//! projections. A [`Task`] works in bounded steps, so that the same code runs for ever by the
//! machine's clock and, by a virtual one, until nothing is left to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use events::Position;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use events::bus::Leadership;
use platform::Shutdown;

use crate::Engine;
use crate::clock::ClockWrong;
use crate::limits::BACK_OFF_MAX;
use crate::pulse::Beating;
use crate::rulebook::RulebookError;
use crate::view::ViewError;

mod clock;
mod follower;
mod keeper;
mod law;
mod projection;
mod reactions;
#[cfg(feature = "nats")]
mod relay;

pub use crate::Progress;
pub use crate::pulse::{Followed, Pulse, Pulses, Work};
pub use clock::ClockTask;
pub use follower::{Cursors, Follower, Following, Handled, Handler, Rest, Rows, Saved, Source};
pub use futures_util::future::BoxFuture;
pub use keeper::{Keeper, KeeperHealth};
pub use law::{FollowedLaw, Issued};
pub use projection::{NotApplied, Projected, Projection, Projector};
pub use reactions::{
    Before, DeadLetter, Reactions, ReactionsHealth, Retry, dead_letters, try_again,
};
#[cfg(feature = "nats")]
pub use relay::{RelayTask, describe};

/// What is left to do after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    More,
    /// Nothing until the log grows or a time comes.
    Idle {
        /// Everything up to this position is done.
        done: Position,
        /// When to continue even if nothing new is recorded.
        wake_at: Option<Timestamp>,
    },
}

/// Why a step did not finish. The task is retried.
#[derive(Debug, thiserror::Error)]
pub enum Stalled {
    #[error(transparent)]
    Store(#[from] events::ReadError),
    #[error(transparent)]
    View(#[from] ViewError),
    /// Too many events are parked.
    #[error("{0} events wait for something that has not come; reading on would need more memory")]
    Parked(usize),
    #[error(transparent)]
    Append(#[from] events::AppendError),
    #[error(transparent)]
    Bus(#[from] events::bus::BusError),
    /// The clock is wrong, so that nothing may be recorded or enforced.
    #[error(transparent)]
    Clock(#[from] ClockWrong),
    /// The law cannot be read.
    #[error(transparent)]
    Rules(#[from] RulebookError),
    /// Something outside the log cannot be used now, as the store of requests to partners.
    #[error("{0}")]
    Outside(String),
    /// What is recorded contradicts what the task must be able to rely on; an operator has to act.
    #[error("{0}")]
    Defect(String),
}

impl Stalled {
    /// Whether the task may continue by itself. Otherwise it is still retried, for the case that
    /// an operator mends the cause, and the metric `defects_total` counts it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::View(error) => error.is_retryable(),
            Self::Append(events::AppendError::Unwritable(why)) => !why.is_defect(),
            Self::Append(error) => {
                error.is_retryable() || matches!(error, events::AppendError::Conflict { .. })
            }
            Self::Bus(error) => error.is_retryable(),
            Self::Rules(error) => error.is_retryable(),
            Self::Parked(_) | Self::Clock(_) | Self::Outside(_) => true,
            Self::Defect(_) => false,
        }
    }
}

impl From<events::InvalidStreamName> for Stalled {
    fn from(error: events::InvalidStreamName) -> Self {
        Self::Append(error.into())
    }
}

/// Background work in bounded steps.
pub trait Task: Send {
    /// Name in logs.
    fn name(&self) -> &'static str;
    fn work(&self) -> Work {
        Work::Other
    }
    /// How long to collect new events before a step, if nobody waits for its effect.
    fn gather(&self) -> Duration {
        Duration::ZERO
    }
    /// How far it follows the log, for metrics; `None` if it does not.
    fn followed(&self) -> Option<Followed> {
        None
    }
    /// One bounded piece of work.
    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>>;
    /// Ends what its last step has begun; no step follows.
    fn finish(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
    /// Returns once there may be something to do after `done`.
    fn woken<'a>(&'a mut self, engine: &'a Engine, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(engine.store.wait_past(done))
    }
}

/// Runs its task only while this process leads.
struct Led<T>(T, Leadership);

impl<T: Task> Task for Led<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn work(&self) -> Work {
        self.0.work()
    }

    fn gather(&self) -> Duration {
        self.0.gather()
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        if self.1.now() {
            return self.0.step();
        }
        Box::pin(async { Ok(Next::Idle { done: Position(u64::MAX), wake_at: None }) })
    }

    fn finish(&mut self) -> BoxFuture<'_, ()> {
        self.0.finish()
    }

    fn woken<'a>(&'a mut self, engine: &'a Engine, done: Position) -> BoxFuture<'a, ()> {
        if self.1.now() {
            return self.0.woken(engine, done);
        }
        Box::pin(self.1.other_than(false))
    }
}

/// Wait before a retry: doubles with each try, up to a limit.
fn back_off(tries: u32) -> SignedDuration {
    SignedDuration::try_from(doubled(tries).min(BACK_OFF_MAX)).unwrap_or(SignedDuration::MAX)
}

/// One second, doubled with each try; not limited.
const fn doubled(tries: u32) -> Duration {
    let times = if tries < 16 { tries } else { 16 };
    Duration::from_secs(1 << times)
}

/// The background tasks of a process.
#[derive(Default)]
pub struct Tasks(Vec<Box<dyn Task>>);

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|task| task.name())).finish()
    }
}

/// How long events are collected if nobody waits for their effects.
pub const GATHER: Duration = Duration::from_millis(25);
/// Longest sleep of a task.
const SLEEP_MAX: Duration = Duration::from_secs(60);
/// Longest wait before a stalled task is retried; the first is 1 s, and each is twice the one
/// before.
const STALLED_MAX: Duration = Duration::from_secs(4);

impl Tasks {
    /// Adds a task that runs in every replica.
    pub fn add(&mut self, task: impl Task + 'static) {
        self.0.push(Box::new(task));
    }

    /// Adds a task that runs only while this process leads.
    pub fn add_led(&mut self, task: impl Task + 'static, lead: Leadership) {
        self.add(Led(task, lead));
    }

    /// Moves the tasks of `other` here.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Runs the tasks of one kind until nothing is left to do at present.
    ///
    /// # Errors
    ///
    /// The first error of a task.
    pub async fn catch_up(&mut self, work: Work) -> Result<(), Stalled> {
        for task in self.0.iter_mut().filter(|task| task.work() == work) {
            while matches!(task.step().await?, Next::More) {}
        }
        Ok(())
    }

    /// Runs all tasks until nothing is left to do at the present time; returns the time of the next
    /// work.
    pub async fn settle(&mut self, engine: &Engine) -> Result<Option<Timestamp>, Stalled> {
        loop {
            let mut wake_at: Option<Timestamp> = None;
            let mut settled = true;
            for task in &mut self.0 {
                let (done, wake) = loop {
                    match task.step().await? {
                        Next::More => settled = false,
                        Next::Idle { done, wake_at } => break (done, wake_at),
                    }
                };
                settled &= done >= engine.store.head();
                wake_at = [wake_at, wake].into_iter().flatten().min();
            }
            if settled {
                return Ok(wake_at);
            }
        }
    }

    /// Moves a virtual clock to `until` in steps, from one due time to the next, and runs all tasks
    /// at each.
    pub async fn run_until(&mut self, engine: &Engine, until: Timestamp) -> Result<(), Stalled> {
        loop {
            match self.settle(engine).await? {
                Some(wake_at) if wake_at <= until => engine.clock.advance_to(wake_at),
                Some(_) | None => break,
            }
        }
        engine.clock.advance_to(until);
        self.settle(engine).await.map(|_| ())
    }

    /// Runs all tasks until they are asked to stop, each after its current step.
    pub fn spawn(self, engine: &Arc<Engine>, running: &Shutdown) {
        for task in self.0 {
            let beating = Beating(engine.pulses.of(task.name(), task.work(), task.followed()));
            running.spawn(run(task, Arc::clone(engine), running.asked().clone(), beating));
        }
    }
}

async fn run(
    mut task: Box<dyn Task>,
    engine: Arc<Engine>,
    stop: CancellationToken,
    beating: Beating,
) {
    let (mut said, mut failures) = (String::new(), 0_u32);
    while !stop.is_cancelled() {
        beating.0.begins(Instant::now());
        let step = task.step().await;
        if step.is_ok() {
            beating.0.done();
            said.clear();
            failures = 0;
        }
        let wait = match step {
            Ok(Next::More) => continue,
            Ok(Next::Idle { done, wake_at }) => (done, wake_at, SLEEP_MAX),
            Err(error) => {
                beating.0.fails(Instant::now());
                let (work, retryable) = (task.work(), error.is_retryable());
                let error = error.to_string();
                // Each cause is logged once; the metric `task_stands_s` shows its duration.
                if error != said {
                    let (task, work_name) = (task.name(), work.name());
                    tracing::error!(task, work = work_name, retryable, error, "task stalled");
                    if !retryable {
                        engine.metrics.defect(work.name());
                    }
                    said = error;
                }
                let wait = doubled(failures).min(STALLED_MAX);
                failures = failures.saturating_add(1);
                (Position(u64::MAX), None, wait)
            }
        };
        let (done, wake_at, at_most) = wait;
        let until = wake_at.unwrap_or(Timestamp::MAX);
        let woken = tokio::select! {
            () = task.woken(&engine, done) => true,
            () = engine.clock.sleep_until(until, at_most) => false,
            () = stop.cancelled() => break,
        };
        if woken && !task.gather().is_zero() {
            tokio::select! {
                () = engine.clock.sleep_until(Timestamp::MAX, task.gather()) => {}
                () = stop.cancelled() => break,
            }
        }
    }
    task.finish().await;
    beating.ends();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_a_minute_and_never_ends_for_ever_however_often_it_was_tried() {
        let waits = [0, 1, 5, 6, 16, 62, 63, 64, u32::MAX].map(|tries| back_off(tries).as_secs());
        assert_eq!(waits, [1, 2, 32, 60, 60, 60, 60, 60, 60]);
    }
}
