//! Events of review: the officer, the activities and the decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, ComponentCode, ConsultationId, DecidedBy, Outcome, PeriodExtended, Personal,
    Subject, events, payload,
};

payload! {
    /// A dossier reached the deciding unit.
    ReviewOpened {
        brief: Brief,
    }
    /// An officer claimed the review.
    ReviewClaimed {
        officer: Subject,
        /// The next activity of the procedure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<String>,
        /// The end of that activity's period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    }
    /// An activity was completed.
    ActivityCompleted {
        /// The code of the activity.
        activity: String,
        officer: Subject,
        /// The officer's findings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>>,
        /// The next activity of the procedure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
        /// The end of that activity's period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_due_at: Option<Timestamp>,
    }
    /// An activity was not completed in time.
    ActivityOverdue {
        /// The code of the activity.
        activity: String,
        officer: Subject,
        /// The end of its period.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The officer returned the review to the queue.
    ReviewReturned {
        /// The written reason.
        reason: Personal<String>,
    }
    /// The officer handed the review to another one.
    ReviewHandedOver {
        /// The other officer.
        to: Subject,
        /// The written reason.
        reason: Personal<String>,
    }
    /// Another agency was consulted.
    ConsultationRequested {
        consultation: ConsultationId,
        /// The consulted agency.
        agency: AgencyCode,
        question: Personal<String>,
        /// The end of its period to answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    }
    /// The consulted agency answered.
    ConsultationAnswered {
        consultation: ConsultationId,
        /// Whether it agrees.
        agrees: bool,
        /// The answer in words.
        answer: Personal<String>,
        /// When it was consulted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_at: Option<Timestamp>,
    }
    /// The consulted agency did not answer in time: reported to the head of the one-stop unit.
    ConsultationSilent {
        consultation: ConsultationId,
        /// The end of its period to answer.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
        /// When it was consulted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_at: Option<Timestamp>,
    }
    /// A verification on site was recorded.
    VerificationRecorded {
        from: Timestamp,
        to: Timestamp,
        place: Personal<String>,
        participants: Personal<String>,
        findings: Personal<String>,
    }
    /// A supplement is needed; the one-stop unit is to request it from the applicant.
    SupplementNeeded {
        /// The missing components.
        components: Vec<ComponentCode>,
        /// The written reason.
        reason: Personal<String>,
    }
    /// The one-stop unit requested a supplement by itself: the review is paused.
    ReviewPaused {
        /// The number of the request in intake.
        request: u32,
    }
    /// The supplement was submitted, or declined by the one-stop unit: the review resumes.
    ReviewResumed {
        /// The number of the request that was answered; absent if it was declined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u32>,
        /// The new end of the next activity's period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// The brief, if a supplement corrected the form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
    }
    /// A decision was proposed for approval by a second officer.
    DecisionProposed {
        /// The id of the proposal.
        proposal: Uuid,
        /// The proposed outcome.
        outcome: Outcome,
        /// The written reason.
        reason: Personal<String>,
        /// The officer who proposes it.
        officer: Subject,
    }
    /// The second officer rejected the proposal.
    ProposalRejected {
        /// The id of the proposal.
        proposal: Uuid,
        /// The written reason.
        reason: Personal<String>,
    }
    /// The dossier was decided.
    DecisionMade {
        brief: Brief,
        outcome: Outcome,
        by: DecidedBy,
        /// The written reason; a rule gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
    /// The dossier ended otherwise: the review is cancelled.
    ReviewCancelled {
        /// The event that ended the dossier.
        cause: Uuid,
    }
}

events! {
    /// The events of a dossier in review.
    pub enum ReviewEvent {
        ReviewOpened = "review.ReviewOpened.v1",
        ReviewClaimed = "review.ReviewClaimed.v1",
        ActivityCompleted = "review.ActivityCompleted.v1",
        ActivityOverdue = "review.ActivityOverdue.v1",
        ReviewReturned = "review.ReviewReturned.v1",
        ReviewHandedOver = "review.ReviewHandedOver.v1",
        ConsultationRequested = "review.ConsultationRequested.v1",
        ConsultationAnswered = "review.ConsultationAnswered.v1",
        ConsultationSilent = "review.ConsultationSilent.v1",
        VerificationRecorded = "review.VerificationRecorded.v1",
        SupplementNeeded = "review.SupplementNeeded.v1",
        ReviewPaused = "review.ReviewPaused.v1",
        ReviewResumed = "review.ReviewResumed.v1",
        DecisionProposed = "review.DecisionProposed.v1",
        ProposalRejected = "review.ProposalRejected.v1",
        DecisionMade = "review.DecisionMade.v1",
        ReviewCancelled = "review.ReviewCancelled.v1",
        PeriodExtended = "review.PeriodExtended.v1",
    }
}
