//! Events of the notes of a dossier: labels and internal notes of officers, and messages between
//! applicant and agency. Labels, notes and messages are each numbered from 1, in the order in which
//! they were recorded for the dossier.

use serde::{Deserialize, Serialize};

use super::{DocumentDigest, DocumentName, Personal, events, payload};

payload! {
    /// An officer added a label.
    LabelAdded for Officers {
        /// As typed. Labels that differ only in case, diacritics or separators are the same.
        label: Personal<String>,
    }
    /// An officer removed a label.
    LabelRemoved for Officers {
        /// Number of the label.
        label: u32,
    }
    /// An officer added an internal note.
    NoteAdded for Officers {
        note: Personal<String>,
    }
    /// The author withdrew an internal note. It stays readable, with the reason.
    NoteWithdrawn for Officers {
        /// Number of the note.
        note: u32,
        reason: Personal<String>,
    }
    /// The applicant or an officer sent a message to the other side. The role of the actor tells
    /// which.
    MessageSent for Messages {
        text: Personal<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        documents: Vec<MessageDocument>,
    }
    /// The applicant or an officer has read messages of the other side.
    MessagesRead for Messages {
        /// Number of the last message that was read; all unread ones before it were read too.
        through: u32,
    }
    /// A document attached to a message.
    #[derive(Eq)]
    #[serde(deny_unknown_fields)]
    MessageDocument for Messages {
        /// The name under which it is stored.
        document: DocumentName,
        /// For example `application/pdf`.
        media_type: String,
        /// Size in bytes.
        bytes: u64,
        /// The digest of the content.
        sha256: DocumentDigest,
        /// The file name on the computer of its uploader.
        file_name: Personal<String>,
    }
}

events! {
    /// The events of a dossier's notes.
    pub enum NoteEvent {
        LabelAdded = "notes.LabelAdded.v1",
        LabelRemoved = "notes.LabelRemoved.v1",
        NoteAdded = "notes.NoteAdded.v1",
        NoteWithdrawn = "notes.NoteWithdrawn.v1",
        MessageSent = "notes.MessageSent.v1",
        MessagesRead = "notes.MessagesRead.v1",
    }
}
