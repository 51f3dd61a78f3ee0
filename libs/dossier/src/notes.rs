//! Notes of a dossier: labels and internal notes of the agency's officers, and messages between the
//! applicant and the agency. They change nothing in the procedure: no clock starts or stops, and
//! nobody waits for a message. An unread message is a task in the overview of the dossier.
//!
//! The stream has no owner of its own: its steps are permitted to those who may take them on the
//! dossier, by intake's present state.

use crate::access::{May, agency, own};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod add_label;
pub mod add_note;
pub mod read_messages;
pub mod remove_label;
pub mod send_message;
pub mod withdraw_note;

pub mod limits;
mod state;

pub use state::{Label, Message, Note, Notes, Reading, Side, Withdrawal, label_key};

use add_label::AddLabel;
use add_note::AddNote;
use read_messages::ReadMessages;
use remove_label::RemoveLabel;
use send_message::SendMessage;
use withdraw_note::WithdrawNote;

/// All steps.
pub const STEPS: &[Step] = &[
    AddLabel::STEP,
    RemoveLabel::STEP,
    AddNote::STEP,
    WithdrawNote::STEP,
    SendMessage::STEP,
    ReadMessages::STEP,
];

/// The officers who add labels and notes.
const OFFICERS: &[May] = &[agency(Role::Clerk), agency(Role::Reviewer), agency(Role::Approver)];

/// The two sides of messages.
const SIDES: &[May] =
    &[own(Role::Applicant), agency(Role::Clerk), agency(Role::Reviewer), agency(Role::Approver)];

/// Permission to read labels and internal notes.
pub const READ: &[May] =
    &[agency(Role::Clerk), agency(Role::Reviewer), agency(Role::Approver), agency(Role::Auditor)];

/// Permission to read messages. An auditor's reading does not make a message read.
pub const READ_MESSAGES: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
];

/// Kinds of events of labels and internal notes.
const INTERNAL: &[&str] = &[
    "notes.LabelAdded.v1",
    "notes.LabelRemoved.v1",
    "notes.NoteAdded.v1",
    "notes.NoteWithdrawn.v1",
];

/// Whether a role is not told of events of this kind: labels and notes are for their readers alone.
pub(crate) fn are_hidden(role: Role, kind: &str) -> bool {
    INTERNAL.contains(&kind) && !READ.iter().any(|may| may.role == role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{EventSet, NoteEvent};
    use crate::timeline;

    #[test]
    fn labels_and_notes_are_on_the_timelines_of_their_readers_only_and_messages_on_all() {
        for role in Role::CALLERS {
            let kinds = NoteEvent::KINDS.iter().filter(|kind| !timeline::hides(role, kind));
            let reads = READ.iter().any(|may| may.role == role);
            assert_eq!(kinds.count(), if reads { 6 } else { 2 }, "{role:?}");
        }
        assert!(INTERNAL.iter().all(|kind| NoteEvent::KINDS.contains(kind)));
        for step in STEPS.iter().filter(|step| step.may == OFFICERS) {
            assert!(step.events.iter().all(|kind| INTERNAL.contains(kind)), "{}", step.name);
        }
    }

    #[test]
    fn every_kind_of_event_of_the_notes_has_a_step() {
        for kind in NoteEvent::KINDS {
            assert!(STEPS.iter().any(|step| step.events.contains(kind)), "{kind}");
        }
    }
}
