//! The shape of all steps and states. A step is a [`Command`]: it is decided on the [`State`] of
//! one stream and the [`Facts`]; the outcome is a [`Decision`] or a refusal.

use crate::access::May;

mod command;
mod facts;
mod reaction;
mod refusal;
mod state;

pub use command::{AnyCommand, Command, Decision};
pub use facts::{Elsewhere, Facts, Rule};
pub use reaction::{Follow, Incoming, Subscription};
pub use refusal::{
    Collected, Known, LAW_NOT_APPLICABLE, LawError, MissingComponent, NOT_COMPUTABLE, Reasons,
    RefusalEntry, Refuse, Said, VALUES_IMPOSSIBLE,
};
pub(crate) use refusal::{findings_of, refusals};
pub use state::State;

/// The metadata of a step, for documentation, for authorisation and for the register of problem
/// types.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// In snake case, as the step's files are named, for example `accept_dossier`.
    pub name: &'static str,
    /// Its legal basis: decree or law and article.
    pub basis: &'static str,
    /// Who may take it. Empty for a step that only the service itself takes.
    pub may: &'static [May],
    /// The kinds of events that it can append; the engine refuses any other in debug builds.
    pub events: &'static [&'static str],
    pub refusals: &'static [RefusalEntry],
}
