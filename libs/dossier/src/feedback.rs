//! Feedback: ratings, complaints and petitions. Decree 20/2008/NĐ-CP; Circular 11/2014/TT-BCT;
//! Circular 01/2018/TT-VPCP, arts 13 to 15.

use std::sync::Arc;

use calendar::{Budget, Gaps};
use jiff::Timestamp;

use crate::access::{May, Resource, agency, any, own};
use crate::clock;
use crate::contract::{
    AgencyCode, Brief, DeliveryEvent, DossierClosed, DossierRated, IntakeEvent, Meta, Personal,
    ProcedureRef, RatingEvent, ResultDelivered, Role, Unreadable,
};
use crate::law::ComplaintRules;
use crate::services::Category;
use crate::step::{Command, Facts, Follow, Incoming, LawError, State, Step, Subscription};

pub mod add_complaint_documents;
pub mod answer_complaint;
pub mod assign_complaint;
pub mod classify_complaint;
pub mod extend_complaint;
pub mod file_complaint;
pub mod forward_complaint;
pub mod impartial;
pub mod invite_rating;
pub mod merge_complaint;
pub mod miss_complaint_deadline;
pub mod note_complaint;
pub mod publish_answer;
pub mod rate_answer;
pub mod rate_dossier;
pub mod reopen_complaint;
pub mod separate_complaint;

mod complaint;
mod deadlines;

pub use complaint::{
    AnswerRated, Complaint, Due, GivenAnswer, Note, Owed, Publication, Stage, nobody,
};
pub use deadlines::ComplaintDeadline;

use add_complaint_documents::AddComplaintDocuments;
use answer_complaint::AnswerComplaint;
use assign_complaint::AssignComplaint;
use classify_complaint::ClassifyComplaint;
use extend_complaint::ExtendComplaint;
use file_complaint::FileComplaint;
use forward_complaint::ForwardComplaint;
use invite_rating::InviteRating;
use merge_complaint::MergeComplaint;
use miss_complaint_deadline::MissComplaintDeadline;
use note_complaint::NoteComplaint;
use publish_answer::PublishAnswer;
use rate_answer::RateAnswer;
use rate_dossier::RateDossier;
use reopen_complaint::ReopenComplaint;
use separate_complaint::SeparateComplaint;

/// All steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    InviteRating::STEP,
    RateDossier::STEP,
    FileComplaint::STEP,
    AddComplaintDocuments::STEP,
    AssignComplaint::STEP,
    NoteComplaint::STEP,
    ClassifyComplaint::STEP,
    ForwardComplaint::STEP,
    MergeComplaint::STEP,
    SeparateComplaint::STEP,
    ExtendComplaint::STEP,
    AnswerComplaint::STEP,
    PublishAnswer::STEP,
    RateAnswer::STEP,
    ReopenComplaint::STEP,
    MissComplaintDeadline::STEP,
];

/// Permission to read a complaint, without its texts and contact.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// As [`READ`], and for approvers if it was escalated to them.
pub const READ_ESCALATED: &[May] = &[
    own(Role::Applicant),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
    agency(Role::Approver),
];

/// Permission to read the texts of a complaint.
pub const READ_TEXT: &[May] =
    &[own(Role::Applicant), agency(Role::ComplaintHandler), agency(Role::Auditor)];

/// Permission to read to whom a complaint is assigned.
pub const READ_OFFICER: &[May] =
    &[agency(Role::ComplaintHandler), agency(Role::Auditor), agency(Role::Approver)];

/// Permission to read the contact of the complainant.
pub const READ_CONTACT: &[May] = &[agency(Role::ComplaintHandler)];

/// Permission to read internal notes of complaint handlers.
pub const READ_NOTES: &[May] = &[agency(Role::ComplaintHandler), agency(Role::Auditor)];

/// Permission to list complaints: complainants their own, approvers those that were escalated.
pub const LIST: &[May] = &[
    any(Role::Applicant),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
    agency(Role::Approver),
];

/// Permission to read figures of complaints.
pub const READ_FIGURES: &[May] = &[
    agency(Role::ComplaintHandler),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Permission to read the templates of answers.
pub const READ_TEMPLATES: &[May] = &[any(Role::ComplaintHandler)];

/// Permission to read a rating, without its comment.
pub const READ_RATING: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Approver),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Permission to read the comment of a rating.
pub const READ_COMMENT: &[May] = &[
    own(Role::Applicant),
    agency(Role::Approver),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
];

/// Kinds of events that the complainant does not see on a timeline: the agency's own organisation.
pub const INTERNAL: &[&str] = &["feedback.ComplaintAssigned.v1", "feedback.ComplaintNoted.v1"];

/// The rating of a dossier.
#[derive(Debug, Clone, Default)]
pub struct Rating {
    /// The brief of the dossier; `None` until its applicant has the result.
    pub brief: Option<Arc<Brief>>,
    /// `None` until it is given.
    pub rated: Option<Rated>,
}

/// A rating that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated {
    /// Score from 1 to 5.
    pub score: u8,
    pub comment: Option<Personal<String>>,
    pub at: Timestamp,
}

impl State for Rating {
    type Event = RatingEvent;
    const CATEGORY: &'static str = Category::Rating.as_str();
    const SUBSCRIPTIONS: &'static [Subscription<Self>] = &[
        Subscription::to::<DeliveryEvent, ResultDelivered>(delivered),
        Subscription::to::<IntakeEvent, DossierClosed>(closed),
    ];

    fn evolve(&mut self, event: &RatingEvent, meta: &Meta) {
        match event {
            RatingEvent::RatingInvited(invited) => {
                self.brief = Some(Arc::new(invited.brief.clone()));
            }
            RatingEvent::DossierRated(DossierRated { score, comment }) => {
                self.rated = Some(Rated { score: *score, comment: comment.clone(), at: meta.at() });
            }
        }
    }

    fn resource(&self) -> Option<Resource> {
        self.brief.as_ref().map(|brief| brief.resource())
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        let brief = self.brief.as_ref()?;
        Some((&brief.procedure, &brief.agency))
    }
}

/// The applicant may rate a dossier without a result once it is closed.
fn closed(event: &Incoming<'_>) -> Result<Vec<Follow<Rating>>, Unreadable> {
    let DossierClosed { brief, .. } = event.read()?;
    let invite = |brief: Brief| Follow::beginning(&brief.clone(), InviteRating { brief });
    Ok(brief.map(invite).into_iter().collect())
}

/// The applicant may rate the dossier once the result is delivered.
fn delivered(event: &Incoming<'_>) -> Result<Vec<Follow<Rating>>, Unreadable> {
    let ResultDelivered { brief, .. } = event.read()?;
    Ok(vec![Follow::beginning(&brief.clone(), InviteRating { brief })])
}

/// The end of a period that begins at `start`, by the calendar of the agency.
fn end_of(
    facts: &Facts<'_>,
    (agency, start): (&AgencyCode, Timestamp),
    budget: impl FnOnce(&ComplaintRules) -> Budget,
) -> Result<Timestamp, LawError> {
    let rules = facts.law.complaints().ok_or(LawError::NotLoaded)?;
    let agency = facts.law.present(agency, facts.at);
    let calendar = facts.law.calendar_of(agency).ok_or(LawError::NotLoaded)?;
    Ok(clock::end(calendar, start, budget(rules), &Gaps::default()).due_at)
}
