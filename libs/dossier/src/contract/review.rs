//! Events of review: the officer, the activities and the decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Assigned, Brief, ComponentCode, ConsultationId, DecidedBy, Outcome, PeriodExtended,
    Personal, Subject, UnitCode, events, payload,
};

payload! {
    /// A dossier reached the deciding unit.
    ReviewOpened for Everyone {
        brief: Brief,
    }
    /// An officer claimed the review, or it was assigned to the officer.
    ReviewClaimed for Everyone {
        officer: Subject => Staff,
        /// The next activity of the procedure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<String>,
        /// The end of that activity's period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// How the officer was chosen; absent if the officer claimed the review.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assigned: Option<Assigned> => Staff,
        /// The unit whose rule chose the officer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitCode> => Staff,
        /// The number of officers among whom the rule chose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        among: Option<u32> => Staff,
        /// The number of undecided reviews that the officer had, where the rule considers it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        load: Option<u32> => Staff,
        /// The written reason of the officer who assigned it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Officers,
    }
    /// An activity was completed.
    ActivityCompleted for Everyone {
        /// The code of the activity.
        activity: String,
        officer: Subject => Staff,
        /// The officer's findings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>> => Officers,
        /// The next activity of the procedure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
        /// The end of that activity's period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_due_at: Option<Timestamp>,
    }
    /// An activity was not completed in time.
    ActivityOverdue for Everyone {
        /// The code of the activity.
        activity: String,
        officer: Subject => Staff,
        /// The end of its period.
        due_at: Timestamp,
        /// The delay until the miss was recorded, in milliseconds.
        late_by_ms: i64,
    }
    /// The officer returned the review to the queue.
    ReviewReturned for Everyone {
        /// The written reason.
        reason: Personal<String> => Officers,
    }
    /// The officer handed the review to another one.
    ReviewHandedOver for Everyone {
        /// The other officer.
        to: Subject => Staff,
        /// The written reason.
        reason: Personal<String> => Officers,
    }
    /// The dossier was transferred to another agency, which reviews it from the start.
    ReviewTransferred for Everyone {
        /// The agency that transferred it.
        from: AgencyCode,
        /// The brief, with the new agency.
        brief: Brief,
    }
    /// Another agency was consulted.
    ConsultationRequested for Everyone {
        consultation: ConsultationId,
        /// The consulted agency.
        agency: AgencyCode,
        question: Personal<String> => Consulted,
        /// The end of its period to answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    }
    /// The consulted agency answered.
    ConsultationAnswered for Everyone {
        consultation: ConsultationId,
        /// Whether it agrees.
        agrees: bool => Consulted,
        /// The answer in words.
        answer: Personal<String> => Consulted,
        /// When it was consulted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_at: Option<Timestamp>,
    }
    /// The consulted agency did not answer in time: reported to the head of the one-stop unit.
    ConsultationSilent for Everyone {
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
    VerificationRecorded for Everyone {
        from: Timestamp,
        to: Timestamp,
        place: Personal<String> => Officers,
        participants: Personal<String> => Officers,
        findings: Personal<String> => Officers,
    }
    /// A supplement is needed; the one-stop unit is to request it from the applicant.
    SupplementNeeded for Everyone {
        /// The missing components.
        components: Vec<ComponentCode>,
        /// The written reason.
        reason: Personal<String> => Officers,
    }
    /// The one-stop unit requested a supplement by itself: the review is paused.
    ReviewPaused for Everyone {
        /// The number of the request in intake.
        request: u32,
    }
    /// The supplement was submitted, or declined by the one-stop unit: the review resumes.
    ReviewResumed for Everyone {
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
    DecisionProposed for Review {
        /// The id of the proposal.
        proposal: Uuid,
        /// The proposed outcome.
        outcome: Outcome,
        /// The written reason.
        reason: Personal<String> => Officers,
        /// The officer who proposes it.
        officer: Subject,
    }
    /// The second officer rejected the proposal.
    ProposalRejected for Review {
        /// The id of the proposal.
        proposal: Uuid,
        /// The written reason.
        reason: Personal<String> => Officers,
    }
    /// The dossier was decided.
    DecisionMade for Everyone {
        brief: Brief,
        outcome: Outcome,
        by: DecidedBy,
        /// The written reason; a rule gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>> => Content,
    }
    /// The dossier ended otherwise: the review is cancelled.
    ReviewCancelled for Everyone {
        /// The event that ended the dossier.
        cause: Uuid => Nobody("internal id"),
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
        ReviewTransferred = "review.ReviewTransferred.v1",
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
