//! Labels, notes and messages in replies.

use dossier::contract::{AgencyCode, DocumentDigest, DocumentName, MessageDocument, Role, Subject};
use dossier::notes::{Label, Message, Note, Side};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A label that officers gave to a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DossierLabelReply {
    /// Number of the label, for its removal.
    #[schema(minimum = 1, example = 1)]
    number: u32,
    /// The label as first typed; null after its erasure.
    #[schema(example = "chờ giám đốc")]
    label: Option<String>,
    /// Officer who added it.
    by: Subject,
    /// When it was added.
    at: Timestamp,
    /// Whether it was removed. Lists have only those that were not.
    removed: bool,
}

impl From<&Label> for DossierLabelReply {
    fn from(label: &Label) -> Self {
        Self {
            number: label.number,
            label: label.text.known().cloned(),
            by: label.by.clone(),
            at: label.at,
            removed: label.removed,
        }
    }
}

/// An internal note on a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteReply {
    /// Number of the note, for its withdrawal.
    #[schema(minimum = 1, example = 1)]
    number: u32,
    /// The text; null after its erasure.
    #[schema(example = "Đã gọi cho người nộp lúc 10 giờ.")]
    note: Option<String>,
    /// Its author.
    by: Subject,
    /// Role in which the author wrote it.
    role: Role,
    /// When it was added.
    at: Timestamp,
    /// The withdrawal by its author; absent unless it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<NoteWithdrawalReply>,
}

/// Why and when a note was withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteWithdrawalReply {
    /// Why the note is wrong; null after its erasure.
    #[schema(example = "Ghi nhầm hồ sơ")]
    reason: Option<String>,
    /// When it was withdrawn.
    at: Timestamp,
}

impl From<&Note> for NoteReply {
    fn from(note: &Note) -> Self {
        let withdrawn = note.withdrawn.as_ref();
        Self {
            number: note.number,
            note: note.text.known().cloned(),
            by: note.by.clone(),
            role: note.role,
            at: note.at,
            withdrawn: withdrawn.map(|withdrawn| NoteWithdrawalReply {
                reason: withdrawn.reason.known().cloned(),
                at: withdrawn.at,
            }),
        }
    }
}

/// A message between the applicant and the agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageReply {
    /// Number of the message in the dossier.
    #[schema(minimum = 1, example = 3)]
    number: u32,
    /// Role of the sender: `applicant`, or that of an officer.
    role: Role,
    /// The sender. Applicants see only those of their own side.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Subject>,
    /// Agency of the officer who sent it; absent for messages of the applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    /// When it was sent.
    at: Timestamp,
    /// The text; null after its erasure.
    #[schema(example = "Bao giờ có kết quả?")]
    text: Option<String>,
    /// Attached documents.
    documents: Vec<MessageDocumentReply>,
    /// When the other side read it first; null while it is unread.
    read_at: Option<Timestamp>,
    /// Role in which it was read first; absent while it is unread.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_role: Option<Role>,
    /// Who read it first; absent while it is unread. Applicants see only those of their own side.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_by: Option<Subject>,
}

/// A document attached to a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageDocumentReply {
    /// Its name, for `GET /v1/dossiers/{dossier}/messages/{message}/documents/{document}`.
    document: DocumentName,
    /// SHA-256 of its content.
    sha256: DocumentDigest,
    /// Media type of the content.
    #[schema(example = "image/png")]
    media_type: String,
    /// Size in bytes.
    bytes: u64,
    /// File name; null after its erasure.
    #[schema(example = "anh-chup.png")]
    file_name: Option<String>,
}

impl From<&MessageDocument> for MessageDocumentReply {
    fn from(attached: &MessageDocument) -> Self {
        let MessageDocument { document, media_type, bytes, sha256, file_name } = attached.clone();
        Self { document, sha256, media_type, bytes, file_name: file_name.known().cloned() }
    }
}

impl MessageReply {
    /// The message as somebody in this role sees it.
    pub(super) fn of(message: &Message, reader: Role) -> Self {
        let is_seen = |role| reader != Role::Applicant || Side::of(role) == Side::Applicant;
        let (by, read) = (&message.by, message.read.as_ref());
        Self {
            number: message.number,
            role: by.role,
            by: is_seen(by.role).then(|| by.subject.clone()),
            agency: by.agency.clone().filter(|_| message.from() == Side::Agency),
            at: message.at,
            text: message.text.known().cloned(),
            documents: message.documents.iter().map(MessageDocumentReply::from).collect(),
            read_at: read.map(|read| read.at),
            read_role: read.map(|read| read.role),
            read_by: read.filter(|read| is_seen(read.role)).map(|read| read.by.clone()),
        }
    }
}
