//! The one-stop unit (bộ phận một cửa): receives dossiers, has all contact with the applicant, and keeps the statutory
//! clock. Decree 61/2018/NĐ-CP, arts 16 to 20, and its successor 118/2025/NĐ-CP.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{May, Resource, agency, any, own};
use crate::clock::{Explanation, Ledger, Suspension, explain, explain_fixed};
use crate::contract::{
    AgencyCode, ClosedAs, Document, DossierDecided, DossierSubmitted, IntakeEvent, Meta,
    ProcedureRef, Promise, Role, SupplementEffect, SupplementRequested, SupplementStage,
};
use crate::law::{Law, Outage};
use crate::step::{Facts, LawError, Obligation, State, Step};

pub mod accept_dossier;
pub mod answer_review;
pub mod close_dossier;
pub mod close_unpaid;
pub mod declare_outage;
pub mod end_outage;
pub mod expire_supplement_window;
pub mod fix_appointment;
pub mod foresee_lateness;
pub mod issue_rules;
pub mod miss_deadline;
pub mod miss_intake_answer;
pub mod move_appointment;
pub mod record_decision;
pub mod record_delivery;
pub mod record_fee;
pub mod refuse_dossier;
pub mod request_supplement;
pub mod restate_deadline;
pub mod submit_dossier;
pub mod submit_supplement;
pub mod withdraw_dossier;

mod reaction;

pub use reaction::IntakeReaction;

/// The steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    submit_dossier::STEP,
    accept_dossier::STEP,
    refuse_dossier::STEP,
    request_supplement::STEP,
    submit_supplement::STEP,
    withdraw_dossier::STEP,
    move_appointment::STEP,
    fix_appointment::STEP,
    close_dossier::STEP,
    record_fee::STEP,
    answer_review::STEP,
    record_decision::STEP,
    record_delivery::STEP,
    close_unpaid::STEP,
    miss_intake_answer::STEP,
    foresee_lateness::STEP,
    miss_deadline::STEP,
    expire_supplement_window::STEP,
    restate_deadline::STEP,
    issue_rules::STEP,
    declare_outage::STEP,
    end_outage::STEP,
];

/// Who may read a dossier.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Everybody who is known may read the catalogue of procedures.
pub const READ_CATALOGUE: &[May] = &[
    any(Role::Applicant),
    any(Role::Clerk),
    any(Role::Reviewer),
    any(Role::Approver),
    any(Role::Cashier),
    any(Role::ComplaintHandler),
    any(Role::Auditor),
    any(Role::Operator),
];

/// Where a dossier stands with the one-stop unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was submitted.
    #[default]
    Empty,
    /// It waits for the one-stop unit's answer.
    Submitted,
    /// It was accepted and is being worked on.
    Processing,
    /// It was decided.
    Decided,
    /// It was not accepted.
    Refused,
    /// The applicant took it back.
    Withdrawn,
    /// It is at its end.
    Closed(ClosedAs),
}

/// A supplement that was asked for and has not come.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// What was asked for.
    pub request: SupplementRequested,
    /// The event that asked.
    pub event: Uuid,
}

/// The answer that the one-stop unit owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// By when.
    pub due_at: Timestamp,
    /// The event that made it due.
    pub opened_by: Uuid,
    /// Whether it was missed.
    pub missed: bool,
}

/// The promise in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// What was promised.
    pub promise: Promise,
    /// The event that promised it.
    pub by: Uuid,
    /// When.
    pub at: Timestamp,
    /// On what basis, if it was not computed from the procedure.
    pub fixed: Option<String>,
    /// Whether lateness was foreseen.
    pub foreseen: bool,
    /// Whether it was missed; a miss that was withdrawn does not count.
    pub missed: bool,
}

/// A dossier, as intake knows it.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    /// What was submitted.
    pub submission: Option<Arc<DossierSubmitted>>,
    /// When.
    pub submitted_at: Option<Timestamp>,
    /// When it last became complete: with the submission, or with a supplement before acceptance.
    pub completed_at: Option<Timestamp>,
    /// Where it stands.
    pub stage: Stage,
    /// The answer that is owed before acceptance.
    pub answer: Option<Answer>,
    /// The supplement that is being waited for.
    pub open_request: Option<Arc<OpenRequest>>,
    /// How many supplements were asked for before acceptance.
    pub requests_at_intake: u32,
    /// How many were asked for after it.
    pub requests_at_review: u32,
    /// Whether the fee was received.
    pub fee_received_at: Option<Timestamp>,
    /// When the clock started, if it has.
    pub started_at: Option<Timestamp>,
    /// When it stood still.
    pub suspensions: Vec<Suspension>,
    /// The promise in force.
    pub promised: Option<Promised>,
    /// How often the appointment was moved.
    pub redatings: u32,
    /// The decision.
    pub decision: Option<DossierDecided>,
    /// All documents, those of supplements included.
    pub documents: Arc<Vec<Document>>,
}

impl Intake {
    /// The clock, if it has started.
    #[must_use]
    pub fn ledger(&self) -> Option<Ledger> {
        let started_at = self.started_at?;
        Some(Ledger { started_at, suspensions: self.suspensions.clone() })
    }

    /// Whether the dossier is still to be decided.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Submitted | Stage::Processing)
    }

    /// Whether the clock stands still now.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspensions.last().is_some_and(|suspension| suspension.to.is_none())
    }

    /// How the promised date came about; nothing while there is none.
    pub fn explanation(&self, law: &Law) -> Result<Option<Explanation>, LawError> {
        let under = self.received_under();
        let rule = under.and_then(|(procedure, agency)| law.rule(procedure, agency));
        let mut rule = rule.ok_or(LawError::NotLoaded)?;
        let channel = self.submission.as_ref().map(|submission| submission.brief.channel);
        let (Some(promised), Some(ledger), Some(channel)) =
            (&self.promised, self.ledger(), channel)
        else {
            return Ok(None);
        };
        // By the calendar that was promised by, whatever was announced since.
        if let (Some((_, agency)), Some(version)) = (under, promised.promise.calendar) {
            rule.calendar = law.calendar_in(agency, version).ok_or(LawError::NotLoaded)?;
        }
        // And by the outages that were known then.
        let known = |outage: &&Outage| outage.recorded_at <= promised.at;
        let outages: Vec<Outage> = rule.outages.iter().filter(known).cloned().collect();
        rule.outages = &outages;
        match &promised.fixed {
            Some(basis) => {
                Ok(Some(explain_fixed(rule, ledger.started_at, &promised.promise, basis)))
            }
            None => Ok(explain(rule, channel, &ledger)?),
        }
    }

    fn promised(&mut self, promise: Option<&Promise>, meta: &Meta, fixed: Option<String>) {
        if let Some(promise) = promise {
            // The same date promised once more is the same promise: what was foreseen or missed stays so.
            let old = self.promised.as_ref().filter(|old| promise.due_at <= old.promise.due_at);
            let (foreseen, missed) = old.map_or((false, false), |old| (old.foreseen, old.missed));
            let promise = promise.clone();
            let (by, at) = (meta.id, meta.at());
            self.promised = Some(Promised { promise, by, at, fixed, foreseen, missed });
        }
    }

    fn answer_due(&mut self, due_at: Option<Timestamp>, opened_by: Uuid) {
        self.answer = due_at.map(|due_at| Answer { due_at, opened_by, missed: false });
    }

    fn on_request(&mut self, request: &SupplementRequested, meta: &Meta) {
        match request.stage {
            SupplementStage::Intake => {
                self.requests_at_intake = self.requests_at_intake.saturating_add(1);
                self.answer = None;
                // A clock that counts from the submission stands still meanwhile, though it is not promised yet.
                self.suspensions.push(Suspension { from: meta.at(), to: None, cause: meta.id });
            }
            SupplementStage::Review => {
                self.requests_at_review = self.requests_at_review.saturating_add(1);
                if self.started_at.is_some() {
                    self.suspensions.push(Suspension { from: meta.at(), to: None, cause: meta.id });
                }
            }
        }
        self.open_request =
            Some(Arc::new(OpenRequest { request: request.clone(), event: meta.id }));
    }

    fn on_supplement(&mut self, supplement: &crate::contract::SupplementSubmitted, meta: &Meta) {
        let Some(open) = self.open_request.take() else { return };
        let mut documents = (*self.documents).clone();
        documents.extend(supplement.documents.iter().cloned());
        self.documents = Arc::new(documents);
        match open.request.stage {
            SupplementStage::Intake => {
                self.completed_at = Some(meta.at());
                self.answer_due(supplement.answer_due_at, meta.id);
                match open.request.effect {
                    SupplementEffect::Restart => self.suspensions.clear(),
                    SupplementEffect::Pause => self.resume(meta.at()),
                }
            }
            SupplementStage::Review => match open.request.effect {
                SupplementEffect::Pause => self.resume(meta.at()),
                SupplementEffect::Restart => {
                    self.started_at = supplement.started_at.or(self.started_at);
                    self.suspensions.clear();
                }
            },
        }
        // A date that was moved by an apology stays one that was given, with what was left of it.
        let given = supplement.promise.as_ref().is_some_and(|promise| promise.calendar.is_none());
        let fixed = self.promised.as_ref().and_then(|old| old.fixed.clone()).filter(|_| given);
        self.promised(supplement.promise.as_ref(), meta, fixed);
    }

    fn resume(&mut self, at: Timestamp) {
        if let Some(last) = self.suspensions.last_mut().filter(|last| last.to.is_none()) {
            last.to = Some(at);
        }
    }

    fn end(&mut self, stage: Stage) {
        self.stage = stage;
        self.answer = None;
        self.open_request = None;
    }

    fn on_submission(&mut self, submitted: &DossierSubmitted, meta: &Meta) {
        self.submission = Some(Arc::new(submitted.clone()));
        self.documents = Arc::new(submitted.documents.clone());
        self.submitted_at = Some(meta.at());
        self.completed_at = Some(submitted.posted_at.unwrap_or(meta.at()));
        self.stage = Stage::Submitted;
        self.answer_due(submitted.answer_due_at, meta.id);
    }
}

impl State for Intake {
    type Event = IntakeEvent;
    const CATEGORY: &'static str = "intake";

    fn evolve(&mut self, event: &IntakeEvent, meta: &Meta) {
        match event {
            IntakeEvent::DossierSubmitted(submitted) => self.on_submission(submitted, meta),
            IntakeEvent::DossierAccepted(accepted) => {
                self.stage = Stage::Processing;
                self.answer = None;
                self.started_at = accepted.started_at;
                self.promised(accepted.promise.as_ref(), meta, None);
            }
            IntakeEvent::DossierRefused(_) => self.end(Stage::Refused),
            IntakeEvent::SupplementRequested(request) => self.on_request(request, meta),
            IntakeEvent::SupplementDeclined(_) => {}
            IntakeEvent::SupplementSubmitted(supplement) => self.on_supplement(supplement, meta),
            IntakeEvent::FeeReceived(fee) => {
                self.fee_received_at = Some(fee.paid_at);
                if fee.answer_due_at.is_some() {
                    self.answer_due(fee.answer_due_at, meta.id);
                }
                self.started_at = fee.started_at.or(self.started_at);
                if fee.started_at.is_some() && self.open_request.is_some() && !self.is_suspended() {
                    let cause = meta.id;
                    self.suspensions.push(Suspension { from: meta.at(), to: None, cause });
                }
                self.promised(fee.promise.as_ref(), meta, None);
            }
            IntakeEvent::DossierWithdrawn(_) => self.end(Stage::Withdrawn),
            IntakeEvent::AppointmentMoved(moved) => {
                self.redatings = self.redatings.saturating_add(1);
                let basis = Some("19.9, 61/2018/NĐ-CP".to_owned());
                self.promised(Some(&moved.promise), meta, basis);
            }
            IntakeEvent::AppointmentFixed(fixed) => {
                self.started_at = self.started_at.or(Some(meta.at()));
                self.promised(Some(&fixed.promise), meta, Some(fixed.basis.clone()));
            }
            IntakeEvent::DeadlineRestated(restated) => {
                self.promised(Some(&restated.promise), meta, None);
            }
            IntakeEvent::IntakeAnswerMissed(_) => {
                if let Some(answer) = &mut self.answer {
                    answer.missed = true;
                }
            }
            IntakeEvent::LatenessForeseen(_) => {
                if let Some(promised) = &mut self.promised {
                    promised.foreseen = true;
                }
            }
            IntakeEvent::DeadlineMissed(_) => {
                if let Some(promised) = &mut self.promised {
                    promised.missed = true;
                }
            }
            IntakeEvent::DeadlineMissWithdrawn(_) => {
                if let Some(promised) = &mut self.promised {
                    promised.missed = false;
                }
            }
            IntakeEvent::DossierDecided(decided) => {
                self.decision = Some(decided.clone());
                self.end(Stage::Decided);
            }
            IntakeEvent::DossierClosed(closed) => self.end(Stage::Closed(closed.closed_as)),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let submission = self.submission.as_ref()?;
        Some(submission.brief.resource())
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = &self.submission.as_ref()?.brief;
        Some((&brief.procedure, &brief.agency))
    }

    fn obligations(&self) -> Vec<Obligation> {
        let mut open = Vec::new();
        if let Some(answer) = self.answer.filter(|answer| !answer.missed) {
            let Answer { due_at, opened_by, .. } = answer;
            open.push(Obligation { kind: miss_intake_answer::KIND, due_at, opened_by });
        }
        if let Some(request) = &self.open_request {
            open.push(Obligation {
                kind: expire_supplement_window::KIND,
                due_at: request.request.window_ends_at,
                opened_by: request.event,
            });
        }
        if self.stage == Stage::Processing
            && !self.is_suspended()
            && let Some(promised) = &self.promised
            && !promised.missed
        {
            if let Some(due_at) = promised.promise.foresee_at.filter(|_| !promised.foreseen) {
                open.push(Obligation {
                    kind: foresee_lateness::KIND,
                    due_at,
                    opened_by: promised.by,
                });
            }
            let due_at = promised.promise.due_at;
            open.push(Obligation { kind: miss_deadline::KIND, due_at, opened_by: promised.by });
        }
        open
    }

    fn enforce(&self, kind: &str, facts: &Facts<'_>) -> Result<Vec<IntakeEvent>, LawError> {
        match kind {
            miss_intake_answer::KIND => Ok(miss_intake_answer::decide(self, facts)),
            expire_supplement_window::KIND => Ok(expire_supplement_window::decide(self, facts)),
            foresee_lateness::KIND => foresee_lateness::decide(self, facts),
            miss_deadline::KIND => miss_deadline::decide(self, facts),
            _ => Ok(Vec::new()),
        }
    }
}
