//! Commands and what is decided on them.

use std::any::Any;
use std::fmt;

use super::{Facts, LawError, Refuse, State, Step};

/// What somebody asks for, decided against the state of one stream. Pure: the same command on the
/// same state with the same facts is decided in the same way for ever.
pub trait Command: fmt::Debug + Send + Sync + 'static {
    /// The state of the stream on which it is decided.
    type State: State;
    /// Why it can be refused; [`LawError`] for what the service does by itself.
    type Refusal: Refuse;
    /// Its name, legal basis, who may, its events and refusals.
    const STEP: Step;

    /// Decides.
    ///
    /// # Errors
    ///
    /// One of [`Step::refusals`], or that the law cannot be applied.
    fn decide(
        &self,
        state: &Self::State,
        facts: &Facts<'_>,
    ) -> Result<Decision<<Self::State as State>::Event>, Self::Refusal>;
}

/// What was decided on a command that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<E> {
    /// These events are recorded, at least one.
    Events(Vec<E>),
    /// Nothing is left to do: it was done before, or is moot.
    Nothing,
    /// Another event must arrive first; the command is decided again then. Only for what follows
    /// from events.
    NotYet,
}

impl<E> Decision<E> {
    /// One event.
    pub fn event(payload: impl Into<E>) -> Self {
        Self::Events(vec![payload.into()])
    }

    /// The events, none if nothing is left to do; [`None`] if another event must arrive first.
    #[must_use]
    pub fn into_events(self) -> Option<Vec<E>> {
        match self {
            Self::Events(events) => Some(events),
            Self::Nothing => Some(Vec::new()),
            Self::NotYet => None,
        }
    }
}

/// Without events there is nothing to do.
impl<E> From<Vec<E>> for Decision<E> {
    fn from(events: Vec<E>) -> Self {
        if events.is_empty() { Self::Nothing } else { Self::Events(events) }
    }
}

/// Without an event there is nothing to do.
impl<E> From<Option<E>> for Decision<E> {
    fn from(event: Option<E>) -> Self {
        event.map_or(Self::Nothing, |event| Self::Events(vec![event]))
    }
}

impl<E> FromIterator<E> for Decision<E> {
    fn from_iter<I: IntoIterator<Item = E>>(events: I) -> Self {
        Self::from(Vec::from_iter(events))
    }
}

/// A command of any kind on a stream of `S` that the service takes by itself: after an event of
/// another service, or because something is due. It cannot be refused.
#[derive(Debug)]
pub struct AnyCommand<S: State>(Box<dyn Erased<S>>);

impl<S: State> AnyCommand<S> {
    /// This command.
    pub fn new(command: impl Command<State = S, Refusal = LawError>) -> Self {
        Self(Box::new(command))
    }

    /// Its step.
    #[must_use]
    pub fn step(&self) -> &'static Step {
        self.0.erased_step()
    }

    /// Decides.
    ///
    /// # Errors
    ///
    /// The law cannot be applied.
    pub fn decide(&self, state: &S, facts: &Facts<'_>) -> Result<Decision<S::Event>, LawError> {
        self.0.decide_erased(state, facts)
    }

    /// The command, if it is a `C`.
    #[must_use]
    pub fn get<C: 'static>(&self) -> Option<&C> {
        self.0.as_any().downcast_ref()
    }

    /// The command, if it is a `C`, to be completed.
    pub fn get_mut<C: 'static>(&mut self) -> Option<&mut C> {
        self.0.as_any_mut().downcast_mut()
    }
}

/// A [`Command`] without its type. Its methods have other names, so that calls of a command's own
/// stay unambiguous.
trait Erased<S: State>: fmt::Debug + Send + Sync {
    fn erased_step(&self) -> &'static Step;
    fn decide_erased(&self, state: &S, facts: &Facts<'_>) -> Result<Decision<S::Event>, LawError>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<S: State, C: Command<State = S, Refusal = LawError>> Erased<S> for C {
    fn erased_step(&self) -> &'static Step {
        const { &C::STEP }
    }

    fn decide_erased(&self, state: &S, facts: &Facts<'_>) -> Result<Decision<S::Event>, LawError> {
        self.decide(state, facts)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
