//! What falls due for a mandate: its end, by itself.

use uuid::Uuid;

use super::Mandate;
use super::expire_mandate::ExpireMandate;
use crate::clock::{Basis, Deadline, Deadlines, Running, deadline_kinds};
use crate::law::Law;
use crate::step::{AnyCommand, LawError};

deadline_kinds! {
    /// The kinds of deadlines of a mandate.
    MandateDeadline {
        /// It can no longer be accepted, or its term ends.
        End = "mandate-end",
    }
}

impl Deadlines for Mandate {
    type Kind = MandateDeadline;

    fn deadlines(&self) -> Vec<Deadline<MandateDeadline>> {
        let (Some(granted), Some(due_at)) = (self.granted(), self.open_until()) else {
            return Vec::new();
        };
        let opened_by: Uuid = self.accepted().map_or(granted.event, |(_, event)| event);
        vec![Deadline { kind: MandateDeadline::End, due_at, opened_by, open: true }]
    }

    /// The parties agreed on it: neither outages nor days off move it.
    fn basis<'a>(&'a self, _: &MandateDeadline, _: &'a Law) -> Result<Basis<'a>, LawError> {
        Ok(Basis::Instant)
    }

    fn when_due(kind: &MandateDeadline) -> AnyCommand<Self> {
        match kind {
            MandateDeadline::End => AnyCommand::new(ExpireMandate),
        }
    }

    fn running(&mut self, _: &MandateDeadline) -> Option<&mut Running> {
        None
    }
}
