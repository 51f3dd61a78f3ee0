//! Events of the one-stop unit: contact with the applicant, and the statutory clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AgencyCode, Brief, ClosedAs, ComponentCode, DecidedBy, Document, NotCounted, Outcome,
    PaperIssued, PeriodExtended, Personal, PostEvidence, Promise, SupplementEffect,
    SupplementStage, Vnd, events, payload,
};

payload! {
    /// A claim to a group that reduces the fee, which the applicant has to prove.
    FeeClaim for MoneyTexts {
        /// The group, as the procedure names it.
        group: String,
        /// The component of the dossier that is the evidence; absent if an officer confirms the
        /// claim by other means.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<ComponentCode>,
    }
    /// The one-stop unit's decision on a claim.
    FeeClaimDecision for MoneyTexts {
        group: String,
        /// Whether the claim was confirmed; otherwise it was rejected.
        confirmed: bool,
        /// The written reason; a rejection has one, and a confirmation after a rejection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => MoneyTexts,
    }
    /// An applicant submitted a dossier.
    DossierSubmitted for Everyone {
        brief: Brief,
        /// The complete form.
        form: Personal<Value> => Content,
        /// The documents submitted with it.
        documents: Vec<Document> => Content,
        /// For post: the date of posting, where the law counts by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posted_at: Option<Timestamp>,
        /// The evidence for that date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posted_by: Option<PostEvidence>,
        /// The end of the one-stop unit's period to answer; absent if the fee comes first or the
        /// answer is automatic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// Whether a fee must be paid before acceptance.
        fee_first: bool,
        /// The claims that reduce the fee provisionally, until an officer decides on them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        claims: Vec<FeeClaim> => MoneyTexts,
    }
    /// The one-stop unit decided on the claims to groups that reduce the fee. A fee that is due
    /// before acceptance and rises by it is awaited again; an unpaid one may fall, if a rejected
    /// claim is confirmed.
    FeeClaimsDecided for Everyone {
        /// The brief, with the groups whose claims were not rejected.
        brief: Brief,
        /// All claims that were open, or rejected ones that were confirmed after all.
        claims: Vec<FeeClaimDecision> => MoneyTexts,
        /// The fee that has to be paid, if the decision changes it; a fee that is due after the
        /// acceptance, only if a rejected claim was confirmed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fee: Option<Vnd> => Money,
    }
    /// The dossier is valid and was accepted, with an appointment (form 01).
    DossierAccepted for Everyone {
        brief: Brief,
        /// The appointment; absent if the clock starts with the fee, or the law gives no period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// When the clock started; absent if it has not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// The record of the slip; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// The dossier was not accepted (form 03).
    DossierRefused for Everyone {
        /// The written reason.
        reason: Personal<String> => Content,
        /// Whether the dossier had been accepted, always false; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
        /// The record of the slip; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// A supplement was requested from the applicant (form 02).
    SupplementRequested for Everyone {
        /// The number of the request in this dossier, from 1.
        request: u32,
        stage: SupplementStage,
        /// Everything that is missing, at once (Decree 61/2018/NĐ-CP, art. 15.3).
        components: Vec<ComponentCode>,
        /// The written reason.
        reason: Personal<String> => Content,
        /// The effect on the statutory clock.
        effect: SupplementEffect,
        /// The end of the applicant's period.
        window_ends_at: Timestamp,
        /// The event of another service that needs the supplement.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<Uuid> => Nobody("internal id"),
        /// Whether this event stopped a running statutory clock.
        #[serde(default)]
        stops_clock: bool,
        /// The record of the slip; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// Review needs a supplement, but the law allows no further request.
    SupplementDeclined for Everyone {
        /// The event of review that needs the supplement.
        asked_by: Uuid => Nobody("internal id"),
        /// The code of the refusal.
        reason: String,
    }
    /// The applicant submitted the supplement.
    SupplementSubmitted for Everyone {
        /// The number of the request that it answers.
        request: u32,
        documents: Vec<Document> => Content,
        /// The complete form, if it was corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<Personal<Value>> => Content,
        /// The brief that follows from the corrected form; absent if the form was never corrected,
        /// and in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
        /// The instant from which the clock counts, if it begins again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// The new appointment, if the clock runs again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// Before acceptance: the new end of the one-stop unit's period to answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// Whether the clock was stopped for the supplement; it runs again unless the fee is
        /// missing.
        #[serde(default)]
        resumes_clock: bool,
    }
    /// The fee of the dossier was received.
    FeeReceived for Everyone {
        amount: Vnd => Money,
        /// When payment recorded it as received.
        paid_at: Timestamp,
        /// The end of the one-stop unit's period to answer, if it begins with this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// The appointment, if the clock starts with this event or resumes after a suspension for
        /// the fee.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// When the clock started, if it starts with this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// The brief, if the clock starts with this event: review of the dossier begins only then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
        /// The number of the supplement request for which the clock is suspended from its start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        awaiting: Option<u32>,
    }
    /// The fee that had been received was returned, or found not to have been received.
    FeeReturned for Everyone {
        /// The missing amount.
        amount: Vnd => Money,
        /// The event of payment that records this.
        cause: Uuid => Nobody("internal id"),
        /// When the clock that started with the fee is suspended; absent if none is, and in older
        /// events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock_stops_at: Option<Timestamp>,
    }
    /// The applicant withdrew the dossier (form 05).
    DossierWithdrawn for Everyone {
        /// The applicant's reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Content,
        /// When it had been accepted, if it had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<Timestamp>,
        /// Whether it had been accepted; absent in older events, for which it is unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
        /// The record of the slip; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// The dossier was transferred to the competent agency. The statutory clock runs on.
    DossierTransferred for Everyone {
        /// The agency that transferred it.
        from: AgencyCode,
        /// The agency that has it from this event on.
        to: AgencyCode,
        /// The written reason; absent if a decision of the earlier agency undid a transfer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Content,
        /// The brief, with the new agency.
        brief: Brief,
        /// Whether a fee must be paid before acceptance.
        fee_first: bool,
        /// Whether the dossier had been accepted.
        accepted: bool,
        /// Whether a review of it has been opened, or follows from earlier events.
        in_review: bool,
        /// The decision of the earlier agency, made before it knew of the transfer, which undid it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undone_by: Option<Uuid> => Nobody("internal id"),
    }
    /// The agency apologised and gave a new date (form 04).
    AppointmentMoved for Everyone {
        /// The new appointment.
        promise: Promise,
        /// The earlier date.
        was_due_at: Timestamp,
        /// The reason given in the apology.
        reason: Personal<String> => Content,
        /// The record of the slip; absent in older events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// The period was extended, as the procedure allows.
    DeadlineExtended for Everyone {
        /// The new appointment.
        promise: Promise,
        /// The earlier date.
        was_due_at: Timestamp,
        /// The legal basis.
        basis: String,
        /// The reason for the extension.
        reason: Personal<String> => Content,
    }
    /// Some time is not counted towards the period.
    TimeNotCounted for Everyone {
        reason: NotCounted,
        from: Timestamp,
        to: Timestamp,
        /// The event of another service that ended the time.
        cause: Uuid => Nobody("internal id"),
        /// The new appointment; absent if it does not move, or will be computed when the clock
        /// resumes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
    }
    /// Another authority fixed the date.
    AppointmentFixed for Everyone {
        /// The fixed date.
        at: Timestamp,
        /// The authority that fixed it.
        by: String,
        /// The basis on which it was fixed.
        basis: String,
        /// The same date as a promise.
        promise: Promise,
    }
    /// The law changed after a date was promised: an outage, or days off announced later. The new
    /// date is never earlier than the one before.
    DeadlineRestated for Everyone {
        /// The promise by the law at the time of this event.
        promise: Promise,
        /// The earlier date.
        was_due_at: Timestamp,
        /// The calendar's version, if it is another than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<u32>,
        /// The procedure's version, if a later one applies to open dossiers too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        procedure: Option<u32>,
        /// The outages that stopped the clock.
        #[serde(default)]
        outages: Vec<Uuid>,
    }
    /// The one-stop unit did not answer in time.
    IntakeAnswerMissed for Everyone {
        /// The end of the period to answer.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// One working day before the promised date nothing is decided: the apology is due now.
    LatenessForeseen for Everyone {
        /// When the decision is due.
        due_at: Timestamp,
        /// The delay until this was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The period has passed without a decision. A permanent record.
    DeadlineMissed for Everyone {
        /// When the decision was due.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// An event that was recorded in time arrived after the miss: the deadline was kept.
    DeadlineMissWithdrawn for Everyone {
        /// The deadline that was kept.
        due_at: Timestamp,
        /// The event that shows it.
        cause: Uuid => Nobody("internal id"),
    }
    /// The dossier was decided; the statutory clock stops.
    DossierDecided for Everyone {
        outcome: Outcome,
        by: DecidedBy,
        /// When review recorded the decision.
        decided_at: Timestamp,
        /// The brief, if the law decided because of silence: other services then receive no event
        /// of review.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
        /// The record of the letter with the decision; absent in older events, and if the law
        /// decided because of silence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paper: Option<PaperIssued>,
    }
    /// The dossier was closed.
    DossierClosed for Everyone {
        closed_as: ClosedAs,
        /// The officer's reason, if an officer closed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Content,
        /// When it had been accepted, if it had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<Timestamp>,
        /// Whether it had been accepted; absent in older events, for which it is unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
        /// The brief, if the procedure has no result to deliver: the applicant may rate the dossier
        /// from this event on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
    }
}

events! {
    /// The events of a dossier in intake.
    pub enum IntakeEvent {
        DossierSubmitted = "intake.DossierSubmitted.v1",
        FeeClaimsDecided = "intake.FeeClaimsDecided.v1",
        DossierAccepted = "intake.DossierAccepted.v1",
        DossierRefused = "intake.DossierRefused.v1",
        SupplementRequested = "intake.SupplementRequested.v1",
        SupplementDeclined = "intake.SupplementDeclined.v1",
        SupplementSubmitted = "intake.SupplementSubmitted.v1",
        FeeReceived = "intake.FeeReceived.v1",
        FeeReturned = "intake.FeeReturned.v1",
        DossierWithdrawn = "intake.DossierWithdrawn.v1",
        DossierTransferred = "intake.DossierTransferred.v1",
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
