//! What review does about the events of others: which command follows from which event.

use uuid::Uuid;

use super::{Review, cancel_review, open_review, pause_review, resume_review};
use crate::contract::{
    AgencyCode, DossierId, EventSet, IntakeEvent, ProcedureRef, ReviewEvent, Unreadable,
};
use crate::step::{Facts, Incoming, LawError, Reacted, Reaction, Step};

/// What review does about the events of others.
#[derive(Debug)]
pub enum ReviewReaction {
    /// A dossier was accepted, or its clock started with the fee.
    Open(Box<open_review::OpenReview>),
    /// The one-stop unit asked the applicant by itself.
    Pause(DossierId, u32),
    /// The applicant answered, or was not asked.
    Resume(DossierId, resume_review::Answer),
    /// The dossier ended.
    Cancel(DossierId, Uuid),
}

impl Reaction for ReviewReaction {
    type State = Review;
    const LISTENS: &'static [&'static str] = &[
        "intake.DossierAccepted.v1",
        "intake.FeeReceived.v1",
        "intake.SupplementRequested.v1",
        "intake.SupplementSubmitted.v1",
        "intake.SupplementDeclined.v1",
        "intake.DossierWithdrawn.v1",
        "intake.DossierDecided.v1",
        "intake.DossierClosed.v1",
    ];

    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_enum_match_arm, reason = "a reaction names what it reacts to")
    )]
    fn react(event: &Incoming<'_>) -> Result<Vec<Self>, Unreadable> {
        let Some(dossier) = event.envelope.dossier else { return Ok(Vec::new()) };
        Ok(match IntakeEvent::decode(event.kind, event.data)? {
            IntakeEvent::DossierAccepted(accepted) => {
                let (brief, clock_started) = (accepted.brief, accepted.started_at.is_some());
                let open = open_review::OpenReview { brief, clock_started, awaiting: None };
                vec![Self::Open(Box::new(open))]
            }
            IntakeEvent::FeeReceived(fee) => fee
                .brief
                .map(|brief| open_review::OpenReview {
                    brief,
                    clock_started: true,
                    awaiting: fee.awaiting,
                })
                .map(|open| Self::Open(Box::new(open)))
                .into_iter()
                .collect(),
            // What review itself asked for, it waits for already.
            IntakeEvent::SupplementRequested(asked)
                if asked.stops_clock && asked.asked_by.is_none() =>
            {
                vec![Self::Pause(dossier, asked.request)]
            }
            IntakeEvent::SupplementSubmitted(supplement) if supplement.resumes_clock => {
                let (request, at) = (Some(supplement.request), event.envelope.at);
                let brief = supplement.brief.map(Box::new);
                vec![Self::Resume(dossier, resume_review::Answer { request, at, brief })]
            }
            IntakeEvent::SupplementDeclined(_) => {
                let (request, at, brief) = (None, event.envelope.at, None);
                let answer = resume_review::Answer { request, at, brief };
                vec![Self::Resume(dossier, answer)]
            }
            IntakeEvent::DossierWithdrawn(_)
            | IntakeEvent::DossierDecided(_)
            | IntakeEvent::DossierClosed(_) => vec![Self::Cancel(dossier, event.id)],
            _ => Vec::new(),
        })
    }

    fn step(&self) -> &'static Step {
        match self {
            Self::Open(_) => &open_review::STEP,
            Self::Pause(..) => &pause_review::STEP,
            Self::Resume(..) => &resume_review::STEP,
            Self::Cancel(..) => &cancel_review::STEP,
        }
    }

    fn dossier(&self) -> DossierId {
        match self {
            Self::Open(command) => command.brief.dossier,
            Self::Pause(dossier, _) | Self::Resume(dossier, _) | Self::Cancel(dossier, _) => {
                *dossier
            }
        }
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        match self {
            Self::Open(command) => Some((&command.brief.procedure, &command.brief.agency)),
            Self::Pause(..) | Self::Resume(..) | Self::Cancel(..) => None,
        }
    }

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Reacted<ReviewEvent>, LawError> {
        match self {
            Self::Open(command) => open_review::decide(review, command, facts),
            Self::Pause(_, request) => Ok(pause_review::decide(review, *request)),
            Self::Resume(_, answer) => resume_review::decide(review, answer, facts),
            Self::Cancel(_, cause) => Ok(cancel_review::decide(review, *cause)),
        }
    }
}
