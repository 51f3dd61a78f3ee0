//! What falls due in intake: the one-stop unit's answer, the applicant's supplement, and the date
//! that was promised to the applicant.

use super::expire_supplement_window::ExpireSupplementWindow;
use super::foresee_lateness::ForeseeLateness;
use super::miss_deadline::MissDeadline;
use super::miss_intake_answer::MissIntakeAnswer;
use super::{Intake, Progress, exclude_time};
use crate::clock::{self, Basis, Deadline, Deadlines, PromisedDate, Running, deadline_kinds};
use crate::contract::{DeadlineRestated, IntakeEvent, PeriodExtended};
use crate::law::Law;
use crate::step::{AnyCommand, Elsewhere, Facts, LawError};

deadline_kinds! {
    /// The kinds of deadlines in intake.
    IntakeDeadline {
        /// The answer that the one-stop unit owes before acceptance.
        Answer = "answer",
        /// The applicant's period for a supplement.
        SupplementWindow = "supplement-window",
        /// The last instant at which lateness may be announced.
        Foresight = "foresee",
        /// The promised date: the dossier has to be decided.
        Decision = "deadline",
    }
}

/// The event of review that meets the promised date.
const DECISION_MADE: &str = "review.DecisionMade.v1";

impl Intake {
    /// The promised date with the law that applies to it; `None` if none is promised.
    pub(super) fn promised_date<'a>(&'a self, law: &'a Law) -> Option<PromisedDate<'a>> {
        let (promised, submission) = (self.promised.as_ref()?, self.submission.as_ref()?);
        Some(PromisedDate {
            law,
            brief: &submission.brief,
            promise: &promised.promise,
            made_by: promised.by,
            made_at: promised.at,
            fixed: promised.fixed.as_deref(),
            kept: promised.kept,
            ledger: self.ledger()?,
        })
    }

    /// Whether the statutory clock runs: the dossier is in processing and not suspended.
    pub(super) fn clock_runs(&self) -> bool {
        matches!(self.progress, Progress::Processing(_)) && !self.is_suspended()
    }

    /// A period with the law that applies to it. What reaches the agency after its cut-off counts
    /// from the next working day; an applicant's period begins at once.
    fn period<'a>(
        &'a self,
        kind: IntakeDeadline,
        running: Running,
        law: &'a Law,
    ) -> Result<Basis<'a>, LawError> {
        let brief = self.submission.as_ref().map(|submission| &submission.brief);
        let brief = brief.ok_or(LawError::NotLoaded)?;
        let rule = law.rule(&brief.procedure, &brief.agency, running.known_at);
        let rule = rule.ok_or(LawError::NotLoaded)?;
        let rules = rule.procedure;
        let (started_at, budget) = if kind == IntakeDeadline::Answer {
            (clock::effective_start(rule, running.since)?, rules.intake.answer)
        } else {
            (running.since, Some(rules.clock.supplement_window))
        };
        Ok(budget.map_or(Basis::Instant, |budget| {
            Basis::Period(rule.period(running, started_at, budget, Some(brief.channel)))
        }))
    }
}

impl Deadlines for Intake {
    type Kind = IntakeDeadline;

    fn deadlines(&self) -> Vec<Deadline<IntakeDeadline>> {
        let mut all = Vec::new();
        if let Some(answer) = self.answer() {
            all.push(Deadline::of(IntakeDeadline::Answer, answer.running, !answer.missed));
        }
        if let Some(request) = self.open_request() {
            all.push(Deadline::of(IntakeDeadline::SupplementWindow, request.window, true));
        }
        if let Some(promised) = &self.promised {
            let open = self.clock_runs() && !promised.missed;
            let (promise, opened_by) = (&promised.promise, promised.by);
            if let Some(due_at) = promise.foresee_at {
                let (kind, open) = (IntakeDeadline::Foresight, open && !promised.foreseen);
                all.push(Deadline { kind, due_at, opened_by, open });
            }
            let (kind, due_at) = (IntakeDeadline::Decision, promise.due_at);
            all.push(Deadline { kind, due_at, opened_by, open });
        }
        all
    }

    fn basis<'a>(&'a self, kind: &IntakeDeadline, law: &'a Law) -> Result<Basis<'a>, LawError> {
        let basis = match kind {
            IntakeDeadline::Answer => {
                return self
                    .answer()
                    .map_or(Ok(Basis::Instant), |answer| self.period(*kind, answer.running, law));
            }
            IntakeDeadline::SupplementWindow => {
                return self
                    .open_request()
                    .map_or(Ok(Basis::Instant), |open| self.period(*kind, open.window, law));
            }
            IntakeDeadline::Foresight => self.promised_date(law).map(Basis::Foresight),
            IntakeDeadline::Decision => self.promised_date(law).map(Basis::Promise),
        };
        Ok(basis.unwrap_or(Basis::Instant))
    }

    fn when_due(kind: &IntakeDeadline) -> AnyCommand<Self> {
        match kind {
            IntakeDeadline::Answer => AnyCommand::new(MissIntakeAnswer),
            IntakeDeadline::SupplementWindow => AnyCommand::new(ExpireSupplementWindow),
            IntakeDeadline::Foresight => AnyCommand::new(ForeseeLateness),
            IntakeDeadline::Decision => AnyCommand::new(MissDeadline),
        }
    }

    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        Some(extended.into())
    }

    fn running(&mut self, kind: &IntakeDeadline) -> Option<&mut Running> {
        match kind {
            IntakeDeadline::Answer => self.progress.answer_mut().map(|answer| &mut answer.running),
            IntakeDeadline::SupplementWindow => {
                self.progress.open_request_mut().map(|open| &mut open.window)
            }
            // A promised date is restated.
            IntakeDeadline::Foresight | IntakeDeadline::Decision => None,
        }
    }

    /// The promised date is met by a decision until then; lateness is not announced after any. Its
    /// clock is stopped by time that is not counted, until that has ended.
    fn is_met_elsewhere(&self, kind: &IntakeDeadline, facts: &Facts<'_>) -> Result<bool, LawError> {
        let mut decisions = facts.elsewhere.iter().filter(|event| event.kind == DECISION_MADE);
        let met = match (kind, &self.promised) {
            (IntakeDeadline::Answer | IntakeDeadline::SupplementWindow, _) => return Ok(false),
            (IntakeDeadline::Decision, Some(promised)) => {
                decisions.any(|made: &Elsewhere| made.at <= promised.promise.due_at)
            }
            (IntakeDeadline::Foresight | IntakeDeadline::Decision, _) => decisions.next().is_some(),
        };
        Ok(met || exclude_time::is_awaited(self, facts)?)
    }

    fn restated(restated: DeadlineRestated) -> Option<IntakeEvent> {
        Some(restated.into())
    }
}
