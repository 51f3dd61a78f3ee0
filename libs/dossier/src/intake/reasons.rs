//! What was written to the applicant and by the applicant: supplement requests, reasons of new
//! dates, and the reason of the end. It is kept for readers; no step depends on it.

use std::sync::Arc;

use jiff::Timestamp;

use super::OpenRequest;
use crate::contract::{IntakeEvent, Meta, Personal, SupplementRequested};

/// The written reasons of a dossier.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reasons {
    /// The supplement requests that are no longer open, oldest first.
    pub past_requests: Arc<Vec<PastRequest>>,
    /// The changes of the promised date by an authority, oldest first.
    pub date_changes: Arc<Vec<DateChange>>,
    /// The reason of the refusal, withdrawal or closure.
    pub end: Option<Personal<String>>,
}

/// A supplement request that is no longer open.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRequest {
    pub request: SupplementRequested,
    /// Absent if the dossier ended first.
    pub answered_at: Option<Timestamp>,
}

/// A change of the promised date by an authority.
#[derive(Debug, Clone, PartialEq)]
pub struct DateChange {
    pub at: Timestamp,
    pub kind: DateChangeKind,
    /// Absent if there was no date before.
    pub was_due_at: Option<Timestamp>,
    pub due_at: Timestamp,
    /// The written reason; a fixed date has none.
    pub reason: Option<Personal<String>>,
    /// The legal basis of an extension, or that of a fixed date.
    pub basis: Option<String>,
    /// The authority that fixed the date.
    pub by: Option<String>,
}

/// How the promised date was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateChangeKind {
    /// The agency apologised (form 04).
    Apology,
    Extension,
    /// Another authority fixed the date.
    Fixed,
}

impl Reasons {
    /// Applies an event. `open` and `due_at` are the awaited supplement and the promised date
    /// before it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no written reason")]
    pub(super) fn evolve(
        &mut self,
        event: &IntakeEvent,
        (open, due_at): (Option<&OpenRequest>, Option<Timestamp>),
        meta: &Meta,
    ) {
        match event {
            IntakeEvent::SupplementSubmitted(_) => self.close(open, Some(meta.at())),
            IntakeEvent::DossierRefused(refused) => {
                self.close(open, None);
                self.end = Some(refused.reason.clone());
            }
            IntakeEvent::DossierWithdrawn(withdrawn) => {
                self.close(open, None);
                self.end.clone_from(&withdrawn.reason);
            }
            IntakeEvent::DossierClosed(closed) => {
                self.close(open, None);
                self.end.clone_from(&closed.reason);
            }
            IntakeEvent::DossierDecided(_) => self.close(open, None),
            IntakeEvent::AppointmentMoved(moved) => self.change(DateChange {
                at: meta.at(),
                kind: DateChangeKind::Apology,
                was_due_at: Some(moved.was_due_at),
                due_at: moved.promise.due_at,
                reason: Some(moved.reason.clone()),
                basis: None,
                by: None,
            }),
            IntakeEvent::DeadlineExtended(extended) => self.change(DateChange {
                at: meta.at(),
                kind: DateChangeKind::Extension,
                was_due_at: Some(extended.was_due_at),
                due_at: extended.promise.due_at,
                reason: Some(extended.reason.clone()),
                basis: Some(extended.basis.clone()),
                by: None,
            }),
            IntakeEvent::AppointmentFixed(fixed) => self.change(DateChange {
                at: meta.at(),
                kind: DateChangeKind::Fixed,
                was_due_at: due_at,
                due_at: fixed.promise.due_at,
                reason: None,
                basis: Some(fixed.basis.clone()),
                by: Some(fixed.by.clone()),
            }),
            _ => {}
        }
    }

    fn close(&mut self, open: Option<&OpenRequest>, answered_at: Option<Timestamp>) {
        let Some(open) = open else { return };
        let request = open.request.clone();
        Arc::make_mut(&mut self.past_requests).push(PastRequest { request, answered_at });
    }

    fn change(&mut self, change: DateChange) {
        Arc::make_mut(&mut self.date_changes).push(change);
    }
}
