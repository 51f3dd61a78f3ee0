//! Events of the one-stop unit: contact with the applicant, and the statutory clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Brief, ClosedAs, ComponentCode, DecidedBy, Document, NotCounted, Outcome, PeriodExtended,
    Personal, PostEvidence, Promise, SupplementEffect, SupplementStage, Vnd, events, payload,
};

payload! {
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
        /// The dossier as its form now makes it; absent where that was never corrected, or this not recorded yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
        /// The instant from which the clock counts again, if it restarts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Timestamp>,
        /// The new appointment, if the clock runs again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
        /// The new end of the one-stop unit's own time, before acceptance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<Timestamp>,
        /// Whether the statutory clock stood still for it; it runs again, unless the fee is missing.
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
        /// The appointment, if the clock starts now, or runs on after it stood still for the fee.
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
        /// Since when the clock that started with the fee stands still; absent if none does, or where that was not recorded
        /// yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock_stops_at: Option<Timestamp>,
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
