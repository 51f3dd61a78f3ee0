//! What officers wrote during a review: notes, verifications, and reasons. It is kept for readers;
//! no step depends on it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::contract::{ComponentCode, Meta, Personal, ReviewEvent, Subject, VerificationRecorded};

/// Entries of each kind that are kept; of more, the newest.
const KEPT_MAX: usize = 100;

/// The officers' texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reasons {
    /// Completed activities, oldest first.
    pub activities: Arc<Vec<CompletedActivity>>,
    /// Verifications on site, oldest first.
    pub verifications: Arc<Vec<Verification>>,
    /// Reasons of other steps, oldest first.
    pub remarks: Arc<Vec<Remark>>,
    pub decided_at: Option<Timestamp>,
}

/// An activity that was completed.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletedActivity {
    pub at: Timestamp,
    /// Its code in the procedure.
    pub activity: String,
    pub officer: Subject,
    pub note: Option<Personal<String>>,
}

/// A verification on site, with the instant and the officer of its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    pub at: Timestamp,
    pub officer: Subject,
    pub recorded: VerificationRecorded,
}

/// The reason of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    pub at: Timestamp,
    /// The officer who gave it.
    pub officer: Subject,
    pub kind: RemarkKind,
    pub reason: Personal<String>,
}

/// The step that a reason belongs to.
#[derive(Debug, Clone, PartialEq)]
pub enum RemarkKind {
    Returned,
    /// Handed over to this officer.
    HandedOver(Subject),
    /// These components were missing.
    SupplementNeeded(Vec<ComponentCode>),
    ProposalRejected,
}

fn keep<T: Clone>(kept: &mut Arc<Vec<T>>, new: T) {
    let kept = Arc::make_mut(kept);
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push(new);
}

impl Reasons {
    /// Applies an event.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no text of an officer")]
    pub(super) fn evolve(&mut self, event: &ReviewEvent, meta: &Meta) {
        let (at, officer) = (meta.at(), meta.envelope.actor.subject.clone());
        let (kind, reason) = match event {
            ReviewEvent::ActivityCompleted(completed) => {
                let completed = CompletedActivity {
                    at,
                    activity: completed.activity.clone(),
                    officer: completed.officer.clone(),
                    note: completed.note.clone(),
                };
                return keep(&mut self.activities, completed);
            }
            ReviewEvent::VerificationRecorded(recorded) => {
                let recorded = recorded.clone();
                return keep(&mut self.verifications, Verification { at, officer, recorded });
            }
            ReviewEvent::DecisionMade(_) => {
                self.decided_at = Some(at);
                return;
            }
            ReviewEvent::ReviewReturned(returned) => (RemarkKind::Returned, &returned.reason),
            ReviewEvent::ReviewHandedOver(handed) => {
                (RemarkKind::HandedOver(handed.to.clone()), &handed.reason)
            }
            ReviewEvent::SupplementNeeded(needed) => {
                (RemarkKind::SupplementNeeded(needed.components.clone()), &needed.reason)
            }
            ReviewEvent::ProposalRejected(rejected) => {
                (RemarkKind::ProposalRejected, &rejected.reason)
            }
            _ => return,
        };
        keep(&mut self.remarks, Remark { at, officer, kind, reason: reason.clone() });
    }
}
