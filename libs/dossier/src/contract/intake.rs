//! Events of the one-stop unit: contact with the applicant, and the statutory clock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AgencyCode, ComponentCode, DocumentDigest, DocumentName, DossierCode, DossierId,
    PeriodExtended, Personal, ProcedureRef, Subject, Vnd, events, payload,
};

/// How a dossier comes in (Decree 61/2018/NĐ-CP, art. 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// An applicant submitted a dossier.
    DossierSubmitted {
        /// What every service needs to know.
        brief: Brief,
        /// The whole form.
        form: Personal<Value>,
        /// The documents that came with it.
        documents: Vec<Document>,
        /// For post: the date that the law counts by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posted_at: Option<Timestamp>,
        /// What shows that date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posted_by: Option<PostEvidence>,
        /// By when the one-stop unit must answer; absent if the fee comes first or the answer is automatic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// Whether a fee must be paid before acceptance.
        fee_first: bool,
    }
    /// The dossier is valid and was accepted, with an appointment (form 01).
    DossierAccepted {
        /// What every service needs to know.
        brief: Brief,
        /// The appointment; absent if the clock starts with the fee, or the law gives no period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// When the clock started; absent if it has not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
    }
    /// The dossier was not accepted (form 03).
    DossierRefused {
        /// The written reason.
        reason: Personal<String>,
        /// Whether it had been accepted, which it never had; absent where that was not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
    }
    /// The applicant was asked for something (form 02).
    SupplementRequested {
        /// Counts the requests of this dossier from 1.
        request: u32,
        /// Who found it missing.
        stage: SupplementStage,
        /// Everything that is missing, at once (Decree 61/2018/NĐ-CP, art. 15.3).
        components: Vec<ComponentCode>,
        /// The written reason.
        reason: Personal<String>,
        /// What it does to the clock.
        effect: SupplementEffect,
        /// The end of the applicant's window.
        window_ends_at: Timestamp,
        /// The event in another service that asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<Uuid>,
        /// Whether the statutory clock was running and stands still now.
        #[serde(default)]
        stops_clock: bool,
    }
    /// Review asked for a supplement that the law does not allow any more.
    SupplementDeclined {
        /// The event that asked.
        asked_by: Uuid,
        /// The registered reason.
        reason: String,
    }
    /// The applicant supplied it.
    SupplementSubmitted {
        /// Which request it answers.
        request: u32,
        /// The documents.
        documents: Vec<Document>,
        /// The form again, if it was corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<Personal<Value>>,
        /// The instant from which the clock counts again, if it restarts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// The new appointment, if the clock runs again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// The new end of the one-stop unit's own time, before acceptance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// Whether the statutory clock stood still and runs again.
        #[serde(default)]
        resumes_clock: bool,
    }
    /// The fee that the dossier owed was received.
    FeeReceived {
        /// How much.
        amount: Vnd,
        /// When, by the record of the payment.
        paid_at: Timestamp,
        /// The end of the one-stop unit's own time, if it begins now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// The appointment, if the clock starts now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// When the clock started, if it starts now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// The dossier, if the clock starts now: only then can it be worked on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
        /// The request for a supplement for which the clock, though started, stands still.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        awaiting: Option<u32>,
    }
    /// The fee that was received is not there any more: it went back, or had not come after all.
    FeeReturned {
        /// How much is missing.
        amount: Vnd,
        /// The record of the payment that says so.
        cause: Uuid,
    }
    /// The applicant took the dossier back (form 05).
    DossierWithdrawn {
        /// The applicant's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
        /// When it had been accepted, if it had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<Timestamp>,
        /// Whether it had been accepted; absent where that was not recorded yet, and so is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
    }
    /// The agency asked for pardon and gave a new date (form 04).
    AppointmentMoved {
        /// The new appointment.
        promise: Promise,
        /// The date that will not be kept.
        was_due_at: Timestamp,
        /// The apology's reason.
        reason: Personal<String>,
    }
    /// The period was made longer, as the procedure allows.
    DeadlineExtended {
        /// The new appointment.
        promise: Promise,
        /// The date before.
        was_due_at: Timestamp,
        /// On what it rests.
        basis: String,
        /// Why it must be longer.
        reason: Personal<String>,
    }
    /// Some time is not counted.
    TimeNotCounted {
        /// Why.
        reason: NotCounted,
        /// Since when.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
        /// The event that says so.
        cause: Uuid,
        /// The new appointment; absent if it does not move, or will be reckoned when the clock goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
    }
    /// Somebody outside fixed the date.
    AppointmentFixed {
        /// The date.
        at: Timestamp,
        /// Who fixed it.
        by: String,
        /// On what basis.
        basis: String,
        /// The same date as a promise.
        promise: Promise,
    }
    /// The law changed under a date that was promised: an outage, or days off that were announced since. The new date is
    /// never earlier than the one before.
    DeadlineRestated {
        /// The date by the law as it stands now.
        promise: Promise,
        /// The date that was promised before.
        was_due_at: Timestamp,
        /// The calendar's version, if another than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<u32>,
        /// The procedure's version, if it is a later one that applies to open dossiers too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        procedure: Option<u32>,
        /// The outages for which the clock stood still.
        #[serde(default)]
        outages: Vec<Uuid>,
    }
    /// The one-stop unit did not answer in time.
    IntakeAnswerMissed {
        /// When the answer was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// One working day is left, and nothing is decided: the apology is due now.
    LatenessForeseen {
        /// When the decision is due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// The period has passed without a decision. For ever.
    DeadlineMissed {
        /// When the decision was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// A fact that was recorded in time arrived after the miss: there was none.
    DeadlineMissWithdrawn {
        /// The deadline that was in truth kept.
        due_at: Timestamp,
        /// The event that kept it.
        cause: Uuid,
    }
    /// The decision on the dossier is taken; the clock stops.
    DossierDecided {
        /// What was decided.
        outcome: Outcome,
        /// By whom.
        by: DecidedBy,
        /// When, by the record of the decision.
        decided_at: Timestamp,
        /// The dossier, if nobody decided but the law: no event of review tells the other services then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
    }
    /// The dossier is at its end.
    DossierClosed {
        /// Why.
        closed_as: ClosedAs,
        /// In words, if an officer ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
        /// When it had been accepted, if it had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<Timestamp>,
        /// Whether it had been accepted; absent where that was not recorded yet, and so is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
    }
}

events! {
    /// The events of intake.
    pub enum IntakeEvent {
        DossierSubmitted = "intake.DossierSubmitted.v1",
        DossierAccepted = "intake.DossierAccepted.v1",
        DossierRefused = "intake.DossierRefused.v1",
        SupplementRequested = "intake.SupplementRequested.v1",
        SupplementDeclined = "intake.SupplementDeclined.v1",
        SupplementSubmitted = "intake.SupplementSubmitted.v1",
        FeeReceived = "intake.FeeReceived.v1",
        FeeReturned = "intake.FeeReturned.v1",
        DossierWithdrawn = "intake.DossierWithdrawn.v1",
        AppointmentMoved = "intake.AppointmentMoved.v1",
        DeadlineExtended = "intake.DeadlineExtended.v1",
        TimeNotCounted = "intake.TimeNotCounted.v1",
        AppointmentFixed = "intake.AppointmentFixed.v1",
        DeadlineRestated = "intake.DeadlineRestated.v1",
        IntakeAnswerMissed = "intake.IntakeAnswerMissed.v1",
        LatenessForeseen = "intake.LatenessForeseen.v1",
        DeadlineMissed = "intake.DeadlineMissed.v1",
        DeadlineMissWithdrawn = "intake.DeadlineMissWithdrawn.v1",
        DossierDecided = "intake.DossierDecided.v1",
        DossierClosed = "intake.DossierClosed.v1",
        PeriodExtended = "intake.PeriodExtended.v1",
    }
}
