//! What a service does without being asked: it reacts to other services' events, keeps deadlines, and builds read models.
//! Each is a [`Task`] that works in bounded steps, so that the same code runs against the machine's clock for ever and
//! against a virtual one until everything has settled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use events::Position;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;

use events::bus::Leadership;

use crate::Kit;
use crate::clock::ClockWrong;
use crate::limits::{BACK_OFF_MAX, CONSISTENCY_WAIT_MAX, PAGE_EVENTS};
use crate::view::ViewError;

mod clock;
mod endings;
mod keeper;
mod law;
mod projection;
mod pulse;
mod reactions;
#[cfg(feature = "nats")]
mod relay;

pub use clock::ClockTask;
pub use endings::Endings;
pub use futures_util::future::BoxFuture;
pub use keeper::{Keeper, KeeperHealth};
pub use law::FollowedLaw;
pub use projection::{Projection, Projector};
use pulse::Beating;
pub use pulse::{Pulse, Pulses};
pub use reactions::{Before, DeadLetter, Reactions, ReactionsHealth, dead_letters, try_again};
#[cfg(feature = "nats")]
pub use relay::{RelayTask, describe};

/// What is left after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// There is more to do now.
    More,
    /// There is nothing to do until the log grows beyond a position or a time comes.
    Idle {
        /// Everything up to here is done.
        done: Position,
        /// When to look again even if nothing new is recorded.
        wake_at: Option<Timestamp>,
    },
}

/// Why a step was not finished. The task tries again later.
#[derive(Debug, thiserror::Error)]
pub enum Stalled {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] events::ReadError),
    /// The view does not.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Too many events wait for something else.
    #[error("{0} events wait for something that has not come; reading on would need more memory")]
    Parked(usize),
    /// The store does not take what is to be kept.
    #[error(transparent)]
    Append(#[from] events::AppendError),
    /// The bus does not do its part.
    #[error(transparent)]
    Bus(#[from] events::bus::BusError),
    /// What the clock says must not be recorded, nor acted on.
    #[error(transparent)]
    Clock(#[from] ClockWrong),
}

/// What kind of work a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Keeps a read model up to date, for this process alone.
    Shows,
    /// Reacts to what other services record.
    Reacts,
    /// Enforces deadlines.
    Enforces,
    /// Carries events onto the bus.
    Relays,
    /// Anything else.
    Other,
}

impl Work {
    /// As it is called in figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shows => "view",
            Self::Reacts => "reactions",
            Self::Enforces => "keeper",
            Self::Relays => "relay",
            Self::Other => "task",
        }
    }
}

/// Work in bounded steps.
pub trait Task: Send {
    /// What it is called in logs.
    fn name(&self) -> &'static str;
    /// What kind of work it does.
    fn work(&self) -> Work {
        Work::Other
    }
    /// How long to let events gather once there are new ones: for work that nobody waits for.
    fn gather(&self) -> Duration {
        Duration::ZERO
    }
    /// One bounded piece of work.
    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>>;
    /// Returns once there may be something to do, everything up to `done` being done.
    fn woken<'a>(&'a mut self, kit: &'a Kit, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(kit.store.wait_past(done))
    }
}

/// Does its task only while this process leads: what one of several replicas is enough for.
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

    fn woken<'a>(&'a mut self, kit: &'a Kit, done: Position) -> BoxFuture<'a, ()> {
        if self.1.now() {
            return self.0.woken(kit, done);
        }
        Box::pin(self.1.other_than(false))
    }
}

/// How many events were looked at between two positions of one page, at the most: where positions are dense, exactly; where
/// they are far apart, not more than a page holds.
fn looked_at(before: Position, through: Position) -> u64 {
    through.0.saturating_sub(before.0).min(PAGE_EVENTS as u64)
}

/// How long to wait before a failed attempt is repeated: twice as long each time, up to a limit.
fn back_off(tries: u32) -> SignedDuration {
    let doubled = Duration::from_secs(1_u64 << tries.min(16));
    SignedDuration::try_from(doubled.min(BACK_OFF_MAX)).unwrap_or(SignedDuration::MAX)
}

/// How far a task has come, for those who must wait for it.
#[derive(Debug, Clone)]
pub struct Progress(watch::Receiver<Position>);

impl Progress {
    /// One that has come nowhere yet, and what moves it on.
    #[must_use]
    pub fn new() -> (watch::Sender<Position>, Self) {
        let (sender, receiver) = watch::channel(Position::START);
        (sender, Self(receiver))
    }

    /// How far it has come.
    #[must_use]
    pub fn now(&self) -> Position {
        *self.0.borrow()
    }

    /// Waits until it has come to `position`; false if that takes too long.
    pub async fn reach(&self, position: Position) -> bool {
        let mut reached = self.0.clone();
        let wait = reached.wait_for(|now| *now >= position);
        matches!(tokio::time::timeout(CONSISTENCY_WAIT_MAX, wait).await, Ok(Ok(_)))
    }
}

/// The tasks of a process.
#[derive(Default)]
pub struct Tasks(Vec<Box<dyn Task>>);

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|task| task.name())).finish()
    }
}

/// For how long events gather where nobody waits for what follows from them.
pub const GATHER: Duration = Duration::from_millis(25);
/// The longest time that a task sleeps before it looks again.
const SLEEP_MAX: Duration = Duration::from_secs(60);
/// How long a stalled task waits before it tries again.
const STALLED_FOR: Duration = Duration::from_secs(1);

impl Tasks {
    /// Adds a task.
    pub fn add(&mut self, task: impl Task + 'static) {
        self.0.push(Box::new(task));
    }

    /// Adds a task that is done only while this process leads.
    pub fn add_led(&mut self, task: impl Task + 'static, lead: Leadership) {
        self.add(Led(task, lead));
    }

    /// Adds all tasks of another list.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Does one kind of work alone, as far as it can be done now.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn catch_up(&mut self, work: Work) -> Result<(), Stalled> {
        for task in self.0.iter_mut().filter(|task| task.work() == work) {
            while matches!(task.step().await?, Next::More) {}
        }
        Ok(())
    }

    /// Works until nothing is left to do at the present time, and says when there will be.
    pub async fn settle(&mut self, kit: &Kit) -> Result<Option<Timestamp>, Stalled> {
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
                settled &= done >= kit.store.head();
                wake_at = [wake_at, wake].into_iter().flatten().min();
            }
            if settled {
                return Ok(wake_at);
            }
        }
    }

    /// Moves a manual clock to `until`, stopping wherever something is due, and works there.
    pub async fn run_until(&mut self, kit: &Kit, until: Timestamp) -> Result<(), Stalled> {
        loop {
            match self.settle(kit).await? {
                Some(wake_at) if wake_at <= until => kit.clock.advance_to(wake_at),
                Some(_) | None => break,
            }
        }
        kit.clock.advance_to(until);
        self.settle(kit).await.map(|_| ())
    }

    /// Runs them all until `stop` is true.
    pub fn spawn(self, kit: &Arc<Kit>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut running = JoinSet::new();
        for task in self.0 {
            let beating = Beating(kit.pulses.of(task.name(), task.work()));
            running.spawn(run(task, Arc::clone(kit), stop.clone(), beating));
        }
        running
    }
}

async fn run(
    mut task: Box<dyn Task>,
    kit: Arc<Kit>,
    mut stop: watch::Receiver<bool>,
    beating: Beating,
) {
    let mut said = String::new();
    while !*stop.borrow() {
        beating.0.begins(Instant::now());
        let step = task.step().await;
        if step.is_ok() {
            beating.0.done();
            said.clear();
        }
        let wait = match step {
            Ok(Next::More) => continue,
            Ok(Next::Idle { done, wake_at }) => (done, wake_at, SLEEP_MAX),
            Err(error) => {
                beating.0.fails(Instant::now());
                let (work, error) = (task.work().name(), error.to_string());
                // One line for each cause, not for each attempt: `task_stands_s` says that it lasts.
                if error != said {
                    tracing::error!(task = task.name(), work, error, "a task is stalled");
                    said = error;
                }
                (Position(u64::MAX), None, STALLED_FOR)
            }
        };
        let (done, wake_at, at_most) = wait;
        let until = wake_at.unwrap_or(Timestamp::MAX);
        let woken = tokio::select! {
            () = task.woken(&kit, done) => true,
            () = kit.clock.sleep_until(until, at_most) => false,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        if woken && !task.gather().is_zero() {
            kit.clock.sleep_until(Timestamp::MAX, task.gather()).await;
        }
    }
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
