//! What falls due for a complaint: the next task of the agency.

use super::miss_complaint_deadline::MissComplaintDeadline;
use super::{Complaint, Owed};
use crate::clock::{Basis, Deadline, Deadlines, Period, Running, deadline_kinds};
use crate::contract::PeriodExtended;
use crate::law::Law;
use crate::step::{AnyCommand, LawError};

deadline_kinds! {
    /// The kinds of deadlines of a complaint.
    ComplaintDeadline {
        /// The next task of the agency.
        Task = "complaint",
    }
}

impl Deadlines for Complaint {
    type Kind = ComplaintDeadline;

    fn deadlines(&self) -> Vec<Deadline<ComplaintDeadline>> {
        let due = self.due().filter(|due| !due.missed);
        let open = due.map(|due| Deadline::of(ComplaintDeadline::Task, due.running, true));
        open.into_iter().collect()
    }

    fn basis<'a>(&'a self, kind: &ComplaintDeadline, law: &'a Law) -> Result<Basis<'a>, LawError> {
        let ComplaintDeadline::Task = kind;
        let (Some(due), Some(agency)) = (self.due(), self.agency()) else {
            return Ok(Basis::Instant);
        };
        let rules = law.complaints().ok_or(LawError::NotLoaded)?;
        let budget = match (due.what, self.class()) {
            (Owed::Classify | Owed::Forward, _) => Some(rules.classify(self.is_about_data())),
            (Owed::Answer, Some(class)) if self.is_extended() => rules.extended(class),
            (Owed::Answer, class) if self.reopened > 0 => rules.reopened(class),
            (Owed::Answer, class) => class.and_then(|class| rules.answer(class, self.channel())),
            (Owed::Publish, _) => Some(rules.publish),
        };
        let agency = law.present(agency, due.running.known_at);
        let calendar = law.calendar_of(agency).ok_or(LawError::NotLoaded)?;
        Ok(budget.map_or(Basis::Instant, |budget| {
            Basis::Period(Period {
                running: due.running,
                started_at: due.running.since,
                budget,
                calendar,
                outages: law.outages_of(agency),
                channel: None,
                basis: &rules.legal_basis,
            })
        }))
    }

    fn when_due(kind: &ComplaintDeadline) -> AnyCommand<Self> {
        match kind {
            ComplaintDeadline::Task => AnyCommand::new(MissComplaintDeadline),
        }
    }

    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        Some(extended.into())
    }

    fn running(&mut self, kind: &ComplaintDeadline) -> Option<&mut Running> {
        match kind {
            ComplaintDeadline::Task => {
                let open = self.due_mut().filter(|due| !due.missed);
                open.map(|due| &mut due.running)
            }
        }
    }
}
