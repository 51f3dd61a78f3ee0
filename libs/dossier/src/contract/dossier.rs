//! Types that several events share: channels, documents, promises, outcomes, and the [`Brief`] of a
//! dossier.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AgencyCode, ComponentCode, DocumentDigest, DocumentName, DossierCode, DossierId, Personal,
    ProcedureRef, Subject, UnitCode, payload,
};

/// The channel by which a dossier is filed (Decree 61/2018/NĐ-CP, art. 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Through a portal.
    Online,
    /// At the one-stop unit.
    Counter,
    /// By public post.
    Post,
}

/// Evidence of the date on which something was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostEvidence {
    /// The date stamped on the envelope.
    Envelope,
    /// The date on the waybill.
    Waybill,
    /// The hand-over record between postman and agency (Decision 45/2016/QĐ-TTg, art. 7.4).
    HandOverRecord,
}

/// The channel by which the result is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryChannel {
    /// Downloaded from the portal.
    Download,
    /// Collected at the one-stop unit.
    Collection,
    /// Sent by public post.
    Post,
}

/// The address of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The recipient's name.
    pub name: String,
    /// Street, ward, province.
    pub lines: Vec<String>,
    /// The recipient's telephone number.
    pub phone: String,
}

payload! {
    /// How the applicant wants the result delivered.
    #[derive(Eq)]
    #[serde(deny_unknown_fields)]
    Delivery for Everyone {
        channel: DeliveryChannel,
        /// For post: the address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Personal<Address>> => Address,
    }
    /// An uploaded document of a dossier.
    #[derive(Eq)]
    Document for Content {
        /// The component of the dossier for which it was uploaded.
        component: ComponentCode,
        /// The name under which it is stored.
        document: DocumentName,
        /// For example `application/pdf`.
        media_type: String,
        /// Size in bytes.
        bytes: u64,
        /// The digest of the content when the event named it; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<DocumentDigest>,
        /// The file name on the applicant's computer.
        file_name: Personal<String> => Content,
    }
}

/// A due instant promised to the applicant. It is never recomputed without an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Promise {
    /// The first instant at which the period has passed.
    pub due_at: Timestamp,
    /// When lateness must be foreseen: one working day before `due_at` (Decree 61/2018/NĐ-CP, art.
    /// 19.9). Absent if the whole period is shorter than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foresee_at: Option<Timestamp>,
    /// Version of the calendar by which it was computed; absent if the date was fixed, not
    /// computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<u32>,
    /// Whether it was computed with assumed days off, because a year's days off were not announced
    /// yet.
    #[serde(default)]
    pub provisional: bool,
}

/// The effect of a supplement request on the statutory clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplementEffect {
    /// The time until the supplement is not counted.
    Pause,
    /// The period begins again from the start (Decree 61/2018/NĐ-CP, art. 19.4).
    Restart,
}

/// The reasons for which a procedure may not count time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotCounted {
    /// Another agency is consulted.
    Consultation,
    /// A verification on site.
    Verification,
    /// Waiting for a fee that is owed after acceptance.
    Fee,
}

/// The unit that requested a supplement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplementStage {
    /// The one-stop unit, before acceptance.
    Intake,
    /// The deciding unit, after acceptance.
    Review,
}

/// The outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The application is granted.
    Approved,
    /// The application is refused.
    Refused,
}

/// Who made the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// Officers, two where the procedure requires two.
    Officers,
    /// A rule of the procedure.
    Rule,
    /// The law: the agency did not decide in time.
    Silence,
}

/// Why a dossier was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedAs {
    /// The applicant has received the result.
    Delivered,
    /// Decided; the procedure has no result to deliver.
    NoResult,
    /// Closed by an officer with a reason.
    Ended,
    /// Returned because the supplement was not submitted in time.
    NotSupplemented,
    /// Returned because the fee was not paid in time.
    NotPaid,
}

/// What the one-stop unit of another agency may do with the dossiers that it receives for the
/// deciding one. It may always read them and submit supplements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiverTask {
    /// Find the dossier complete and accept it with an appointment.
    Accept,
    /// Take the fee in cash at its counter.
    TakePayment,
    /// Hand out the result at its counter.
    HandOut,
}

payload! {
    /// The officer who entered a dossier for an applicant.
    #[derive(Eq)]
    Helper for Staff {
        officer: Subject,
        /// The officer's agency, for example a commune or the public post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agency: Option<AgencyCode>,
    }
    /// The one-stop unit at which a dossier was entered (Decree 118/2025/NĐ-CP: reception
    /// irrespective of administrative boundaries).
    #[derive(Eq)]
    Receiver for Everyone {
        agency: AgencyCode,
        /// The unit of the officer, if the agency's directory has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitCode>,
        /// What it may do for the deciding agency, by the procedure on the day of submission; empty
        /// if it is the deciding agency itself, or one above it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        may: Vec<ReceiverTask>,
    }
    /// The data of a dossier that every service needs. Events that begin work in another service
    /// contain it, so that the service does not depend on earlier events having arrived.
    Brief for Everyone {
        dossier: DossierId,
        /// The code printed on the dossier's slips.
        code: DossierCode,
        /// The procedure and its version under which the dossier was received.
        procedure: ProcedureRef,
        /// The competent agency, which decides.
        agency: AgencyCode,
        channel: Channel,
        applicant: Subject,
        /// Who filed it for the applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        representative: Option<Subject>,
        /// Who has acted for the applicant by a recorded mandate since; they are no officers in
        /// this matter.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mandated: Vec<Subject>,
        /// The officer who entered it for the applicant; absent if no officer did, and in older
        /// events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        helper: Option<Helper> => Staff,
        /// The one-stop unit at which it was entered; absent if no officer entered it, and in older
        /// events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receiver: Option<Receiver>,
        /// The public fields of the form, by JSON pointer, as the procedure lists them.
        #[serde(default)]
        public: BTreeMap<String, Value>,
        /// The groups that reduce the fee, as claimed by the applicant and not rejected.
        #[serde(default)]
        groups: Vec<String> => MoneyTexts,
        /// How the applicant wants the result delivered.
        delivery: Delivery,
        /// When it was submitted; the tariff of that day applies.
        submitted_at: Timestamp,
    }
}
