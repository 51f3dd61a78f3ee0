//! The shape that all steps and states share. A step is a [`Command`]: it is decided on the
//! [`State`] of one stream and the [`Facts`], and comes to a [`Decision`] or is refused.

use crate::access::May;

mod command;
mod facts;
mod reaction;
mod refusal;
mod state;

pub use command::{AnyCommand, Command, Decision};
pub use facts::{Elsewhere, Facts, Rule};
pub use reaction::{Follow, Incoming, Subscription};
pub(crate) use refusal::refusals;
pub use refusal::{
    LAW_NOT_APPLICABLE, LawError, NOT_COMPUTABLE, RefusalEntry, Refuse, Said, VALUES_IMPOSSIBLE,
};
pub use state::{Obligation, State};

/// What a step is, for documentation, for the check of who may do it, and for the register of
/// problems.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The step, as its files are called.
    pub name: &'static str,
    /// The service that takes it.
    pub service: &'static str,
    /// Its legal basis.
    pub basis: &'static str,
    /// Who may take it; nobody if the service itself does.
    pub may: &'static [May],
    /// The events that it can lead to; the engine refuses any other in debug builds.
    pub events: &'static [&'static str],
    /// The reasons for which it can be refused.
    pub refusals: &'static [RefusalEntry],
}
