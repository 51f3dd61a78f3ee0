//! What a command would record, without recording it.

use dossier::{Facts, Refuse, State};

use super::{Failure, Order, Streams, applied_before, carry, permit, unseen};

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
        order: &Order<'_>,
        decide: impl FnOnce(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
    ) -> Result<Option<Vec<S::Event>>, Failure<R>> {
        let law = self.kit.law();
        let loaded = self.load(&order.stream).await.map_err(carry)?;
        if applied_before(order, &loaded)?.is_some() {
            return Ok(None);
        }
        let actor = permit(order, loaded.state.resource())?;
        if let Some(version) = unseen(order, &loaded) {
            return Err(Failure::Stale(version));
        }
        let now = self.kit.time()?;
        let at = match loaded.last_at {
            Some(last) => self.kit.guard.may_follow(now, last)?,
            None => now,
        };
        let under = loaded.state.received_under().or(order.under);
        let facts = Facts {
            at,
            command: order.command,
            actor: &actor,
            law: &law,
            rule: under.and_then(|(procedure, agency)| law.rule(procedure, agency, at)),
            elsewhere: order.elsewhere,
        };
        decide(&loaded.state, &facts).map(Some).map_err(Failure::Refused)
    }
}
