//! Feedback: ratings, complaints and petitions. Decree 20/2008/NĐ-CP; Circular 11/2014/TT-BCT;
//! Circular 01/2018/TT-VPCP, arts 13 to 15.

use std::sync::Arc;

use calendar::{Budget, Gaps};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{May, Resource, agency, any, own};
use crate::clock::{self, Running};
use crate::contract::{
    Actor, AgencyCode, Brief, Channel, ComplaintClass, ComplaintEvent, ComplaintFiled, DossierId,
    Meta, Personal, ProcedureRef, RatingEvent, ResultDelivered, Role, Subject, Unreadable,
};
use crate::law::ComplaintRules;
use crate::services::Category;
use crate::step::{Command, Facts, Follow, Incoming, LawError, State, Step, Subscription};

pub mod answer_complaint;
pub mod classify_complaint;
pub mod file_complaint;
pub mod forward_complaint;
pub mod impartial;
pub mod invite_rating;
pub mod miss_complaint_deadline;
pub mod publish_answer;
pub mod rate_dossier;
pub mod reopen_complaint;

mod deadlines;

pub use deadlines::ComplaintDeadline;

use answer_complaint::AnswerComplaint;
use classify_complaint::ClassifyComplaint;
use file_complaint::FileComplaint;
use forward_complaint::ForwardComplaint;
use invite_rating::InviteRating;
use miss_complaint_deadline::MissComplaintDeadline;
use publish_answer::PublishAnswer;
use rate_dossier::RateDossier;
use reopen_complaint::ReopenComplaint;

/// All steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    InviteRating::STEP,
    RateDossier::STEP,
    FileComplaint::STEP,
    ClassifyComplaint::STEP,
    ForwardComplaint::STEP,
    AnswerComplaint::STEP,
    PublishAnswer::STEP,
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

/// Permission to read the texts of a complaint.
pub const READ_TEXT: &[May] =
    &[own(Role::Applicant), agency(Role::ComplaintHandler), agency(Role::Auditor)];

/// Permission to read the contact of the complainant.
pub const READ_CONTACT: &[May] = &[agency(Role::ComplaintHandler)];

/// The rating of a dossier.
#[derive(Debug, Clone, Default)]
pub struct Rating {
    /// The brief of the dossier; `None` until its applicant has the result.
    pub brief: Option<Arc<Brief>>,
    /// Score from 1 to 5; `None` until it is given.
    pub score: Option<u8>,
}

impl State for Rating {
    type Event = RatingEvent;
    const CATEGORY: &'static str = Category::Rating.as_str();
    const SUBSCRIPTIONS: &'static [Subscription<Self>] =
        &[Subscription { kind: "delivery.ResultDelivered.v1", react: delivered }];

    fn evolve(&mut self, event: &RatingEvent, _meta: &Meta) {
        match event {
            RatingEvent::RatingInvited(invited) => {
                self.brief = Some(Arc::new(invited.brief.clone()));
            }
            RatingEvent::DossierRated(rated) => self.score = Some(rated.score),
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

/// The applicant may rate the dossier once the result is delivered.
fn delivered(event: &Incoming<'_>) -> Result<Vec<Follow<Rating>>, Unreadable> {
    let ResultDelivered { brief, .. } = event.read()?;
    Ok(vec![Follow::beginning(&brief.clone(), InviteRating { brief })])
}

/// Stage of a complaint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was filed.
    #[default]
    Empty,
    /// To be classified.
    Filed,
    /// To be answered, or forwarded if it concerns another agency.
    Classified,
    /// Not acceptable; nothing more is done.
    Dismissed,
    /// Answered; the answer is to be published.
    Answered,
    /// The answer is public.
    Published,
}

/// The next obligation of the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub what: Owed,
    pub running: Running,
}

/// The kinds of obligations to a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// Classify the complaint.
    Classify,
    /// Forward it to the agency that has to answer.
    Forward,
    /// Answer it.
    Answer,
    /// Publish the answer.
    Publish,
}

impl Owed {
    /// The name in events and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classify => "classify",
            Self::Forward => "forward",
            Self::Answer => "answer",
            Self::Publish => "publish",
        }
    }
}

/// A complaint or petition.
#[derive(Debug, Clone, Default)]
pub struct Complaint {
    pub filed: Option<Arc<ComplaintFiled>>,
    /// The subject who filed it, if not an officer: the complainant or a representative.
    pub filed_by: Option<Subject>,
    pub filed_at: Option<Timestamp>,
    pub stage: Stage,
    /// `None` until it is classified, and again after it is forwarded.
    pub class: Option<ComplaintClass>,
    /// The open obligation; `None` if there is none, or its deadline was missed.
    pub due: Option<Due>,
    /// Reason of the classification, for the complainant.
    pub reason: Option<Personal<String>>,
    /// The latest answer.
    pub answer: Option<Personal<String>>,
    /// The complainant's reason for the latest reopening.
    pub reopened_because: Option<Personal<String>>,
    /// Text of the public answer.
    pub published: Option<String>,
    pub published_at: Option<Timestamp>,
    /// Number of reopenings.
    pub reopened: u32,
    /// The agency to which it was forwarded last.
    pub forwarded_to: Option<AgencyCode>,
}

impl Complaint {
    /// The agency that has to answer it now.
    #[must_use]
    pub fn agency(&self) -> Option<&AgencyCode> {
        let filed = self.filed.as_ref()?;
        Some(self.forwarded_to.as_ref().unwrap_or(&filed.agency))
    }

    fn owes(&mut self, what: Owed, by: Option<Timestamp>, since: Timestamp, meta: &Meta) {
        self.due = by.map(|due_at| {
            let running = Running::new(due_at, since, meta.id, meta.at());
            Due { what, running }
        });
    }

    /// Whether it is a request about the complainant's own data.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        self.filed.as_ref().is_some_and(|filed| filed.personal_data)
    }

    /// The agency that handles it; `None` once the answer is published or it is dismissed.
    #[must_use]
    pub fn dealt_with_by(&self) -> Option<&AgencyCode> {
        match self.stage {
            Stage::Filed | Stage::Classified | Stage::Answered => self.agency(),
            Stage::Empty | Stage::Dismissed | Stage::Published => None,
        }
    }

    fn channel(&self) -> Channel {
        self.filed.as_ref().map_or(Channel::Online, |filed| filed.channel)
    }

    /// Whether the actor's agency has to handle it. An agency that has forwarded it may only read
    /// it.
    fn is_for(&self, facts: &Facts<'_>) -> bool {
        let (Some(own), Some(agency)) = (&facts.actor.agency, self.agency()) else { return false };
        facts.law.reaches(own, agency, facts.at)
    }
}

impl State for Complaint {
    type Event = ComplaintEvent;
    const CATEGORY: &'static str = Category::Complaint.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &ComplaintEvent, meta: &Meta) {
        match event {
            ComplaintEvent::ComplaintFiled(filed) => {
                self.owes(Owed::Classify, Some(filed.classify_by), meta.at(), meta);
                self.filed = Some(Arc::new(filed.clone()));
                // An officer who enters a complaint from telephone or paper is not a party to it.
                let Actor { subject, role, .. } = &meta.envelope.actor;
                self.filed_by = (*role == Role::Applicant).then(|| subject.clone());
                self.filed_at = Some(meta.at());
                self.stage = Stage::Filed;
            }
            ComplaintEvent::ComplaintClassified(classified) => {
                self.class = Some(classified.class);
                self.reason.clone_from(&classified.reason);
                self.owes(Owed::Answer, classified.answer_by, meta.at(), meta);
                if classified.class == ComplaintClass::NotOurs {
                    let by = self.filed.as_ref().map(|filed| filed.classify_by);
                    self.owes(Owed::Forward, by, self.filed_at.unwrap_or(meta.at()), meta);
                }
                self.stage = match classified.class {
                    ComplaintClass::NotAcceptable => Stage::Dismissed,
                    ComplaintClass::ConductOrDelay
                    | ComplaintClass::ContentOfRules
                    | ComplaintClass::PersonalDataAccess
                    | ComplaintClass::PersonalDataObjection
                    | ComplaintClass::PersonalDataErasure
                    | ComplaintClass::Complex
                    | ComplaintClass::NotOurs => Stage::Classified,
                };
            }
            ComplaintEvent::ComplaintForwarded(forwarded) => {
                // The receiving agency starts again with the classification.
                self.forwarded_to = Some(forwarded.to.clone());
                self.stage = Stage::Filed;
                self.class = None;
                self.owes(Owed::Classify, forwarded.classify_by, meta.at(), meta);
            }
            ComplaintEvent::ComplaintAnswered(answered) => {
                self.owes(Owed::Publish, answered.publish_by, meta.at(), meta);
                self.answer = Some(answered.answer.clone());
                self.stage = Stage::Answered;
            }
            ComplaintEvent::AnswerPublished(published) => {
                self.published = Some(published.text.clone());
                self.published_at = Some(meta.at());
                self.due = None;
                self.stage = Stage::Published;
            }
            ComplaintEvent::ComplaintReopened(reopened) => {
                self.reopened = self.reopened.saturating_add(1);
                self.reopened_because = Some(reopened.reason.clone());
                self.owes(Owed::Answer, Some(reopened.answer_by), meta.at(), meta);
                self.stage = Stage::Classified;
            }
            ComplaintEvent::ComplaintOverdue(_) => self.due = None,
            ComplaintEvent::PeriodExtended(extended) => clock::extend(self, extended, meta),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let filed = self.filed.as_ref()?;
        let mut agencies = vec![filed.agency.clone()];
        agencies.extend(self.forwarded_to.clone());
        Some(Resource {
            owners: vec![filed.complainant.clone()],
            representatives: self.filed_by.iter().cloned().collect(),
            agencies,
            ..Resource::default()
        })
    }

    fn about(&self) -> Option<DossierId> {
        self.filed.as_ref().and_then(|filed| filed.dossier)
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

/// The end of a period that begins now, by the calendar of the agency.
fn end_of(
    facts: &Facts<'_>,
    agency: &AgencyCode,
    budget: impl FnOnce(&ComplaintRules) -> Budget,
) -> Result<Timestamp, LawError> {
    let rules = facts.law.complaints().ok_or(LawError::NotLoaded)?;
    let agency = facts.law.present(agency, facts.at);
    let calendar = facts.law.calendar_of(agency).ok_or(LawError::NotLoaded)?;
    Ok(clock::end(calendar, facts.at, budget(rules), &Gaps::default()).due_at)
}
