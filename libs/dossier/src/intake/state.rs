//! The state of a dossier in intake: the fold over its events.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::progress::{AnswerDue, Ending, Fee, OpenRequest, Owed, Progress, Stage};
use super::transfer_dossier::Transfer;
use super::{Claim, FormVersion, Reasons, reaction};
use crate::access::{Former, Resource};
use crate::clock::{self, Ledger, Suspension};
use crate::contract::{
    Actor, AgencyCode, Document, DossierDecided, DossierSubmitted, IntakeEvent, Meta, ProcedureRef,
    Promise, Vnd,
};
use crate::papers;
use crate::services::Category;
use crate::step::{Facts, State, Subscription};

/// The promise in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    pub promise: Promise,
    /// The event that made the promise.
    pub by: Uuid,
    /// When that event was recorded.
    pub at: Timestamp,
    /// The basis of a date that was fixed, not computed from the procedure.
    pub fixed: Option<String>,
    /// Whether the date was kept when the law gave an earlier one.
    pub kept: bool,
    /// Whether lateness was foreseen.
    pub foreseen: bool,
    /// Whether the date was missed; false again if the miss was withdrawn.
    pub missed: bool,
}

/// The state of a dossier in intake.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    /// The submission, with the form and the brief as last corrected.
    pub submission: Option<Arc<DossierSubmitted>>,
    /// All versions of the form, the present one last.
    pub forms: Arc<Vec<FormVersion>>,
    /// Whether a supplement has corrected the form. Known also where `forms` was dropped to save
    /// memory.
    pub form_is_corrected: bool,
    pub submitted_at: Option<Timestamp>,
    /// When it last became complete: with the submission, or with a supplement before acceptance.
    pub completed_at: Option<Timestamp>,
    pub progress: Progress,
    /// Number of supplement requests before acceptance.
    pub requests_at_intake: u32,
    /// Number of supplement requests after acceptance.
    pub requests_at_review: u32,
    pub fee: Fee,
    /// The fee that has to be paid since a decision on claims changed it; `None` once it is paid.
    pub fee_awaited: Option<Vnd>,
    /// The claims to groups that reduce the fee, as far as they have to be proved.
    pub claims: Arc<Vec<Claim>>,
    pub accepted_at: Option<Timestamp>,
    /// When the statutory clock started.
    pub started_at: Option<Timestamp>,
    /// The suspensions of the statutory clock, ended ones included.
    pub suspensions: Vec<Suspension>,
    /// Number of extensions since the clock last began.
    pub extensions: u32,
    /// Whether the clock began again with a supplement.
    pub began_anew: bool,
    pub promised: Option<Promised>,
    /// The transfers to other agencies, oldest first.
    pub transfers: Arc<Vec<Transfer>>,
    /// How often the appointment was moved.
    pub redatings: u32,
    /// All documents, those of supplements included.
    pub documents: Arc<Vec<Document>>,
    pub reasons: Reasons,
}

impl Intake {
    /// The stage, without the facts that belong to it.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.progress.stage()
    }

    /// The answer that is owed before acceptance.
    #[must_use]
    pub const fn answer(&self) -> Option<&AnswerDue> {
        if let Progress::Submitted(Owed::Answer(answer)) = &self.progress {
            Some(answer)
        } else {
            None
        }
    }

    /// The supplement that is awaited.
    #[must_use]
    pub fn open_request(&self) -> Option<&OpenRequest> {
        self.progress.open_request().map(|open| &**open)
    }

    /// When it was decided, refused, withdrawn or closed.
    #[must_use]
    pub const fn ended_at(&self) -> Option<Timestamp> {
        if let Progress::Ended(at, _) = self.progress { Some(at) } else { None }
    }

    /// The decision, once it is made.
    #[must_use]
    pub fn decision(&self) -> Option<&DossierDecided> {
        let Progress::Ended(_, ending) = &self.progress else { return None };
        match ending {
            Ending::Decided(decision) => Some(decision),
            Ending::Closed(_, decision) => decision.as_deref(),
            Ending::Refused | Ending::Withdrawn => None,
        }
    }

    /// The ledger of the statutory clock, if it has started.
    #[must_use]
    pub fn ledger(&self) -> Option<Ledger> {
        let started_at = self.started_at?;
        let (suspensions, extensions, anew) =
            (self.suspensions.clone(), self.extensions, self.began_anew);
        Some(Ledger { started_at, suspensions, extensions, anew })
    }

    /// Whether the dossier still has to be decided.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Submitted(_) | Progress::Processing(_))
    }

    /// When it was accepted, and whether: the two values that the events at its end record.
    pub(super) fn acceptance(&self) -> (Option<Timestamp>, Option<bool>) {
        (self.accepted_at, Some(self.accepted_at.is_some()))
    }

    /// Whether the clock is suspended and may resume; false for a dossier that has ended.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.is_open() && self.stopped().is_some()
    }

    /// An open suspension, if there is one.
    #[must_use]
    pub fn stopped(&self) -> Option<&Suspension> {
        self.suspensions.iter().find(|suspension| suspension.to.is_none())
    }

    /// Whether the clock is suspended until the fee is paid again.
    #[must_use]
    pub fn awaits_fee(&self) -> bool {
        self.is_open() && self.fee.stop().is_some()
    }
}

impl Intake {
    /// Keeps who acts by a recorded mandate: whoever has, is no officer in this matter.
    fn on_mandate(&mut self, actor: &Actor) {
        let (Some(submission), Some(_)) = (&mut self.submission, actor.mandate) else { return };
        if !submission.brief.is_party(&actor.subject) {
            Arc::make_mut(submission).brief.mandated.push(actor.subject.clone());
        }
    }
}

impl State for Intake {
    type Event = IntakeEvent;
    const CATEGORY: &'static str = Category::Intake.as_str();
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = reaction::SUBSCRIPTIONS;

    fn evolve(&mut self, event: &IntakeEvent, meta: &Meta) {
        let due_at = self.promised.as_ref().map(|promised| promised.promise.due_at);
        let open = self.progress.open_request().map(|open| &**open);
        self.reasons.evolve(event, (open, due_at), meta);
        self.on_mandate(&meta.envelope.actor);
        match event {
            IntakeEvent::DossierSubmitted(submitted) => self.on_submission(submitted, meta),
            IntakeEvent::FeeClaimsDecided(decided) => self.on_claims_decided(decided, meta),
            IntakeEvent::DossierAccepted(accepted) => {
                self.progress = Progress::Processing(self.progress.supplemented());
                self.accepted_at = Some(meta.at());
                self.started_at = accepted.started_at;
                self.promised(accepted.promise.as_ref(), meta, None);
            }
            IntakeEvent::DossierRefused(_) => self.progress.end(meta.at(), Ending::Refused),
            IntakeEvent::SupplementRequested(request) => self.on_request(request, meta),
            IntakeEvent::SupplementDeclined(_) => {}
            IntakeEvent::SupplementSubmitted(supplement) => self.on_supplement(supplement, meta),
            IntakeEvent::FeeReceived(fee) => self.on_fee(fee, meta),
            IntakeEvent::FeeReturned(returned) => self.on_fee_returned(returned, meta),
            IntakeEvent::DossierWithdrawn(_) => self.progress.end(meta.at(), Ending::Withdrawn),
            IntakeEvent::DossierTransferred(transferred) => self.on_transfer(transferred, meta),
            IntakeEvent::AppointmentMoved(moved) => {
                self.redatings = self.redatings.saturating_add(1);
                let basis = Some("19.9, 61/2018/NĐ-CP".to_owned());
                self.promised(Some(&moved.promise), meta, basis);
            }
            IntakeEvent::DeadlineExtended(extended) => {
                self.extensions = self.extensions.saturating_add(1);
                self.promised(Some(&extended.promise), meta, None);
            }
            IntakeEvent::TimeNotCounted(span) => self.on_time_not_counted(span, meta),
            IntakeEvent::AppointmentFixed(fixed) => {
                self.started_at = self.started_at.or(Some(meta.at()));
                self.promised(Some(&fixed.promise), meta, Some(fixed.basis.clone()));
            }
            IntakeEvent::DeadlineRestated(restated) => {
                self.promised(Some(&restated.promise), meta, None);
                if let Some(promised) = &mut self.promised {
                    promised.kept = restated.promise.due_at <= restated.was_due_at;
                }
            }
            IntakeEvent::IntakeAnswerMissed(_) => {
                if let Some(answer) = self.progress.answer_mut() {
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
                self.progress.end(meta.at(), Ending::Decided(Arc::new(decided.clone())));
            }
            IntakeEvent::DossierClosed(closed) => {
                let decision = self.decision().cloned().map(Arc::new);
                self.progress.end(meta.at(), Ending::Closed(closed.closed_as, decision));
            }
            IntakeEvent::PeriodExtended(extended) => clock::extend(self, extended, meta),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let submission = self.submission.as_ref()?;
        let former = self.transfers.iter();
        let former = former.map(|one| Former { agency: one.from.clone(), until: one.until });
        Some(Resource { former: former.collect(), ..submission.brief.resource() })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = &self.submission.as_ref()?.brief;
        Some((&brief.procedure, &brief.agency))
    }

    fn with_papers(&self, events: Vec<IntakeEvent>, facts: &Facts<'_>) -> Vec<IntakeEvent> {
        papers::issue(self, events, facts)
    }
}
