//! What several events say of a dossier: how it comes and its result goes, what belongs to it, what was promised, how it
//! ended.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AgencyCode, ComponentCode, DocumentDigest, DocumentName, DossierCode, DossierId, Personal,
    ProcedureRef, Subject, payload,
};

/// How a dossier comes in (Decree 61/2018/NĐ-CP, art. 16).
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

/// What shows when something was given to the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostEvidence {
    /// The date on the envelope.
    Envelope,
    /// The date on the waybill.
    Waybill,
    /// The record of the hand-over between postman and agency (Decision 45/2016/QĐ-TTg, art. 7.4).
    HandOverRecord,
}

/// How the result goes out.
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

/// Where a parcel goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The recipient's name.
    pub name: String,
    /// Street, ward, province.
    pub lines: Vec<String>,
    /// Telephone.
    pub phone: String,
}

/// How the applicant wants the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// By which way.
    pub channel: DeliveryChannel,
    /// Where to, by post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal<Address>>,
}

/// An uploaded document that belongs to a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document {
    /// Which component of the dossier it is.
    pub component: ComponentCode,
    /// Under which name it is stored.
    pub document: DocumentName,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What its content was when it was named; absent where that was not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<DocumentDigest>,
    /// The applicant's own name for the file.
    pub file_name: Personal<String>,
}

/// A due instant that was promised to the applicant. It is a record: nothing ever recomputes it silently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Promise {
    /// The first instant at which the period has passed.
    pub due_at: Timestamp,
    /// When lateness must be foreseen: one working day before (Decree 61/2018/NĐ-CP, art. 19.9). Absent if the whole
    /// period is shorter than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foresee_at: Option<Timestamp>,
    /// Version of the calendar by which it was computed; absent if the instant was imposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<u32>,
    /// Whether days off had to be assumed that were not announced yet.
    #[serde(default)]
    pub provisional: bool,
}

/// What a supplement request does to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplementEffect {
    /// The time until the supplement is not counted.
    Pause,
    /// The time is counted again from the start (Decree 61/2018/NĐ-CP, art. 19.4).
    Restart,
}

/// What the time is needed for that a procedure may not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotCounted {
    /// Another agency is asked for its opinion.
    Consultation,
    /// Something is verified on site.
    Verification,
    /// A fee is waited for that is owed after the acceptance.
    Fee,
}

/// Who found that something is missing.
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

/// How a dossier was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was applied for is granted.
    Approved,
    /// It is not.
    Refused,
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// Two officers.
    Officers,
    /// A rule of the procedure.
    Rule,
    /// The law, because the agency stayed silent.
    Silence,
}

/// Why a dossier ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedAs {
    /// The applicant has the result.
    Delivered,
    /// Decided, and the procedure has no result to deliver.
    NoResult,
    /// Ended by an officer with a reason.
    Ended,
    /// Returned because the supplement did not come in time.
    NotSupplemented,
    /// Returned because the fee was not paid in time.
    NotPaid,
}

payload! {
    /// What every service needs to know of a dossier. The events that call another service in carry it, so that none
    /// of them depends on an earlier one having arrived.
    Brief {
        /// Our own id.
        dossier: DossierId,
        /// The code on its slips.
        code: DossierCode,
        /// Under which version of which procedure it was received.
        procedure: ProcedureRef,
        /// Which agency received it.
        agency: AgencyCode,
        /// By which way it came.
        channel: Channel,
        /// Whose dossier it is.
        applicant: Subject,
        /// Who represents the applicant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        representative: Option<Subject>,
        /// The fields that rules, views and statistics need, as the procedure names them.
        #[serde(default)]
        public: BTreeMap<String, Value>,
        /// Groups to which the applicant claims to belong, for reductions of the fee.
        #[serde(default)]
        groups: Vec<String>,
        /// How the result is wanted.
        delivery: Delivery,
        /// When it was submitted: the tariff of that day applies.
        submitted_at: Timestamp,
    }
}
