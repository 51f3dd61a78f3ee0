//! The labels, notes and messages of a dossier.

use jiff::Timestamp;

use crate::access::Resource;
use crate::contract::{
    Actor, AgencyCode, MessageDocument, Meta, NoteEvent, Personal, ProcedureRef, Role, Subject,
};
use crate::search;
use crate::services::Category;
use crate::step::State;

/// A label of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// From 1, in the order of the log.
    pub number: u32,
    pub text: Personal<String>,
    /// The officer who added it.
    pub by: Subject,
    pub at: Timestamp,
    pub removed: bool,
}

impl Label {
    /// Whether it is the same label, in whatever spelling.
    fn is(&self, key: &str) -> bool {
        self.text.known().is_some_and(|text| label_key(text) == key)
    }
}

/// An internal note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// From 1, in the order of the log.
    pub number: u32,
    pub text: Personal<String>,
    /// Its author.
    pub by: Subject,
    pub role: Role,
    pub at: Timestamp,
    pub withdrawn: Option<Withdrawal>,
}

/// The withdrawal of a note by its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub reason: Personal<String>,
    pub at: Timestamp,
}

/// A side of an exchange of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The applicant, and those who act for the applicant.
    Applicant,
    /// The officers of the agency.
    Agency,
}

impl Side {
    /// The side on which somebody acts in this role.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        if matches!(role, Role::Applicant) { Self::Applicant } else { Self::Agency }
    }
}

/// A message from one side to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// From 1, in the order of the log.
    pub number: u32,
    /// The sender.
    pub by: Actor,
    pub at: Timestamp,
    pub text: Personal<String>,
    pub documents: Vec<MessageDocument>,
    /// When the other side read it first; `None` while it is unread.
    pub read: Option<Reading>,
}

impl Message {
    /// The side that sent it.
    #[must_use]
    pub const fn from(&self) -> Side {
        Side::of(self.by.role)
    }
}

/// Who read a message, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub by: Subject,
    pub role: Role,
    pub at: Timestamp,
}

/// The labels, notes and messages of a dossier, each in the order of their numbers.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// All labels, removed ones included.
    pub labels: Vec<Label>,
    /// All notes, withdrawn ones included.
    pub notes: Vec<Note>,
    pub messages: Vec<Message>,
}

impl Notes {
    /// The labels that the dossier has now.
    pub fn present_labels(&self) -> impl Iterator<Item = &Label> {
        self.labels.iter().filter(|label| !label.removed)
    }

    /// The label that the dossier has now under this key, see [`label_key`].
    #[must_use]
    pub fn labelled(&self, key: &str) -> Option<&Label> {
        self.present_labels().find(|label| label.is(key))
    }

    /// The messages of one side that the other has not read.
    pub fn unread(&self, from: Side) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |one| one.from() == from && one.read.is_none())
    }

    /// Drops the texts of notes and messages, which overviews do not need, to save memory.
    pub fn drop_texts(&mut self) {
        for note in &mut self.notes {
            note.text = Personal::Erased;
        }
        for message in &mut self.messages {
            message.text = Personal::Erased;
            message.documents = Vec::new();
        }
    }
}

/// The form in which labels are compared: without case, diacritics and separators. Empty if the
/// text has no letter and no digit.
#[must_use]
pub fn label_key(text: &str) -> String {
    search::compact(text)
}

/// The number of the next entry of a list.
fn next<T>(entries: &[T]) -> u32 {
    u32::try_from(entries.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The entry with this number.
pub(super) fn numbered<T>(entries: &[T], number: u32) -> Option<&T> {
    entries.get(usize::try_from(number.checked_sub(1)?).ok()?)
}

fn numbered_mut<T>(entries: &mut [T], number: u32) -> Option<&mut T> {
    entries.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
}

impl State for Notes {
    type Event = NoteEvent;
    const CATEGORY: &'static str = Category::Notes.as_str();

    fn evolve(&mut self, event: &NoteEvent, meta: &Meta) {
        let (actor, at) = (&meta.envelope.actor, meta.at());
        let by = actor.subject.clone();
        match event {
            NoteEvent::LabelAdded(added) => {
                let (number, text) = (next(&self.labels), added.label.clone());
                self.labels.push(Label { number, text, by, at, removed: false });
            }
            NoteEvent::LabelRemoved(removed) => {
                if let Some(label) = numbered_mut(&mut self.labels, removed.label) {
                    label.removed = true;
                }
            }
            NoteEvent::NoteAdded(added) => {
                let (number, text) = (next(&self.notes), added.note.clone());
                let role = actor.role;
                self.notes.push(Note { number, text, by, role, at, withdrawn: None });
            }
            NoteEvent::NoteWithdrawn(withdrawn) => {
                if let Some(note) = numbered_mut(&mut self.notes, withdrawn.note) {
                    note.withdrawn = Some(Withdrawal { reason: withdrawn.reason.clone(), at });
                }
            }
            NoteEvent::MessageSent(sent) => {
                let (number, by) = (next(&self.messages), actor.clone());
                let (text, documents) = (sent.text.clone(), sent.documents.clone());
                self.messages.push(Message { number, by, at, text, documents, read: None });
            }
            NoteEvent::MessagesRead(read) => {
                let reader = Side::of(actor.role);
                let is_read = |message: &&mut Message| {
                    let is_theirs = message.from() != reader;
                    is_theirs && message.number <= read.through && message.read.is_none()
                };
                for message in self.messages.iter_mut().filter(is_read) {
                    message.read = Some(Reading { by: by.clone(), role: actor.role, at });
                }
            }
        }
    }

    /// The stream names no owner: see the module.
    fn resource(&self) -> Option<Resource> {
        None
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_same_however_it_is_typed() {
        for other in ["cho giam doc", "CHỜ-GIÁM-ĐỐC", " chờ  giám đốc! "] {
            assert_eq!(label_key("Chờ giám đốc"), label_key(other), "{other}");
        }
        assert_eq!(label_key("!!!"), "");
    }

    #[test]
    fn numbers_begin_at_one() {
        assert_eq!(next::<u8>(&[]), 1);
        assert_eq!((numbered(&['a', 'b'], 2), numbered(&['a'], 0)), (Some(&'b'), None));
        assert_eq!(numbered(&['a'], 2), None);
    }
}
