//! How each event changes the state of intake.

use std::sync::Arc;

use jiff::Timestamp;

use super::progress::{AnswerDue, OpenRequest, Owed, Progress};
use super::resumption::resume;
use super::state::{Intake, Promised};
use super::transfer_dossier::Transfer;
use super::{Claim, FormVersion};
use crate::clock::{Running, Suspension};
use crate::contract::{
    DossierSubmitted, DossierTransferred, FeeReceived, FeeReturned, Meta, Promise,
    SupplementEffect, SupplementRequested, SupplementStage, SupplementSubmitted, TimeNotCounted,
};

impl Intake {
    pub(super) fn promised(
        &mut self,
        promise: Option<&Promise>,
        meta: &Meta,
        fixed: Option<String>,
    ) {
        if let Some(promise) = promise {
            // A promise with the same or an earlier date keeps whether lateness was foreseen and
            // whether the date was missed.
            let old = self.promised.as_ref().filter(|old| promise.due_at <= old.promise.due_at);
            let (foreseen, missed) = old.map_or((false, false), |old| (old.foreseen, old.missed));
            let promise = promise.clone();
            let (by, at) = (meta.id, meta.at());
            self.promised =
                Some(Promised { promise, by, at, fixed, kept: false, foreseen, missed });
        }
    }

    pub(super) fn answer_due(&mut self, due_at: Option<Timestamp>, since: Timestamp, meta: &Meta) {
        self.progress.owes(due_at.map(|due_at| AnswerDue {
            running: Running::new(due_at, since, meta.id, meta.at()),
            missed: false,
        }));
    }

    pub(super) fn on_request(&mut self, request: &SupplementRequested, meta: &Meta) {
        match request.stage {
            SupplementStage::Intake => {
                self.requests_at_intake = self.requests_at_intake.saturating_add(1);
                // A clock that counts from the submission stops meanwhile, even though nothing is
                // promised yet.
                self.suspensions.push(Suspension { from: meta.at(), to: None, cause: meta.id });
            }
            SupplementStage::Review => {
                self.requests_at_review = self.requests_at_review.saturating_add(1);
                if self.started_at.is_some() {
                    self.suspensions.push(Suspension { from: meta.at(), to: None, cause: meta.id });
                }
            }
        }
        let window = Running::new(request.window_ends_at, meta.at(), meta.id, meta.at());
        let (request, event) = (request.clone(), meta.id);
        self.progress.request(OpenRequest { request, event, window });
    }

    pub(super) fn on_supplement(&mut self, supplement: &SupplementSubmitted, meta: &Meta) {
        let Some(open) = self.progress.supplemented() else { return };
        let mut documents = (*self.documents).clone();
        documents.extend(supplement.documents.iter().cloned());
        self.documents = Arc::new(documents);
        self.correct(supplement, meta);
        match open.request.stage {
            SupplementStage::Intake => {
                self.completed_at = Some(meta.at());
                self.answer_due(supplement.answer_due_at, meta.at(), meta);
                match open.request.effect {
                    SupplementEffect::Restart => self.suspensions.clear(),
                    SupplementEffect::Pause => self.resume(meta.at()),
                }
            }
            SupplementStage::Review => match open.request.effect {
                SupplementEffect::Pause => self.resume(meta.at()),
                SupplementEffect::Restart => {
                    self.started_at = supplement.started_at.or(self.started_at);
                    self.began_anew |= supplement.started_at.is_some();
                    // A suspension for the fee continues.
                    self.suspensions.retain(|one| Some(one.cause) == self.fee.stop());
                    self.extensions = 0;
                }
            },
        }
        self.runs_on(supplement.promise.as_ref(), meta);
    }

    /// The corrected form replaces the form, and the brief follows from it.
    fn correct(&mut self, supplement: &SupplementSubmitted, meta: &Meta) {
        let (Some(form), Some(submission)) = (&supplement.form, &mut self.submission) else {
            return;
        };
        let submission = Arc::make_mut(submission);
        submission.form = form.clone();
        match (&supplement.brief, form.known()) {
            (Some(brief), _) => submission.brief = brief.clone(),
            // Older logs have no brief here: read the public fields again, from the corrected form.
            (None, Some(form)) => {
                let fields = submission.brief.public.keys();
                let read = fields.filter_map(|at| Some((at.clone(), form.pointer(at)?.clone())));
                submission.brief.public = read.collect();
            }
            (None, None) => {}
        }
        Arc::make_mut(&mut self.forms).push(FormVersion::new(form, meta));
        self.form_is_corrected = true;
    }

    /// Records the promise when the clock resumes. A date that was fixed, not computed, stays
    /// fixed: the new date is the old one, moved by the suspended time.
    fn runs_on(&mut self, promise: Option<&Promise>, meta: &Meta) {
        let given = promise.is_some_and(|promise| promise.calendar.is_none());
        let fixed = self.promised.as_ref().and_then(|old| old.fixed.clone()).filter(|_| given);
        self.promised(promise, meta, fixed);
    }

    pub(super) fn on_time_not_counted(&mut self, span: &TimeNotCounted, meta: &Meta) {
        let TimeNotCounted { from, to, cause, .. } = *span;
        self.suspensions.push(Suspension { from, to: Some(to), cause });
        self.promised(span.promise.as_ref(), meta, None);
    }

    /// Ends the suspension for a supplement.
    fn resume(&mut self, at: Timestamp) {
        resume(&mut self.suspensions, at, |one| Some(one.cause) != self.fee.stop());
    }

    pub(super) fn on_fee(&mut self, fee: &FeeReceived, meta: &Meta) {
        self.fee_awaited = None;
        if let Some(stop) = self.fee.receive(fee.paid_at) {
            resume(&mut self.suspensions, fee.paid_at, |one| one.cause == stop);
        }
        if fee.answer_due_at.is_some() {
            self.answer_due(fee.answer_due_at, fee.paid_at, meta);
        }
        self.started_at = fee.started_at.or(self.started_at);
        if fee.started_at.is_some() && self.open_request().is_some() && !self.is_suspended() {
            self.suspensions.push(Suspension { from: meta.at(), to: None, cause: meta.id });
        }
        self.runs_on(fee.promise.as_ref(), meta);
    }

    pub(super) fn on_fee_returned(&mut self, returned: &FeeReturned, meta: &Meta) {
        self.fee.give_back(meta.at(), returned.clock_stops_at.map(|_| meta.id));
        if let Some(from) = returned.clock_stops_at {
            self.suspensions.push(Suspension { from, to: None, cause: meta.id });
        }
        // If the fee comes first, the period for the one-stop unit's answer begins when it is paid.
        let first = self.submission.as_ref().is_some_and(|submission| submission.fee_first);
        if first {
            self.progress.owes(None);
        }
    }

    pub(super) fn on_transfer(&mut self, transferred: &DossierTransferred, meta: &Meta) {
        if let Some(submission) = &mut self.submission {
            Arc::make_mut(submission).brief = transferred.brief.clone();
        }
        Arc::make_mut(&mut self.transfers).push(Transfer::of(transferred, meta));
    }

    pub(super) fn on_submission(&mut self, submitted: &DossierSubmitted, meta: &Meta) {
        self.submission = Some(Arc::new(submitted.clone()));
        self.forms = Arc::new(vec![FormVersion::new(&submitted.form, meta)]);
        self.documents = Arc::new(submitted.documents.clone());
        let claims = submitted.claims.iter().cloned();
        self.claims = Arc::new(claims.map(|claim| Claim { claim, decided: None }).collect());
        self.submitted_at = Some(meta.at());
        self.completed_at = Some(submitted.posted_at.unwrap_or(meta.at()));
        self.progress = Progress::Submitted(Owed::Nothing);
        self.answer_due(submitted.answer_due_at, meta.at(), meta);
    }
}
