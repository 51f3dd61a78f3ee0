//! Events of feedback: ratings, complaints and petitions (phản ánh, kiến nghị).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, Channel, ComplaintId, DossierId, PeriodExtended, Personal, Subject, events,
    payload,
};

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
    RatingInvited {
        brief: Brief,
    }
    /// The applicant rated the service. Possible once.
    DossierRated {
        /// From 1 (very bad) to 5 (very good).
        score: u8,
        /// A remark in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Personal<String>>,
    }
}

events! {
    /// The events of a dossier's rating.
    pub enum RatingEvent {
        RatingInvited = "feedback.RatingInvited.v1",
        DossierRated = "feedback.DossierRated.v1",
    }
}

/// The contact details of a complainant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub name: String,
    pub address: String,
    pub phone: String,
}

payload! {
    /// A complaint was filed.
    ComplaintFiled {
        complaint: ComplaintId,
        complainant: Subject,
        contact: Personal<Contact>,
        /// The agency to which it is addressed.
        agency: AgencyCode,
        channel: Channel,
        /// The dossier that it is about, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dossier: Option<DossierId>,
        /// The step that it is about: the kind of the timeline event `event`, if that is present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// The timeline event that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Uuid>,
        /// Whether it is a request about the complainant's own data.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        personal_data: bool,
        /// The complaint in words.
        text: Personal<String>,
        /// The end of the period to classify and forward it.
        classify_by: Timestamp,
    }
    /// The complaint was classified.
    ComplaintClassified {
        class: ComplaintClass,
        /// The end of the period to answer it; absent if this agency does not answer it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_by: Option<Timestamp>,
        /// The reason, addressed to the complainant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
    /// The complaint was forwarded to another agency.
    ComplaintForwarded {
        to: AgencyCode,
        /// The end of that agency's period to classify it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classify_by: Option<Timestamp>,
    }
    /// The complaint was answered.
    ComplaintAnswered {
        /// The answer to the complainant.
        answer: Personal<String>,
        /// The end of the period to publish the answer; absent if it is not to be published.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publish_by: Option<Timestamp>,
    }
    /// The answer was published.
    AnswerPublished {
        /// The published text; it contains no personal data.
        text: String,
    }
    /// The complainant reopened the complaint.
    ComplaintReopened {
        /// The complainant's reason.
        reason: Personal<String>,
        /// The end of the period to answer again.
        answer_by: Timestamp,
    }
    /// A period of the complaint has passed without the step that it is for.
    ComplaintOverdue {
        /// The step: `classify`, `answer` or `publish`.
        stage: String,
        /// The end of the period.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
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
        ComplaintReopened = "feedback.ComplaintReopened.v1",
        ComplaintOverdue = "feedback.ComplaintOverdue.v1",
        PeriodExtended = "feedback.PeriodExtended.v1",
    }
}
