//! Health of background tasks, for monitoring. A task that keeps failing, hangs in a step or has
//! panicked does nothing any more, which would otherwise show in the log only.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use events::Position;
use events::bus::Leadership;

use crate::Progress;
use crate::limits::TASK_STANDS_AFTER;

/// Kind of work of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Updates a view, for this process alone.
    Shows,
    /// Reacts to events of other services.
    Reacts,
    Enforces,
    /// Publishes events to the bus.
    Relays,
    Other,
}

impl Work {
    /// The label in metrics.
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

/// Health of all tasks of a process.
#[derive(Debug, Default)]
pub struct Pulses(Mutex<Vec<Pulse>>);

impl Pulses {
    pub(crate) fn of(&self, name: &'static str, work: Work, followed: Option<Followed>) -> Pulse {
        let pulse = Pulse { name, work, followed, state: Arc::new(Mutex::new(State::Waits)) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(pulse.clone());
        pulse
    }

    /// Health of each task that was started.
    #[must_use]
    pub fn all(&self) -> Vec<Pulse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Health of one task.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// The task's name in logs.
    pub name: &'static str,
    pub work: Work,
    followed: Option<Followed>,
    state: Arc<Mutex<State>>,
}

/// How far a task follows the log.
#[derive(Debug, Clone)]
pub struct Followed {
    pub progress: Progress,
    /// If only the leader follows.
    pub lead: Option<Leadership>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Waits,
    Works { since: Instant },
    Fails { since: Instant },
    BrokeOff { since: Instant },
    Ended,
}

impl Pulse {
    /// Positions between the task and the head of the log, if it follows the log; 0 while another
    /// replica does.
    #[must_use]
    pub fn lag(&self, head: Position) -> Option<u64> {
        let Followed { progress, lead } = self.followed.as_ref()?;
        let stands_by = lead.as_ref().is_some_and(|lead| !lead.now());
        Some(if stands_by { 0 } else { head.0.saturating_sub(progress.now().0) })
    }

    /// How long the task has made no progress, if that is too long; at once after a panic.
    #[must_use]
    pub fn stands(&self) -> Option<Duration> {
        self.stands_at(Instant::now())
    }

    fn stands_at(&self, now: Instant) -> Option<Duration> {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state {
            State::Waits | State::Ended => None,
            State::BrokeOff { since } => Some(now.saturating_duration_since(since)),
            State::Works { since } | State::Fails { since } => {
                let stood = now.saturating_duration_since(since);
                (stood >= TASK_STANDS_AFTER).then_some(stood)
            }
        }
    }

    /// A step begins. A failing task counts as failing until a step succeeds.
    pub(crate) fn begins(&self, now: Instant) {
        self.change(|state| match state {
            State::Fails { .. } => state,
            _ => State::Works { since: now },
        });
    }

    pub(crate) fn done(&self) {
        self.change(|_| State::Waits);
    }

    pub(crate) fn fails(&self, now: Instant) {
        self.change(|state| match state {
            State::Fails { .. } => state,
            _ => State::Fails { since: now },
        });
    }

    fn change(&self, to: impl FnOnce(State) -> State) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = to(*state);
    }
}

/// Guards a running task. Dropped early, which only a panic causes, it marks the task as broken.
pub(crate) struct Beating(pub(crate) Pulse);

impl Beating {
    pub(crate) fn ends(self) {
        self.0.change(|_| State::Ended);
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        let since = Instant::now();
        self.0.change(|state| match state {
            State::Ended => state,
            _ => State::BrokeOff { since },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse() -> Pulse {
        Pulses::default().of("test", Work::Reacts, None)
    }

    #[test]
    fn a_task_that_goes_on_failing_stands_until_a_step_succeeds() {
        let (pulse, begun) = (pulse(), Instant::now());
        let after = |seconds| begun + Duration::from_secs(seconds);
        pulse.begins(begun);
        pulse.fails(after(1));
        assert_eq!(pulse.stands_at(after(20)), None, "for a moment");
        pulse.begins(after(21));
        pulse.fails(after(22));
        assert_eq!(pulse.stands_at(after(31)), Some(Duration::from_secs(30)));
        pulse.begins(after(32));
        assert_eq!(pulse.stands_at(after(33)), Some(Duration::from_secs(32)), "tries again");
        pulse.done();
        assert_eq!(pulse.stands_at(after(1_000)), None);
    }

    #[test]
    fn a_task_that_does_not_come_back_from_a_step_stands_and_one_that_waits_does_not() {
        let (pulse, begun) = (pulse(), Instant::now());
        pulse.begins(begun);
        let soon = begun + TASK_STANDS_AFTER;
        assert_eq!(pulse.stands_at(soon), Some(TASK_STANDS_AFTER));
        pulse.done();
        assert_eq!(pulse.stands_at(soon + TASK_STANDS_AFTER), None);
    }

    #[test]
    fn a_follower_lags_behind_the_head_unless_another_replica_leads() {
        let (leads, lead) = tokio::sync::watch::channel(true);
        let (reached, progress) = Progress::new();
        let followed = Followed { progress, lead: Some(Leadership::decided(lead)) };
        let pulse = Pulses::default().of("test", Work::Other, Some(followed));
        reached.send_replace(Position(7));
        let lag = |head| pulse.lag(Position(head));
        assert_eq!((lag(10), lag(7), lag(5)), (Some(3), Some(0), Some(0)));
        leads.send_replace(false);
        assert_eq!((lag(10), self::pulse().lag(Position(10))), (Some(0), None));
    }

    #[test]
    fn a_task_that_breaks_off_stands_at_once_and_one_that_was_stopped_does_not() {
        let (stopped, broken) = (pulse(), pulse());
        Beating(stopped.clone()).ends();
        drop(Beating(broken.clone()));
        assert!(stopped.stands().is_none() && broken.stands().is_some());
    }
}
