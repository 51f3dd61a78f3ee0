//! What falls due in review: the period of the current activity, and those of consulted agencies.

use super::Review;
use super::miss_activity::MissActivity;
use super::miss_consultation::MissConsultation;
use crate::clock::{Basis, Deadline, Deadlines, Running, deadline_kinds};
use crate::contract::{Brief, PeriodExtended};
use crate::law::Law;
use crate::step::{AnyCommand, LawError};

deadline_kinds! {
    /// The kinds of deadlines in review.
    ReviewDeadline {
        /// The period of the activity that an officer has begun.
        Activity = "activity",
        /// The period of the consulted agency that has to answer first.
        Consultation = "consultation",
    }
}

impl Deadlines for Review {
    type Kind = ReviewDeadline;

    fn deadlines(&self) -> Vec<Deadline<ReviewDeadline>> {
        let activity = self.due.as_ref().map(|due| (ReviewDeadline::Activity, due.running));
        let consultation =
            self.next_silent().map(|(_, running)| (ReviewDeadline::Consultation, running));
        let all = [activity, consultation].into_iter().flatten();
        all.map(|(kind, running)| Deadline::of(kind, running, true)).collect()
    }

    fn basis<'a>(&'a self, kind: &ReviewDeadline, law: &'a Law) -> Result<Basis<'a>, LawError> {
        let (running, activity) = match kind {
            ReviewDeadline::Activity => {
                (self.due.as_ref().map(|due| due.running), self.due.as_ref().map(|d| &d.activity))
            }
            ReviewDeadline::Consultation => (self.next_silent().map(|(_, running)| running), None),
        };
        let (Some(running), Some(brief)) = (running, self.brief.as_deref()) else {
            return Ok(Basis::Instant);
        };
        let Brief { procedure, agency, channel, .. } = brief;
        let rule = law.rule(procedure, agency, running.known_at).ok_or(LawError::NotLoaded)?;
        let rules = &rule.procedure.review;
        let budget = match activity {
            Some(code) => rules.activities.iter().find(|a| a.code == *code).and_then(|a| a.budget),
            None => rules.consultation,
        };
        Ok(budget.map_or(Basis::Instant, |budget| {
            Basis::Period(rule.period(running, running.since, budget, Some(*channel)))
        }))
    }

    fn when_due(kind: &ReviewDeadline) -> AnyCommand<Self> {
        match kind {
            ReviewDeadline::Activity => AnyCommand::new(MissActivity),
            ReviewDeadline::Consultation => AnyCommand::new(MissConsultation),
        }
    }

    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        Some(extended.into())
    }

    fn running(&mut self, kind: &ReviewDeadline) -> Option<&mut Running> {
        match kind {
            ReviewDeadline::Activity => self.due.as_mut().map(|due| &mut due.running),
            ReviewDeadline::Consultation => {
                let (id, _) = self.next_silent()?;
                self.consultations.get_mut(&id)?.running.as_mut()
            }
        }
    }
}
