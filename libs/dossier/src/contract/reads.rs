//! Reads of personal data by officers and partners. They are recorded in streams of their own, one
//! for each process and day, and belong to no dossier's stream.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgencyCode, ComplaintId, DossierId, MandateId, Role, Subject, events, payload};

payload! {
    /// Personal data was read. Reads at about the same time are recorded together.
    PersonalDataRead for Reads {
        reads: Vec<PersonalRead>,
    }
    /// A read by one caller. A page of a list is one read, of all dossiers on it.
    PersonalRead for Reads {
        at: Timestamp,
        /// The subject of the caller's token.
        reader: Subject => Readers,
        /// The role in which the caller read.
        role: Role,
        /// The agency of an officer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agency: Option<AgencyCode>,
        /// The name of the operation, for example `get_dossier`.
        operation: String,
        /// The dossiers whose data was read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dossiers: Vec<DossierId>,
        /// The complaints whose data was read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        complaints: Vec<ComplaintId>,
        /// The mandates whose evidence was read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mandates: Vec<MandateId>,
        /// The papers that were printed, as far as no step has issued them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        papers: Vec<PaperPrinted>,
    }
    /// A paper that no step issues, such as the forms 06 and 07 and lists of parcels, as it was
    /// printed.
    PaperPrinted for Reads {
        /// The name of its template.
        template: String,
        /// The version of its template.
        version: u32,
        /// SHA-256 of its text, in hexadecimal digits.
        sha256: String,
    }
}

events! {
    /// The events of a stream of reads.
    pub enum ReadEvent {
        PersonalDataRead = "reads.PersonalDataRead.v1",
    }
}
