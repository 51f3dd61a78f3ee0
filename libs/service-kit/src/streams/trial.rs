//! What a command would record, without recording it.

use dossier::{Command, Facts, State};

use super::execute::{Weighed, carry, settled};
use super::{CommandEnvelope, Failure, Streams};

impl<S: State> Streams<S> {
    /// Decides as [`Streams::execute`] would, with the same checks in the same order, on the stream
    /// as it stands now, and records nothing. Nothing is kept of it either: the same command can be
    /// executed afterwards. `None` if it was applied before, which is not decided again.
    ///
    /// # Errors
    ///
    /// Those with which the command would end.
    pub async fn trial<C: Command<State = S>>(
        &self,
        envelope: &CommandEnvelope<'_>,
        command: &C,
    ) -> Result<Option<Vec<S::Event>>, Failure<C::Refusal>> {
        let law = self.kit.law();
        let loaded = self.load(&envelope.stream).await.map_err(carry)?;
        let decide = |state: &S, facts: &Facts<'_>| settled(command.decide(state, facts));
        Ok(match self.weigh(envelope, &loaded, &law, decide)? {
            Weighed::AppliedBefore(_) => None,
            Weighed::Decided(_, _, events) => Some(events),
        })
    }
}
