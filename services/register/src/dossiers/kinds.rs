//! Events that need not be decoded, or not wholly. A view is rebuilt from millions of events, and
//! decoding is most of the work.

use dossier::contract::Brief;
use engine::tasks::NotApplied;
use events::{ReadError, Recorded};
use serde::Deserialize;

/// The kind of the event that has the complete form.
pub(super) const SUBMITTED: &str = "intake.DossierSubmitted.v1";

/// Kinds that change no row.
const WITHOUT_EFFECT: [&str; 15] = [
    "intake.IntakeAnswerMissed.v1",
    "intake.LatenessForeseen.v1",
    "intake.PeriodExtended.v1",
    "intake.SupplementDeclined.v1",
    "review.ActivityOverdue.v1",
    "review.ConsultationAnswered.v1",
    "review.ConsultationRequested.v1",
    "review.ConsultationSilent.v1",
    "review.DecisionMade.v1",
    "review.ReviewCancelled.v1",
    "review.ReviewOpened.v1",
    "review.VerificationRecorded.v1",
    "feedback.ComplaintNoted.v1",
    "feedback.PeriodExtended.v1",
    "feedback.RatingInvited.v1",
];

/// Whether an event changes no row.
pub(super) fn is_without_effect(event: &Recorded) -> bool {
    WITHOUT_EFFECT.contains(&&*event.kind)
}

/// The submission of a dossier without its form and documents.
#[derive(Debug, Deserialize)]
pub(super) struct Submission {
    pub(super) brief: Brief,
    pub(super) fee_first: bool,
}

impl Submission {
    /// # Errors
    ///
    /// [`NotApplied::Corrupt`] if the payload is not a submission.
    pub(super) fn of(event: &Recorded) -> Result<Self, NotApplied> {
        let read = serde_json::from_str(&event.data);
        Ok(read.map_err(|error| ReadError::corrupt(event, error))?)
    }
}

#[cfg(test)]
mod tests {
    use dossier::contract::{ComplaintEvent, EventSet, IntakeEvent, RatingEvent, ReviewEvent};

    use super::*;

    #[test]
    fn kinds_that_are_not_decoded_exist() {
        let known =
            [IntakeEvent::KINDS, ReviewEvent::KINDS, ComplaintEvent::KINDS, RatingEvent::KINDS];
        let known = known.concat();
        assert!(known.contains(&SUBMITTED));
        for kind in WITHOUT_EFFECT {
            assert!(known.contains(&kind), "{kind}");
        }
    }
}
