//! Events of review: who works on a dossier, what was done, and the decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, Brief, ComponentCode, ConsultationId, DecidedBy, Outcome, PeriodExtended, Personal,
    Subject, events, payload,
};

payload! {
    /// A dossier came to the deciding unit.
    ReviewOpened {
        /// The dossier.
        brief: Brief,
    }
    /// An officer took it on.
    ReviewClaimed {
        /// The officer.
        officer: Subject,
        /// The activity that is next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<String>,
        /// By when that activity is to be done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    }
    /// An activity was done.
    ActivityCompleted {
        /// Which, as the procedure names it.
        activity: String,
        /// The officer.
        officer: Subject,
        /// What was found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Personal<String>>,
        /// The activity that is next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
        /// By when that is to be done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_due_at: Option<Timestamp>,
    }
    /// An activity was not done in its time.
    ActivityOverdue {
        /// Which.
        activity: String,
        /// Whose.
        officer: Subject,
        /// When it was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
    }
    /// The officer put it back into the queue.
    ReviewReturned {
        /// The written reason.
        reason: Personal<String>,
    }
    /// The officer gave it to another.
    ReviewHandedOver {
        /// The other officer.
        to: Subject,
        /// The written reason.
        reason: Personal<String>,
    }
    /// Another agency was asked for its opinion.
    ConsultationRequested {
        /// The consultation.
        consultation: ConsultationId,
        /// The agency.
        agency: AgencyCode,
        /// What it was asked.
        question: Personal<String>,
        /// By when it must answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    }
    /// It answered.
    ConsultationAnswered {
        /// The consultation.
        consultation: ConsultationId,
        /// Whether it agrees.
        agrees: bool,
        /// What it answered.
        answer: Personal<String>,
        /// When it was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_at: Option<Timestamp>,
    }
    /// It stayed silent: reported to the head of the one-stop unit.
    ConsultationSilent {
        /// The consultation.
        consultation: ConsultationId,
        /// When the answer was due.
        due_at: Timestamp,
        /// How much later this was found, in milliseconds.
        late_by_ms: i64,
        /// When it was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_at: Option<Timestamp>,
    }
    /// Something was verified on site.
    VerificationRecorded {
        /// When it began.
        from: Timestamp,
        /// When it ended.
        to: Timestamp,
        /// Where.
        place: Personal<String>,
        /// Who took part.
        participants: Personal<String>,
        /// What was found.
        findings: Personal<String>,
    }
    /// Something is missing; the one-stop unit is to ask the applicant.
    SupplementNeeded {
        /// The components.
        components: Vec<ComponentCode>,
        /// The written reason.
        reason: Personal<String>,
    }
    /// The one-stop unit itself asked the applicant for something: the review waits.
    ReviewPaused {
        /// Which request it is, as intake counts them.
        request: u32,
    }
    /// The supplement came, or was not asked for after all: the review goes on.
    ReviewResumed {
        /// Which request was answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u32>,
        /// The new time of the activity that is next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
        /// The dossier, where a supplement corrected its form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        brief: Option<Brief>,
    }
    /// A decision was proposed to a second officer.
    DecisionProposed {
        /// The proposal.
        proposal: Uuid,
        /// What is proposed.
        outcome: Outcome,
        /// The written reason.
        reason: Personal<String>,
        /// Who proposes.
        officer: Subject,
    }
    /// The second officer does not agree.
    ProposalRejected {
        /// The proposal.
        proposal: Uuid,
        /// The written reason.
        reason: Personal<String>,
    }
    /// The dossier is decided.
    DecisionMade {
        /// The dossier.
        brief: Brief,
        /// What was decided.
        outcome: Outcome,
        /// By whom.
        by: DecidedBy,
        /// The written reason; a rule has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
    /// The dossier ended otherwise: there is nothing more to review.
    ReviewCancelled {
        /// The event that ended it.
        cause: Uuid,
    }
}

events! {
    /// The events of review.
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
