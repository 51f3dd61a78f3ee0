//! Deadlines: the instants at which a service must do something by itself, unless it is moot by
//! then. A state declares its [`Deadline`]s and the [`Basis`] of each; there is one way to
//! [list](open_deadlines), [enforce], [explain] and [check] them, whatever their basis.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Explanation, Period, PromisedDate, Running};
use crate::contract::{DeadlineRestated, Meta, PeriodExtended, Promise};
use crate::law::Law;
use crate::step::{AnyCommand, Facts, LawError, State};

/// What a deadline is for; each service has an enum of its own.
pub trait DeadlineKind: Clone + Ord + fmt::Debug + Send + Sync + 'static {
    /// The texts of the kinds that the program defines.
    const TEXTS: &'static [&'static str];

    /// Its text in the keeper's index, in ids of commands, in recorded extensions and in replies.
    /// It never changes.
    fn text(&self) -> Cow<'static, str>;

    /// The kind with this text.
    fn parse(text: &str) -> Option<Self>;
}

/// Defines the enum of a service's kinds, each with its text.
macro_rules! deadline_kinds {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $kind:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$of])* $kind,)+
        }

        impl $crate::clock::DeadlineKind for $name {
            const TEXTS: &'static [&'static str] = &[$($text,)+];

            fn text(&self) -> std::borrow::Cow<'static, str> {
                match self {
                    $(Self::$kind => $text.into(),)+
                }
            }

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$kind),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use deadline_kinds;

/// Something that the service must do at an instant, unless it is moot by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline<K> {
    /// A stream has at most one deadline of a kind.
    pub kind: K,
    /// The first instant at which it may be enforced.
    pub due_at: Timestamp,
    /// The event that opened it.
    pub opened_by: Uuid,
    /// Whether it has to be enforced: it was neither met nor missed, and is not suspended.
    pub open: bool,
}

impl<K> Deadline<K> {
    /// A deadline at the recorded end of a period.
    pub(crate) const fn of(kind: K, running: Running, open: bool) -> Self {
        Self { kind, due_at: running.due_at, opened_by: running.opened_by, open }
    }
}

/// A state in which something can fall due.
pub trait Deadlines: State {
    type Kind: DeadlineKind;

    /// All deadlines that are set, whether they are open or not.
    fn deadlines(&self) -> Vec<Deadline<Self::Kind>>;

    /// What the instant of a deadline follows from.
    ///
    /// # Errors
    ///
    /// The law of the dossier is not loaded, or gives no date that can be computed.
    fn basis<'a>(&'a self, kind: &Self::Kind, law: &'a Law) -> Result<Basis<'a>, LawError>;

    /// The command that enforces it.
    fn when_due(kind: &Self::Kind) -> AnyCommand<Self>;

    /// The recorded period of a deadline, to be extended; `None` if it has none or is not set.
    fn running(&mut self, kind: &Self::Kind) -> Option<&mut Running>;

    /// Whether an event of another service, which this service may not have received yet, meets
    /// the deadline or stops its clock.
    ///
    /// # Errors
    ///
    /// The law of the dossier is not loaded.
    fn is_met_elsewhere(&self, kind: &Self::Kind, facts: &Facts<'_>) -> Result<bool, LawError> {
        let _ = (kind, facts);
        Ok(false)
    }

    /// The event that extends a period, where the state has one. Only a deadline with
    /// [`Basis::Period`] is ever extended.
    #[must_use]
    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        let _ = extended;
        None
    }

    /// The event that restates a promised date, where the state has one.
    #[must_use]
    fn restated(restated: DeadlineRestated) -> Option<Self::Event> {
        let _ = restated;
        None
    }
}

/// What the instant of a deadline follows from.
#[derive(Debug, Clone)]
pub enum Basis<'a> {
    /// A period of the law, whose end was set when it began.
    Period(Period<'a>),
    /// The date that was promised to the applicant.
    Promise(PromisedDate<'a>),
    /// The last instant at which lateness may be announced: one working day before the promised
    /// date.
    Foresight(PromisedDate<'a>),
    /// The service chose the instant, or it is no longer in the law how it was computed. Neither
    /// outages nor days off move it.
    Instant,
}

/// Whether a deadline whose recorded instant has come has really passed.
#[derive(Debug, Clone, PartialEq)]
pub enum Passed {
    Yes,
    /// Not known yet: an outage that affects it lasts.
    Unknown,
    /// Outages or days off that became known since moved its end.
    Extended(PeriodExtended),
    /// They moved the promised date, or confirm it.
    Restated(DeadlineRestated),
}

impl<'a> Basis<'a> {
    /// Whether the deadline has really passed at `now`, by the present law.
    ///
    /// # Errors
    ///
    /// The law is not loaded, or gives no date that can be computed.
    pub fn passed<K: DeadlineKind>(&self, kind: &K, now: Timestamp) -> Result<Passed, LawError> {
        match self {
            Self::Period(period) if period.is_held() => Ok(Passed::Unknown),
            Self::Period(period) => {
                let extension = period.extension(&kind.text());
                Ok(extension.map_or(Passed::Yes, Passed::Extended))
            }
            Self::Promise(date) | Self::Foresight(date) if date.is_held(now)? => {
                Ok(Passed::Unknown)
            }
            Self::Promise(date) | Self::Foresight(date) => {
                Ok(date.restatement(now)?.map_or(Passed::Yes, Passed::Restated))
            }
            Self::Instant => Ok(Passed::Yes),
        }
    }

    /// How the instant was computed; `None` if it does not follow from the law.
    ///
    /// # Errors
    ///
    /// The law is not loaded, or gives no date that can be computed.
    pub fn explanation(&self) -> Result<Option<Explanation>, LawError> {
        match self {
            Self::Period(period) => Ok(Some(period.explanation())),
            Self::Promise(date) => date.explanation(),
            Self::Foresight(date) => date.foresight(),
            Self::Instant => Ok(None),
        }
    }

    /// The period, if it is one.
    #[must_use]
    pub fn period(self) -> Option<Period<'a>> {
        match self {
            Self::Period(period) => Some(period),
            Self::Promise(_) | Self::Foresight(_) | Self::Instant => None,
        }
    }

    /// Since when the law by which it was computed is known; `None` if it selects that law itself.
    const fn known_at(&self) -> Option<Timestamp> {
        match self {
            Self::Period(period) => Some(period.running.known_at),
            Self::Promise(_) | Self::Foresight(_) | Self::Instant => None,
        }
    }
}

/// The deadlines of a state that have to be enforced.
pub fn open_deadlines<S: Deadlines>(state: &S) -> impl Iterator<Item = Deadline<S::Kind>> {
    state.deadlines().into_iter().filter(|deadline| deadline.open)
}

/// Decides whether the deadline of this kind has passed, and the consequence. If outages or days
/// off moved it, the later date is recorded instead. Nothing is recorded while an outage that
/// affects it lasts, or if the deadline was met or moved since the caller saw it.
///
/// # Errors
///
/// The law of the dossier is not loaded, or gives no date that can be computed.
pub fn enforce<S: Deadlines>(
    state: &S,
    kind: &S::Kind,
    facts: &Facts<'_>,
) -> Result<Vec<S::Event>, LawError> {
    let due = open_deadlines(state).any(|open| open.kind == *kind && open.due_at <= facts.at);
    if !due || state.is_met_elsewhere(kind, facts)? {
        return Ok(Vec::new());
    }
    match state.basis(kind, facts.law)?.passed(kind, facts.at)? {
        Passed::Unknown => Ok(Vec::new()),
        Passed::Extended(extended) => Ok(S::extended(extended).into_iter().collect()),
        Passed::Restated(restated) => Ok(S::restated(restated).into_iter().collect()),
        Passed::Yes => {
            let decided = S::when_due(kind).decide(state, facts)?;
            Ok(decided.into_events().unwrap_or_default())
        }
    }
}

/// Applies a recorded extension. One of a kind that this program does not know changes nothing: it
/// was recorded by a program that enforces it, which this one does not.
pub fn extend<S: Deadlines>(state: &mut S, extended: &PeriodExtended, meta: &Meta) {
    let kind = S::Kind::parse(&extended.period);
    if let Some(running) = kind.and_then(|kind| state.running(&kind)) {
        running.extend(extended, meta);
    }
}

/// How the instant of a deadline was computed, by the law known at that time; also if it is not
/// open. `None` if it is not set or does not follow from the law.
///
/// # Errors
///
/// The law is not loaded, or gives no date that can be computed.
pub fn explanation<S: Deadlines>(
    state: &S,
    kind: &S::Kind,
    law: &Law,
) -> Result<Option<Explanation>, LawError> {
    let basis = state.basis(kind, law)?;
    let Some(known_at) = basis.known_at() else { return basis.explanation() };
    let known = law.as_known(known_at);
    state.basis(kind, &known)?.explanation()
}

/// A deadline, and how its instant was computed; nothing if it is not computed.
pub type Explained<K> = (Deadline<K>, Option<Explanation>);

/// The open deadlines, and how the instant of each was computed.
///
/// # Errors
///
/// The law is not loaded, or gives no date that can be computed.
pub fn explain<S: Deadlines>(state: &S, law: &Law) -> Result<Vec<Explained<S::Kind>>, LawError> {
    let explained = open_deadlines(state).map(|deadline| {
        let explanation = explanation(state, &deadline.kind, law)?;
        Ok((deadline, explanation))
    });
    explained.collect()
}

/// A recorded date, and the one that the law gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    Period {
        recorded: Timestamp,
        computed: Timestamp,
    },
    /// Nothing is computed if the law gives no period any more.
    Promise {
        recorded: Promise,
        computed: Option<Promise>,
    },
    /// A promised date that is not computed: an officer fixed it, or it was kept although the law
    /// gives an earlier one.
    Given,
}

/// Recomputes the dates that the event with this metadata set, in the state after it, by `law` as
/// it was known then.
///
/// # Errors
///
/// The law is not loaded, or gives no date that can be computed.
pub fn check<S: Deadlines>(state: &S, law: &Law, meta: &Meta) -> Result<Vec<Checked>, LawError> {
    let mut checked = Vec::new();
    for deadline in state.deadlines() {
        match state.basis(&deadline.kind, law)? {
            Basis::Period(period) if period.running.set_by == meta.id => {
                let (recorded, computed) = (period.running.due_at, period.end().due_at);
                checked.push(Checked::Period { recorded, computed });
            }
            Basis::Promise(date) if date.made_by == meta.id => checked.push(date.check()?),
            // The instant of foresight is part of the promise.
            Basis::Period(_) | Basis::Promise(_) | Basis::Foresight(_) | Basis::Instant => {}
        }
    }
    Ok(checked)
}

#[cfg(test)]
mod tests;
