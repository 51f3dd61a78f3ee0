//! The record beside a document: its uploader, digest and type. It is written before the name is
//! returned, and rewritten only by the same uploader.

use std::fmt::Write;

use dossier::access::{Caller, May, Scope};
use dossier::contract::{Actor, AgencyCode, DocumentDigest, DocumentName, Role, Subject};
use jiff::Timestamp;
use platform::secret::Secret;
use serde::{Deserialize, Serialize};

use super::Stored;

/// The record of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// A keyed digest of the uploader's subject.
    uploader: String,
    /// The same of the person for whom it was uploaded: the represented one, or the uploader.
    party: String,
    /// The agency, if an officer uploaded it as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
    pub(super) media_type: String,
    /// The size.
    pub(super) bytes: u64,
    /// Digest of the content.
    pub(super) sha256: DocumentDigest,
    /// When it was uploaded.
    pub(super) uploaded_at: Timestamp,
    /// A keyed digest of the record: write access to the store is not enough to claim a document,
    /// and documents of other installations are recognised.
    seal: String,
}

/// File name of a record.
pub(super) fn record_file(name: &DocumentName) -> String {
    format!("{name}.{RECORD}")
}

/// File extension of records.
pub(super) const RECORD: &str = "json";

impl Record {
    pub(super) fn new(
        (secret, at): (&Secret, Timestamp),
        name: &DocumentName,
        actor: &Actor,
        media_type: &str,
        (bytes, sha256): (u64, &[u8; 32]),
    ) -> Self {
        let (uploader, party, agency) = owner(actor);
        let mut record = Self {
            uploader: person(secret, uploader),
            party: person(secret, party),
            agency: agency.cloned(),
            media_type: media_type.to_owned(),
            bytes,
            sha256: DocumentDigest::from(&*hexadecimal(sha256)),
            uploaded_at: at,
            seal: String::new(),
        };
        record.seal = record.sealed(secret, name);
        record
    }

    /// Decodes a record; `None` unless this installation wrote it for this document.
    pub(super) fn read(secret: &Secret, name: &DocumentName, text: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(text).ok()?;
        (record.seal == record.sealed(secret, name)).then_some(record)
    }

    fn sealed(&self, secret: &Secret, name: &DocumentName) -> String {
        let agency = self.agency.as_ref().map_or("", AgencyCode::as_str);
        secret.digest(&[
            b"document-record",
            name.as_str().as_bytes(),
            self.uploader.as_bytes(),
            self.party.as_bytes(),
            agency.as_bytes(),
            self.media_type.as_bytes(),
            &self.bytes.to_be_bytes(),
            self.sha256.as_str().as_bytes(),
            self.uploaded_at.to_string().as_bytes(),
        ])
    }

    /// The public data of the document.
    pub(super) fn stored(&self, name: &DocumentName) -> Stored {
        Stored {
            name: name.clone(),
            media_type: self.media_type.clone(),
            bytes: self.bytes,
            sha256: self.sha256.clone(),
        }
    }

    /// Whether the caller may refer to the document in a step that `mays` allow: the uploader,
    /// representatives of the same person, and officers of the agency for which it was uploaded, or
    /// of one above it.
    pub(super) fn may_be_named_by(&self, secret: &Secret, caller: &Caller, mays: &[May]) -> bool {
        if self.uploader == person(secret, &caller.subject) {
            return true;
        }
        if self.party == person(secret, caller.party()) {
            return true;
        }
        let as_officer = |may: &May| may.scope == Scope::Agency && caller.roles.contains(&may.role);
        self.agency.as_ref().is_some_and(|agency| caller.acts_for(agency))
            && mays.iter().any(as_officer)
    }
}

/// Owners of an upload: the uploader, the represented person, and, for officers, the agency.
pub(super) fn owner(actor: &Actor) -> (&Subject, &Subject, Option<&AgencyCode>) {
    let as_officer = actor.role != Role::Applicant;
    let party = actor.on_behalf_of.as_ref().filter(|_| !as_officer);
    let agency = actor.agency.as_ref().filter(|_| as_officer);
    (&actor.subject, party.unwrap_or(&actor.subject), agency)
}

fn person(secret: &Secret, subject: &Subject) -> String {
    secret.digest(&[b"document-uploader", subject.as_str().as_bytes()])
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
