//! Previews the events of a command.

use dossier::{Command, Facts, State};

use super::execute::{Weighed, settled};
use super::{CommandEnvelope, Failure, Streams};

impl<S: State> Streams<S> {
    /// Runs the checks and the decision of [`Streams::execute`] on the present state, and records
    /// nothing; the same command can be executed afterwards. `None` if it was applied before.
    ///
    /// # Errors
    ///
    /// Those of the execution.
    pub async fn trial<C: Command<State = S>>(
        &self,
        envelope: &CommandEnvelope<'_>,
        command: &C,
    ) -> Result<Option<Vec<S::Event>>, Failure<C::Refusal>> {
        let law = self.engine.law();
        let loaded = self.load(&envelope.stream).await?;
        let decide = |state: &S, facts: &Facts<'_>| settled(command.decide(state, facts));
        Ok(match self.weigh(envelope, &loaded, &law, decide)? {
            Weighed::AppliedBefore(_) => None,
            Weighed::Decided(_, _, events) => Some(events),
        })
    }
}
