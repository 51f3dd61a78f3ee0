//! Commands and decisions.

use std::any::Any;
use std::fmt;

use super::{Facts, LawError, Refuse, State, Step};

/// A request to change one stream, decided on the stream's state. Deciding is pure: the same
/// command on the same state with the same facts always has the same outcome.
pub trait Command: fmt::Debug + Send + Sync + 'static {
    type State: State;
    /// [`LawError`] for commands that the service executes by itself.
    type Refusal: Refuse;
    const STEP: Step;

    /// The outcome of this command on `state`.
    ///
    /// # Errors
    ///
    /// One of [`Step::refusals`], or the law cannot be applied.
    fn decide(
        &self,
        state: &Self::State,
        facts: &Facts<'_>,
    ) -> Result<Decision<<Self::State as State>::Event>, Self::Refusal>;
}

/// The outcome of a command that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<E> {
    /// Append these events, at least one.
    Events(Vec<E>),
    /// Nothing to append: it was done before, or is moot.
    Nothing,
    /// Another event must arrive first; the command is decided again then. Only for reactions.
    NotYet,
}

impl<E> Decision<E> {
    /// A decision with one event.
    pub fn event(payload: impl Into<E>) -> Self {
        Self::Events(vec![payload.into()])
    }

    /// The events, empty for [`Decision::Nothing`]; [`None`] for [`Decision::NotYet`].
    #[must_use]
    pub fn into_events(self) -> Option<Vec<E>> {
        match self {
            Self::Events(events) => Some(events),
            Self::Nothing => Some(Vec::new()),
            Self::NotYet => None,
        }
    }
}

/// An empty list becomes [`Decision::Nothing`].
impl<E> From<Vec<E>> for Decision<E> {
    fn from(events: Vec<E>) -> Self {
        if events.is_empty() { Self::Nothing } else { Self::Events(events) }
    }
}

/// [`None`] becomes [`Decision::Nothing`].
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

/// A command of any type on a stream of `S` that the service executes by itself: a reaction, or the
/// enforcement of a deadline. It cannot be refused.
#[derive(Debug)]
pub struct AnyCommand<S: State>(Box<dyn Erased<S>>);

impl<S: State> AnyCommand<S> {
    /// Erases the type of `command`.
    pub fn new(command: impl Command<State = S, Refusal = LawError>) -> Self {
        Self(Box::new(command))
    }

    /// The metadata of the command's step.
    #[must_use]
    pub fn step(&self) -> &'static Step {
        self.0.erased_step()
    }

    /// [`Command::decide`] of the erased command.
    ///
    /// # Errors
    ///
    /// The law cannot be applied.
    pub fn decide(&self, state: &S, facts: &Facts<'_>) -> Result<Decision<S::Event>, LawError> {
        self.0.decide_erased(state, facts)
    }

    /// The command, if it is of type `C`.
    #[must_use]
    pub fn get<C: 'static>(&self) -> Option<&C> {
        self.0.as_any().downcast_ref()
    }

    /// Mutable access to the command, if it is of type `C`, to fill in missing values.
    pub fn get_mut<C: 'static>(&mut self) -> Option<&mut C> {
        self.0.as_any_mut().downcast_mut()
    }
}

/// An object-safe [`Command`]. Its methods have other names, so that calls of a command's own
/// methods stay unambiguous.
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
