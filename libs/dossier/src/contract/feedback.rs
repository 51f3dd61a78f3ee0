//! Events of feedback: ratings, complaints and petitions (phản ánh, kiến nghị).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, Channel, ComplaintId, DossierId, PeriodExtended, Personal, Subject, events,
    payload,
};

/// What a complaint is about (Decree 20/2008/NĐ-CP, art. 9), or what somebody wants to be done with their own data (Decree
/// 356/2025/NĐ-CP, art. 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComplaintClass {
    /// The conduct of officers, or delay.
    ConductOrDelay,
    /// The content of rules.
    ContentOfRules,
    /// The content of rules, and complex.
    Complex,
    /// Another agency's matter.
    NotOurs,
    /// Without name or substance.
    NotAcceptable,
    /// To be shown, given or corrected.
    PersonalDataAccess,
    /// Consent is taken back, or the use is objected to or to be restricted.
    PersonalDataObjection,
    /// To be deleted.
    PersonalDataErasure,
}

impl ComplaintClass {
    /// Whether it is a request about one's own data: nobody else reads the answer.
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
    /// The applicant has the result and may rate.
    RatingInvited {
        /// The dossier.
        brief: Brief,
    }
    /// The applicant rated, once.
    DossierRated {
        /// From 1 (very bad) to 5 (very good).
        score: u8,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Personal<String>>,
    }
}

events! {
    /// The events of a rating.
    pub enum RatingEvent {
        RatingInvited = "feedback.RatingInvited.v1",
        DossierRated = "feedback.DossierRated.v1",
    }
}

/// How to reach a complainant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Telephone.
    pub phone: String,
}

payload! {
    /// Somebody complained.
    ComplaintFiled {
        /// The complaint.
        complaint: ComplaintId,
        /// Who.
        complainant: Subject,
        /// How to reach them.
        contact: Personal<Contact>,
        /// To which agency.
        agency: AgencyCode,
        /// By which way.
        channel: Channel,
        /// About which dossier, if about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dossier: Option<DossierId>,
        /// About which step of it: the kind of an event on its timeline, if `event` is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// That event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Uuid>,
        /// Whether it is a request about the complainant's own data.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        personal_data: bool,
        /// The complaint itself.
        text: Personal<String>,
        /// By when it must be classified and passed on.
        classify_by: Timestamp,
    }
    /// It was found what it is about.
    ComplaintClassified {
        /// What.
        class: ComplaintClass,
        /// By when it must be answered; absent if it is not to be answered here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_by: Option<Timestamp>,
        /// Why, for the complainant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
    /// It was passed on to another agency.
    ComplaintForwarded {
        /// To which.
        to: AgencyCode,
        /// By when that agency is to classify it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        classify_by: Option<Timestamp>,
    }
    /// It was answered.
    ComplaintAnswered {
        /// The answer to the complainant.
        answer: Personal<String>,
        /// By when it must be published; absent for what nobody else is to read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publish_by: Option<Timestamp>,
    }
    /// The answer was published.
    AnswerPublished {
        /// The text that everybody may read; it names nobody.
        text: String,
    }
    /// The complainant is not content.
    ComplaintReopened {
        /// Why.
        reason: Personal<String>,
        /// By when it must be answered again.
        answer_by: Timestamp,
    }
    /// A period was not kept.
    ComplaintOverdue {
        /// Which: `classify`, `answer` or `publish`.
        stage: String,
        /// When it ended.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
}

events! {
    /// The events of a complaint.
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
