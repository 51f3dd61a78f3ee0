//! The states of a dossier in all services, folded from the events of its streams.

use std::sync::Arc;

use jiff::Timestamp;

use crate::contract::{
    DeliveryEvent, EventSet, IntakeEvent, Meta, NoteEvent, PaymentEvent, Personal, RatingEvent,
    ReviewEvent, Subject, Unreadable,
};
use crate::delivery::DossierResult;
use crate::feedback::Rating;
use crate::intake::Intake;
use crate::notes::Notes;
use crate::payment::Payment;
use crate::review::Review;
use crate::services::Category;
use crate::step::State;

/// The states of a dossier in all services.
#[derive(Debug, Clone, Default)]
pub struct DossierStates {
    pub intake: Intake,
    pub payment: Payment,
    pub review: Review,
    pub delivery: DossierResult,
    pub rating: Rating,
    pub notes: Notes,
    /// Whether the one-stop unit's answer was missed once.
    pub intake_answer_missed: bool,
    /// Who has acted for the applicant by a recorded mandate, in any service.
    pub mandated: Vec<Subject>,
    /// Whether an officer has ever claimed the review.
    pub was_claimed: bool,
    /// When the newest event was recorded.
    pub last_at: Option<Timestamp>,
}

/// An event of one of the streams in [`Category::OF_A_DOSSIER`].
#[derive(Debug, Clone)]
pub enum DossierEvent {
    Intake(IntakeEvent),
    Payment(PaymentEvent),
    Review(ReviewEvent),
    Delivery(DeliveryEvent),
    Rating(RatingEvent),
    Notes(NoteEvent),
}

impl DossierEvent {
    /// Decodes an event; `None` if streams of this category do not belong to a dossier.
    ///
    /// # Errors
    ///
    /// The kind is not one of the category, or the payload has not its shape.
    pub fn decode(category: Category, kind: &str, data: &str) -> Result<Option<Self>, Unreadable> {
        Ok(Some(match category {
            Category::Intake => Self::Intake(IntakeEvent::decode(kind, data)?),
            Category::Payment => Self::Payment(PaymentEvent::decode(kind, data)?),
            Category::Review => Self::Review(ReviewEvent::decode(kind, data)?),
            Category::Delivery => Self::Delivery(DeliveryEvent::decode(kind, data)?),
            Category::Rating => Self::Rating(RatingEvent::decode(kind, data)?),
            Category::Notes => Self::Notes(NoteEvent::decode(kind, data)?),
            Category::Law
            | Category::Outage
            | Category::Directory
            | Category::Mandate
            | Category::Credential
            | Category::Order
            | Category::Receipts
            | Category::Unmatched
            | Category::Requests
            | Category::Books
            | Category::Numbers
            | Category::Waybill
            | Category::Complaint
            | Category::Subscriber
            | Category::Reads
            | Category::Codes
            | Category::Cursor
            | Category::Letters => return Ok(None),
        }))
    }
}

impl DossierStates {
    /// Applies an event of one of the streams.
    pub fn apply(&mut self, event: &DossierEvent, meta: &Meta) {
        self.last_at = self.last_at.max(Some(meta.at()));
        meta.envelope.actor.note_mandate(&mut self.mandated);
        match event {
            DossierEvent::Intake(event) => {
                self.intake_answer_missed |= matches!(event, IntakeEvent::IntakeAnswerMissed(_));
                self.intake.evolve(event, meta);
            }
            DossierEvent::Payment(event) => self.payment.evolve(event, meta),
            DossierEvent::Review(event) => {
                self.was_claimed |= matches!(event, ReviewEvent::ReviewClaimed(_));
                self.review.evolve(event, meta);
            }
            DossierEvent::Delivery(event) => self.delivery.evolve(event, meta),
            DossierEvent::Rating(event) => self.rating.evolve(event, meta),
            DossierEvent::Notes(event) => self.notes.evolve(event, meta),
        }
    }

    /// Drops the form, the documents, and the texts of notes and messages, which no overview needs,
    /// to save memory.
    pub fn drop_content(&mut self) {
        self.notes.drop_texts();
        if let Some(submission) = &mut self.intake.submission
            && submission.form.known().is_some()
        {
            let submission = Arc::make_mut(submission);
            submission.form = Personal::Erased;
            submission.documents = Vec::new();
            self.intake.forms = Arc::default();
            self.intake.documents = Arc::default();
        }
    }
}
