//! The state of a complaint: its stage, with what exists in that stage only, and what is kept over
//! all stages.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Resource;
use crate::clock::{self, Running};
use crate::contract::{
    Actor, AgencyCode, Attachment, ComplaintAnswered, ComplaintChannel, ComplaintClass,
    ComplaintEvent, ComplaintFiled, ComplaintId, DossierId, Meta, Personal, ProcedureRef, Role,
    Subject,
};
use crate::services::Category;
use crate::step::{Facts, State};

/// The next obligation of the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub what: Owed,
    pub running: Running,
    /// Whether the end of the period was recorded as missed. The obligation remains.
    pub missed: bool,
    /// When the missed obligation becomes a matter of the heads of the agency; from the miss on in
    /// older events.
    pub escalates_at: Option<Timestamp>,
}

/// The kinds of obligations to a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// The stage of a complaint. Obligations are absent if the event that began the stage recorded no
/// period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was filed.
    #[default]
    Empty,
    /// To be classified.
    Filed { due: Option<Due> },
    /// To be forwarded to the agency that has to answer.
    Misdirected { due: Option<Due> },
    /// To be answered.
    Classified {
        class: ComplaintClass,
        due: Option<Due>,
        /// Whether the agency extended the period.
        extended: bool,
    },
    /// Not acceptable. The complainant may ask for an answer.
    Dismissed,
    /// Answered; the answer is to be published unless it is about personal data.
    Answered { class: ComplaintClass, due: Option<Due> },
    /// The answer is public.
    Published { class: ComplaintClass },
    /// A duplicate that is answered with another complaint.
    Merged {
        into: ComplaintId,
        /// The stage to which a separation returns.
        before: Box<Stage>,
    },
}

impl Stage {
    const fn due(&self) -> Option<&Due> {
        match self {
            Self::Filed { due }
            | Self::Misdirected { due }
            | Self::Classified { due, .. }
            | Self::Answered { due, .. } => due.as_ref(),
            Self::Empty | Self::Dismissed | Self::Published { .. } | Self::Merged { .. } => None,
        }
    }

    const fn due_mut(&mut self) -> Option<&mut Due> {
        match self {
            Self::Filed { due }
            | Self::Misdirected { due }
            | Self::Classified { due, .. }
            | Self::Answered { due, .. } => due.as_mut(),
            Self::Empty | Self::Dismissed | Self::Published { .. } | Self::Merged { .. } => None,
        }
    }

    fn class(&self) -> Option<ComplaintClass> {
        match self {
            Self::Empty | Self::Filed { .. } => None,
            Self::Misdirected { .. } => Some(ComplaintClass::NotOurs),
            Self::Dismissed => Some(ComplaintClass::NotAcceptable),
            Self::Classified { class, .. }
            | Self::Answered { class, .. }
            | Self::Published { class } => Some(*class),
            Self::Merged { before, .. } => before.class(),
        }
    }
}

/// An answer to the complainant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    pub text: Personal<String>,
    pub documents: Vec<Attachment>,
    pub at: Timestamp,
    /// Whether it was given after its period.
    pub late: bool,
}

/// The complainant's rating of the latest answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRated {
    /// Score from 1 to 5.
    pub score: u8,
    pub comment: Option<Personal<String>>,
    pub at: Timestamp,
}

/// A published answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub text: String,
    pub at: Timestamp,
}

/// An internal note of the agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub text: Personal<String>,
    pub by: Subject,
    pub at: Timestamp,
}

/// A complaint or petition.
#[derive(Debug, Clone, Default)]
pub struct Complaint {
    pub filed: Option<Arc<ComplaintFiled>>,
    /// The subject who filed it, if not an officer: the complainant or a representative.
    pub filed_by: Option<Subject>,
    /// When it was recorded.
    pub filed_at: Option<Timestamp>,
    pub stage: Stage,
    /// The reason for the latest classification, extension or separation, for the complainant.
    pub reason: Option<Personal<String>>,
    /// The first answer, from which punctuality is counted.
    pub first_answer: Option<(Timestamp, bool)>,
    /// The latest answer.
    pub answer: Option<GivenAnswer>,
    /// The rating of the latest answer; `None` until it is given.
    pub rated: Option<AnswerRated>,
    /// When it was last answered or dismissed.
    pub concluded_at: Option<Timestamp>,
    /// The complainant's reason for the latest reopening.
    pub reopened_because: Option<Personal<String>>,
    /// The latest published answer. It stays public while the complaint is reopened.
    pub published: Option<Publication>,
    /// Number of reopenings.
    pub reopened: u32,
    /// The agency to which it was forwarded last.
    pub forwarded_to: Option<AgencyCode>,
    /// The officer to whom it is assigned.
    pub officer: Option<Subject>,
    /// Documents of the complaint, in the order in which they were added.
    pub documents: Vec<Attachment>,
    pub notes: Vec<Note>,
}

impl Complaint {
    /// The name of the complainant, for those who may read the contact; `None` if the complaint is
    /// anonymous, or if the name was not given or was erased.
    #[must_use]
    pub fn complainant_name(&self) -> Option<&str> {
        let filed = self.filed.as_ref().filter(|filed| !filed.anonymous)?;
        let name = filed.contact.known().map(|contact| contact.name.as_str());
        name.filter(|name| !name.is_empty())
    }

    /// Whether a list names the complainant to a handler. Whether the complaint is about the
    /// handler's own act is examined when it is read or assigned, and not for each row of a list:
    /// one about a dossier is named to whom it is assigned.
    #[must_use]
    pub fn is_named_in_lists(&self, handler: &Subject) -> bool {
        let about = self.filed.as_ref().and_then(|filed| filed.dossier);
        about.is_none() || self.officer.as_ref() == Some(handler)
    }

    /// The agency that has to answer it now.
    #[must_use]
    pub fn agency(&self) -> Option<&AgencyCode> {
        let filed = self.filed.as_ref()?;
        Some(self.forwarded_to.as_ref().unwrap_or(&filed.agency))
    }

    /// The class; `None` until it is classified, and again after it is forwarded.
    #[must_use]
    pub fn class(&self) -> Option<ComplaintClass> {
        self.stage.class()
    }

    /// The next obligation, missed or not; `None` if there is none.
    #[must_use]
    pub const fn due(&self) -> Option<&Due> {
        self.stage.due()
    }

    pub(super) const fn due_mut(&mut self) -> Option<&mut Due> {
        self.stage.due_mut()
    }

    /// Whether the period to answer was extended.
    #[must_use]
    pub const fn is_extended(&self) -> bool {
        matches!(self.stage, Stage::Classified { extended: true, .. })
    }

    /// When the agency received it, from which its period counts.
    #[must_use]
    pub fn received_at(&self) -> Option<Timestamp> {
        self.filed.as_ref().and_then(|filed| filed.received_at).or(self.filed_at)
    }

    /// Whether it is a request about the complainant's own data.
    #[must_use]
    pub fn is_about_data(&self) -> bool {
        self.filed.as_ref().is_some_and(|filed| filed.personal_data)
    }

    /// Whether the complainant has no account, so that no token reaches it.
    #[must_use]
    pub fn is_without_account(&self) -> bool {
        self.filed.as_ref().is_some_and(|filed| filed.complainant == nobody(filed.complaint))
    }

    /// Whether an answer of the agency is there and not contested.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Dismissed | Stage::Answered { .. } | Stage::Published { .. })
    }

    /// Whether an answer is there and not contested.
    #[must_use]
    pub const fn has_answer(&self) -> bool {
        matches!(self.stage, Stage::Answered { .. } | Stage::Published { .. })
    }

    /// When its missed obligation became, or becomes, a matter of the heads of the agency; `None`
    /// if nothing was missed.
    #[must_use]
    pub fn escalates_at(&self) -> Option<Timestamp> {
        let due = self.due().filter(|due| due.missed)?;
        Some(due.escalates_at.unwrap_or(due.running.due_at))
    }

    /// Whether the heads of the agency take care of it.
    #[must_use]
    pub fn is_escalated(&self, at: Timestamp) -> bool {
        self.escalates_at().is_some_and(|from| from <= at)
    }

    /// Whether the agency has something to do: to classify, forward, answer or publish.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.stage {
            Stage::Filed { .. }
            | Stage::Misdirected { .. }
            | Stage::Classified { .. }
            | Stage::Answered { .. } => true,
            Stage::Empty | Stage::Dismissed | Stage::Published { .. } | Stage::Merged { .. } => {
                false
            }
        }
    }

    /// The complaint with which a duplicate is answered.
    #[must_use]
    pub const fn merged_into(&self) -> Option<ComplaintId> {
        if let Stage::Merged { into, .. } = &self.stage { Some(*into) } else { None }
    }

    /// The agency that handles it; `None` once the answer is published or it is dismissed.
    #[must_use]
    pub fn dealt_with_by(&self) -> Option<&AgencyCode> {
        self.agency().filter(|_| self.is_open())
    }

    pub(super) fn channel(&self) -> ComplaintChannel {
        self.filed.as_ref().map_or(ComplaintChannel::Online, |filed| filed.channel)
    }

    /// Whether the actor's agency has to handle it. An agency that has forwarded it may only read
    /// it.
    pub(super) fn is_for(&self, facts: &Facts<'_>) -> bool {
        let (Some(own), Some(agency)) = (&facts.actor.agency, self.agency()) else { return false };
        facts.law.reaches(own, agency, facts.at)
    }

    fn filed(&mut self, filed: &ComplaintFiled, meta: &Meta) {
        let at = meta.at();
        let since = filed.received_at.unwrap_or(at);
        let due = owed(Owed::Classify, Some(filed.classify_by), since, meta);
        self.documents.clone_from(&filed.documents);
        self.filed = Some(Arc::new(filed.clone()));
        // An officer who enters a complaint from telephone or paper is not a party to it.
        let Actor { subject, role, .. } = &meta.envelope.actor;
        self.filed_by = (*role == Role::Applicant).then(|| subject.clone());
        self.filed_at = Some(at);
        self.stage = Stage::Filed { due };
    }

    fn answered(&mut self, answered: &ComplaintAnswered, meta: &Meta) {
        let at = meta.at();
        let late = self.due().is_some_and(|due| due.missed || due.running.due_at <= at);
        let (text, documents) = (answered.answer.clone(), answered.documents.clone());
        self.first_answer.get_or_insert((at, late));
        self.answer = Some(GivenAnswer { text, documents, at, late });
        // No version records an answer to a complaint without a class.
        let class = self.class().unwrap_or(ComplaintClass::Complex);
        let due = owed(Owed::Publish, answered.publish_by, at, meta);
        self.stage = Stage::Answered { class, due };
    }

    fn classified(&mut self, class: ComplaintClass, answer_by: Option<Timestamp>, meta: &Meta) {
        self.stage = match class {
            ComplaintClass::NotAcceptable => {
                self.concluded_at = Some(meta.at());
                Stage::Dismissed
            }
            ComplaintClass::NotOurs => {
                let by = self.filed.as_ref().map(|filed| filed.classify_by);
                let since = self.received_at().unwrap_or(meta.at());
                Stage::Misdirected { due: owed(Owed::Forward, by, since, meta) }
            }
            ComplaintClass::ConductOrDelay
            | ComplaintClass::ContentOfRules
            | ComplaintClass::PersonalDataAccess
            | ComplaintClass::PersonalDataObjection
            | ComplaintClass::PersonalDataErasure
            | ComplaintClass::Complex => {
                let due = owed(Owed::Answer, answer_by, meta.at(), meta);
                Stage::Classified { class, due, extended: false }
            }
        };
    }
}

/// The subject of a complainant without an account: no token has it.
#[must_use]
pub fn nobody(complaint: ComplaintId) -> Subject {
    Subject::from(&*format!("complaint:{complaint}"))
}

fn owed(what: Owed, by: Option<Timestamp>, since: Timestamp, meta: &Meta) -> Option<Due> {
    by.map(|due_at| {
        let running = Running::new(due_at, since, meta.id, meta.at());
        Due { what, running, missed: false, escalates_at: None }
    })
}

impl State for Complaint {
    type Event = ComplaintEvent;
    const CATEGORY: &'static str = Category::Complaint.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &ComplaintEvent, meta: &Meta) {
        let at = meta.at();
        match event {
            ComplaintEvent::ComplaintFiled(filed) => self.filed(filed, meta),
            ComplaintEvent::ComplaintClassified(classified) => {
                self.reason.clone_from(&classified.reason);
                self.classified(classified.class, classified.answer_by, meta);
            }
            ComplaintEvent::ComplaintForwarded(forwarded) => {
                // The receiving agency starts again with the classification.
                self.forwarded_to = Some(forwarded.to.clone());
                self.officer = None;
                let due = owed(Owed::Classify, forwarded.classify_by, at, meta);
                self.stage = Stage::Filed { due };
            }
            ComplaintEvent::ComplaintAnswered(answered) => {
                self.concluded_at = Some(at);
                self.answered(answered, meta);
            }
            ComplaintEvent::AnswerPublished(published) => {
                let class = self.class().unwrap_or(ComplaintClass::Complex);
                self.published = Some(Publication { text: published.text.clone(), at });
                self.stage = Stage::Published { class };
            }
            ComplaintEvent::ComplaintAnswerRated(rated) => {
                let (score, comment) = (rated.score, rated.comment.clone());
                self.rated = Some(AnswerRated { score, comment, at });
            }
            ComplaintEvent::ComplaintReopened(reopened) => {
                self.rated = None;
                self.reopened = self.reopened.saturating_add(1);
                self.reopened_because = Some(reopened.reason.clone());
                let class = self.class().unwrap_or(ComplaintClass::Complex);
                let due = owed(Owed::Answer, Some(reopened.answer_by), at, meta);
                self.stage = Stage::Classified { class, due, extended: false };
            }
            ComplaintEvent::ComplaintOverdue(overdue) => {
                if let Some(due) = self.due_mut() {
                    due.missed = true;
                    due.escalates_at = overdue.escalates_at;
                }
            }
            ComplaintEvent::ComplaintDocumentsAdded(added) => {
                self.documents.extend(added.documents.iter().cloned());
            }
            ComplaintEvent::ComplaintAssigned(assigned) => {
                self.officer.clone_from(&assigned.officer);
                self.notes.extend(assigned.note.iter().map(|note| written(note, meta)));
            }
            ComplaintEvent::ComplaintNoted(noted) => self.notes.push(written(&noted.note, meta)),
            ComplaintEvent::ComplaintMerged(merged) => {
                let before = Box::new(std::mem::take(&mut self.stage));
                self.stage = Stage::Merged { into: merged.into, before };
            }
            ComplaintEvent::ComplaintSeparated(separated) => {
                self.reason = Some(separated.reason.clone());
                if let Stage::Merged { before, .. } = &self.stage {
                    self.stage = Stage::clone(before);
                }
            }
            ComplaintEvent::ComplaintExtended(extension) => {
                self.reason = Some(extension.reason.clone());
                if let Stage::Classified { due: Some(due), extended, .. } = &mut self.stage {
                    let since = due.running.since;
                    due.running = Running::new(extension.answer_by, since, meta.id, at);
                    due.missed = false;
                    *extended = true;
                }
            }
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
            procedure: filed.procedure.clone(),
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

fn written(text: &Personal<String>, meta: &Meta) -> Note {
    let (text, by, at) = (text.clone(), meta.envelope.actor.subject.clone(), meta.at());
    Note { text, by, at }
}

#[cfg(test)]
mod tests;
