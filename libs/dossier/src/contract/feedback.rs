//! Events of feedback: ratings, complaints and petitions (phản ánh, kiến nghị).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, ComplaintId, ComplaintNumber, DocumentDigest, DocumentName, DossierId,
    PeriodExtended, Personal, ProcedureCode, Subject, events, payload,
};

/// The channel by which a complaint was received (Decree 20/2008/NĐ-CP, arts 5 to 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComplaintChannel {
    /// Through a portal.
    Online,
    /// At the counter.
    Counter,
    /// A letter.
    Post,
    /// A telephone call.
    Phone,
    /// A message by e-mail.
    Email,
}

/// The subject of a complaint (Decree 20/2008/NĐ-CP, art. 9), or the kind of a request about one's
/// own data (Decree 356/2025/NĐ-CP, art. 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComplaintClass {
    /// The conduct of officers, or delay.
    ConductOrDelay,
    /// The content of rules, if not complex.
    ContentOfRules,
    /// The content of rules, and complex.
    Complex,
    /// A matter of another agency.
    NotOurs,
    /// Anonymous or without substance.
    NotAcceptable,
    /// Personal data: to see, receive or correct it.
    PersonalDataAccess,
    /// Personal data: to withdraw consent, or to object to or restrict its use.
    PersonalDataObjection,
    /// Personal data: to delete it.
    PersonalDataErasure,
}

impl ComplaintClass {
    /// Whether it is a request about one's own data, whose answer only the requester may read.
    #[must_use]
    pub const fn is_about_personal_data(self) -> bool {
        match self {
            Self::PersonalDataAccess | Self::PersonalDataObjection | Self::PersonalDataErasure => {
                true
            }
            Self::ConductOrDelay
            | Self::ContentOfRules
            | Self::Complex
            | Self::NotOurs
            | Self::NotAcceptable => false,
        }
    }
}

payload! {
    /// The applicant received the result and may rate the service.
    RatingInvited for Everyone {
        brief: Brief,
    }
    /// The applicant rated the service. Possible once.
    DossierRated for Everyone {
        /// From 1 (very bad) to 5 (very good).
        score: u8,
        /// A remark in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Personal<String>> => Rating,
    }
}

events! {
    /// The events of a dossier's rating.
    pub enum RatingEvent {
        RatingInvited = "feedback.RatingInvited.v1",
        DossierRated = "feedback.DossierRated.v1",
    }
}

/// The contact details of a complainant. A detail that was not given is an empty text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub name: String,
    pub address: String,
    pub phone: String,
}

payload! {
    /// A document that belongs to a complaint or to its answer.
    #[derive(Eq)]
    #[serde(deny_unknown_fields)]
    Attachment for ComplaintTexts {
        document: DocumentName,
        /// The digest of the content.
        sha256: DocumentDigest,
        /// The file name that its uploader gave.
        file_name: Personal<String>,
    }
    /// A complaint was filed.
    ComplaintFiled for Complaint {
        complaint: ComplaintId,
        complainant: Subject,
        /// All details are empty if the complaint is anonymous.
        contact: Personal<Contact> => Contact,
        /// The complainant's e-mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Personal<String>> => Contact,
        /// The agency to which it is addressed.
        agency: AgencyCode,
        channel: ComplaintChannel,
        /// The dossier that it is about, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dossier: Option<DossierId>,
        /// The step that it is about: the kind of the timeline event `event`, if that is present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// The timeline event that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Uuid> => Nobody("internal id; `step` is its kind"),
        /// Whether it is a request about the complainant's own data.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        personal_data: bool,
        /// The complaint in words.
        text: Personal<String> => ComplaintTexts,
        /// The end of the period to classify and forward it.
        classify_by: Timestamp,
        /// The number for the complainant; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<ComplaintNumber>,
        /// Keyed digest of the code with which its state can be read without an account; absent in
        /// older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status_digest: Option<String> => Nobody("digest of the status code"),
        /// Whether the complainant is not named.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        anonymous: bool,
        /// When the agency received it, from which its period counts; absent if it was recorded at
        /// once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        received_at: Option<Timestamp>,
        /// The procedure of the dossier that it is about; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        procedure: Option<ProcedureCode>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        documents: Vec<Attachment>,
    }
    /// Documents were added to the complaint.
    ComplaintDocumentsAdded for Complaint {
        documents: Vec<Attachment>,
    }
    /// The complaint was assigned to an officer, or returned by one.
    ComplaintAssigned for ComplaintNotes {
        /// The officer who handles it; absent if nobody does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        officer: Option<Subject> => ComplaintOfficers,
        /// A remark for the officer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>>,
    }
    /// An internal note, for complaint handlers only.
    ComplaintNoted for ComplaintNotes {
        note: Personal<String>,
    }
    /// The complaint duplicates another one and is answered with it.
    ComplaintMerged for Complaint {
        /// The complaint that is handled.
        into: ComplaintId,
    }
    /// The complaint does not duplicate the other one and is handled by itself again.
    ComplaintSeparated for Complaint {
        /// The reason, addressed to the complainant.
        reason: Personal<String> => ComplaintTexts,
    }
    /// The agency extended the period to answer.
    ComplaintExtended for Complaint {
        /// The new end of the period.
        answer_by: Timestamp,
        /// The reason, addressed to the complainant.
        reason: Personal<String> => ComplaintTexts,
    }
    /// The complaint was classified.
    ComplaintClassified for Complaint {
        class: ComplaintClass,
        /// The end of the period to answer it; absent if this agency does not answer it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_by: Option<Timestamp>,
        /// The reason, addressed to the complainant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => ComplaintTexts,
    }
    /// The complaint was forwarded to another agency.
    ComplaintForwarded for Complaint {
        to: AgencyCode => Public,
        /// The end of that agency's period to classify it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classify_by: Option<Timestamp>,
    }
    /// The complaint was answered.
    ComplaintAnswered for Complaint {
        /// The answer to the complainant.
        answer: Personal<String> => ComplaintTexts,
        /// The end of the period to publish the answer; absent if it is not to be published.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publish_by: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        documents: Vec<Attachment>,
    }
    /// The complainant rated the answer.
    ComplaintAnswerRated for Complaint {
        /// From 1 (very bad) to 5 (very good).
        score: u8,
        /// A remark in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Personal<String>> => ComplaintTexts,
    }
    /// The answer was published.
    AnswerPublished for Public {
        /// The published text; it contains no personal data.
        text: String,
    }
    /// The complainant reopened the complaint.
    ComplaintReopened for Complaint {
        /// The complainant's reason.
        reason: Personal<String> => ComplaintTexts,
        /// The end of the period to answer again.
        answer_by: Timestamp,
    }
    /// A period of the complaint has passed without the step that it is for.
    ComplaintOverdue for Complaint {
        /// The step: `classify`, `answer` or `publish`.
        stage: String,
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
        /// When it becomes a matter of the heads of the agency; at once in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        escalates_at: Option<Timestamp>,
    }
}

events! {
    /// The events of a complaint's stream.
    pub enum ComplaintEvent {
        ComplaintFiled = "feedback.ComplaintFiled.v1",
        ComplaintClassified = "feedback.ComplaintClassified.v1",
        ComplaintForwarded = "feedback.ComplaintForwarded.v1",
        ComplaintAnswered = "feedback.ComplaintAnswered.v1",
        AnswerPublished = "feedback.AnswerPublished.v1",
        ComplaintAnswerRated = "feedback.ComplaintAnswerRated.v1",
        ComplaintReopened = "feedback.ComplaintReopened.v1",
        ComplaintOverdue = "feedback.ComplaintOverdue.v1",
        ComplaintDocumentsAdded = "feedback.ComplaintDocumentsAdded.v1",
        ComplaintAssigned = "feedback.ComplaintAssigned.v1",
        ComplaintNoted = "feedback.ComplaintNoted.v1",
        ComplaintMerged = "feedback.ComplaintMerged.v1",
        ComplaintSeparated = "feedback.ComplaintSeparated.v1",
        ComplaintExtended = "feedback.ComplaintExtended.v1",
        PeriodExtended = "feedback.PeriodExtended.v1",
    }
}
