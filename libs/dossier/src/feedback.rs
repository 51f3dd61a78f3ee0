//! Ratings, complaints and petitions. Decree 20/2008/NĐ-CP; Circular 11/2014/TT-BCT; Circular 01/2018/TT-VPCP, arts 13 to 15.

use std::sync::Arc;

use calendar::{Budget, Gaps};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{May, Resource, agency, any, own};
use crate::contract::{
    Actor, AgencyCode, Brief, ComplaintClass, ComplaintEvent, ComplaintFiled, DeliveryEvent,
    DossierId, EventSet, Meta, ProcedureRef, RatingEvent, Role, Unreadable,
};
use crate::law::ComplaintRules;
use crate::step::{Facts, Incoming, LawError, Obligation, Reacted, Reaction, State, Step};

pub mod answer_complaint;
pub mod classify_complaint;
pub mod file_complaint;
pub mod forward_complaint;
pub mod invite_rating;
pub mod miss_complaint_deadline;
pub mod publish_answer;
pub mod rate_dossier;
pub mod reopen_complaint;

/// The steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    invite_rating::STEP,
    rate_dossier::STEP,
    file_complaint::STEP,
    classify_complaint::STEP,
    forward_complaint::STEP,
    answer_complaint::STEP,
    publish_answer::STEP,
    reopen_complaint::STEP,
    miss_complaint_deadline::STEP,
];

/// Who may read a complaint.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// The rating of a dossier.
#[derive(Debug, Clone, Default)]
pub struct Rating {
    /// The dossier, once its applicant has the result.
    pub brief: Option<Arc<Brief>>,
    /// The score.
    pub score: Option<u8>,
}

impl State for Rating {
    type Event = RatingEvent;
    const CATEGORY: &'static str = "rating";

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

/// What feedback does about the events of others: who has a result may rate.
#[derive(Debug)]
pub struct RatingReaction(invite_rating::InviteRating);

impl Reaction for RatingReaction {
    type State = Rating;
    const LISTENS: &'static [&'static str] = &["delivery.ResultDelivered.v1"];

    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_enum_match_arm, reason = "a reaction names what it reacts to")
    )]
    fn react(event: &Incoming<'_>) -> Result<Vec<Self>, Unreadable> {
        match DeliveryEvent::decode(event.kind, event.data)? {
            DeliveryEvent::ResultDelivered(delivered) => {
                Ok(vec![Self(invite_rating::InviteRating { brief: delivered.brief })])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn name(&self) -> &'static str {
        "invite_rating"
    }

    fn dossier(&self) -> DossierId {
        self.0.brief.dossier
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        Some((&self.0.brief.procedure, &self.0.brief.agency))
    }

    fn decide(
        &self,
        rating: &Rating,
        _facts: &Facts<'_>,
    ) -> Result<Reacted<RatingEvent>, LawError> {
        Ok(invite_rating::decide(rating, &self.0))
    }
}

/// Where a complaint stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was filed.
    #[default]
    Empty,
    /// It is to be classified.
    Filed,
    /// It is to be answered.
    Classified,
    /// It is not acceptable.
    Dismissed,
    /// It was answered; the answer is to be published.
    Answered,
    /// Everybody can read the answer.
    Published,
}

/// A complaint.
#[derive(Debug, Clone, Default)]
pub struct Complaint {
    /// What was filed.
    pub filed: Option<Arc<ComplaintFiled>>,
    /// When.
    pub filed_at: Option<Timestamp>,
    /// Where it stands.
    pub stage: Stage,
    /// What it is about.
    pub class: Option<ComplaintClass>,
    /// What is due, by when, and since which event.
    pub due: Option<(&'static str, Timestamp, Uuid)>,
    /// The published text.
    pub published: Option<String>,
    /// How often it was reopened.
    pub reopened: u32,
    /// To which agency it was passed on.
    pub forwarded_to: Option<AgencyCode>,
}

impl Complaint {
    /// Whose it is to answer now.
    #[must_use]
    pub fn agency(&self) -> Option<&AgencyCode> {
        let filed = self.filed.as_ref()?;
        Some(self.forwarded_to.as_ref().unwrap_or(&filed.agency))
    }

    /// Whether it is for whoever acts to deal with it; the agency that passed it on only reads it.
    fn is_for(&self, actor: &Actor) -> bool {
        let own = actor.agency.as_ref();
        self.agency().is_some_and(|agency| own.is_some_and(|own| own.covers(agency)))
    }
}

impl State for Complaint {
    type Event = ComplaintEvent;
    const CATEGORY: &'static str = "complaint";

    fn evolve(&mut self, event: &ComplaintEvent, meta: &Meta) {
        match event {
            ComplaintEvent::ComplaintFiled(filed) => {
                self.due = Some(("classify", filed.classify_by, meta.id));
                self.filed = Some(Arc::new(filed.clone()));
                self.filed_at = Some(meta.at());
                self.stage = Stage::Filed;
            }
            ComplaintEvent::ComplaintClassified(classified) => {
                self.class = Some(classified.class);
                self.due = classified.answer_by.map(|by| ("answer", by, meta.id));
                if classified.class == ComplaintClass::NotOurs {
                    self.due =
                        self.filed.as_ref().map(|filed| ("forward", filed.classify_by, meta.id));
                }
                self.stage = match classified.class {
                    ComplaintClass::NotAcceptable => Stage::Dismissed,
                    ComplaintClass::ConductOrDelay
                    | ComplaintClass::ContentOfRules
                    | ComplaintClass::Complex
                    | ComplaintClass::NotOurs => Stage::Classified,
                };
            }
            ComplaintEvent::ComplaintForwarded(forwarded) => {
                // The other agency begins where this one began.
                self.forwarded_to = Some(forwarded.to.clone());
                self.stage = Stage::Filed;
                self.class = None;
                self.due = forwarded.classify_by.map(|by| ("classify", by, meta.id));
            }
            ComplaintEvent::ComplaintAnswered(answered) => {
                self.due = Some(("publish", answered.publish_by, meta.id));
                self.stage = Stage::Answered;
            }
            ComplaintEvent::AnswerPublished(published) => {
                self.published = Some(published.text.clone());
                self.due = None;
                self.stage = Stage::Published;
            }
            ComplaintEvent::ComplaintReopened(reopened) => {
                self.reopened = self.reopened.saturating_add(1);
                self.due = Some(("answer", reopened.answer_by, meta.id));
                self.stage = Stage::Classified;
            }
            ComplaintEvent::ComplaintOverdue(_) => self.due = None,
        }
    }

    fn resource(&self) -> Option<Resource> {
        let filed = self.filed.as_ref()?;
        let mut agencies = vec![filed.agency.clone()];
        agencies.extend(self.forwarded_to.clone());
        Some(Resource { owners: vec![filed.complainant.clone()], agencies, consulted: Vec::new() })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }

    fn obligations(&self) -> Vec<Obligation> {
        let due = self.due.iter();
        due.map(|(_, due_at, opened_by)| Obligation {
            kind: miss_complaint_deadline::KIND,
            due_at: *due_at,
            opened_by: *opened_by,
        })
        .collect()
    }

    fn enforce(&self, kind: &str, facts: &Facts<'_>) -> Result<Vec<ComplaintEvent>, LawError> {
        match kind {
            miss_complaint_deadline::KIND => Ok(miss_complaint_deadline::decide(self, facts)),
            _ => Ok(Vec::new()),
        }
    }
}

/// The end of a period that begins now, by the calendar of the agency.
fn end_of(
    facts: &Facts<'_>,
    agency: &AgencyCode,
    budget: impl FnOnce(&ComplaintRules) -> Budget,
) -> Result<Timestamp, LawError> {
    let rules = facts.law.complaints().ok_or(LawError::NotLoaded)?;
    let calendar = facts.law.calendar_of(agency).ok_or(LawError::NotLoaded)?;
    Ok(calendar::end_of(calendar, facts.at, budget(rules), &Gaps::default())?.due_at)
}
