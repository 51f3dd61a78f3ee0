//! What a command would record, without recording it.

use dossier::{Facts, Refuse, State};

use super::execute::{Weighed, carry};
use super::{CommandEnvelope, Failure, Streams};

impl<S: State> Streams<S> {
    /// Decides as [`Streams::execute`] would, with the same checks in the same order, on the stream as it stands now, and records
    /// nothing. Nothing is kept of it either: the same command can be taken afterwards. `None` if it was applied before, which is
    /// not decided again.
    ///
    /// # Errors
    ///
    /// Those with which the command would end.
    pub async fn trial<R: Refuse>(
        &self,
        envelope: &CommandEnvelope<'_>,
        decide: impl FnOnce(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
    ) -> Result<Option<Vec<S::Event>>, Failure<R>> {
        let law = self.kit.law();
        let loaded = self.load(&envelope.stream).await.map_err(carry)?;
        let decide = |state: &S, facts: &Facts<'_>| decide(state, facts).map_err(Failure::Refused);
        Ok(match self.weigh(envelope, &loaded, &law, decide)? {
            Weighed::AppliedBefore(_) => None,
            Weighed::Decided(_, _, events) => Some(events),
        })
    }
}
