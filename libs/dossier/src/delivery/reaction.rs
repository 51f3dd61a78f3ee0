//! What result delivery does about the events of others: which command follows from which event.

use uuid::Uuid;

use super::{DossierResult, cancel_result, prepare_result};
use crate::contract::{
    AgencyCode, DecisionMade, DeliveryEvent, DossierId, EventSet, IntakeEvent, ProcedureRef,
    ReviewEvent, Unreadable,
};
use crate::step::{Facts, Follow, Incoming, LawError, Reacted, Reaction, Step, Subscription};

/// The events of others that concern result delivery.
pub(super) const SUBSCRIPTIONS: &[Subscription<DossierResult>] = &[
    old("review.DecisionMade.v1"),
    old("intake.DossierDecided.v1"),
    old("intake.DossierWithdrawn.v1"),
];

const fn old(kind: &'static str) -> Subscription<DossierResult> {
    Subscription { kind, react: Follow::old::<DeliveryReaction> }
}

/// What result delivery does about the events of others.
#[derive(Debug)]
pub enum DeliveryReaction {
    /// The dossier was decided, by officers, by a rule, or by the law.
    Prepare(Box<prepare_result::PrepareResult>),
    /// The applicant took it back.
    Cancel(DossierId, Uuid),
}

impl Reaction for DeliveryReaction {
    type State = DossierResult;

    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_enum_match_arm, reason = "a reaction names what it reacts to")
    )]
    fn react(event: &Incoming<'_>) -> Result<Vec<Self>, Unreadable> {
        if ReviewEvent::KINDS.contains(&event.kind) {
            return Ok(match ReviewEvent::decode(event.kind, event.data)? {
                ReviewEvent::DecisionMade(DecisionMade { brief, outcome, by, .. }) => {
                    let number = None;
                    let prepare = prepare_result::PrepareResult { brief, outcome, by, number };
                    vec![Self::Prepare(Box::new(prepare))]
                }
                _ => Vec::new(),
            });
        }
        Ok(match (IntakeEvent::decode(event.kind, event.data)?, event.envelope.dossier) {
            // With the dossier in it, it is the law's own decision, which review knows nothing of.
            (IntakeEvent::DossierDecided(decided), _) => {
                let (outcome, by) = (decided.outcome, decided.by);
                let brief = decided.brief.into_iter();
                brief
                    .map(|brief| prepare_result::PrepareResult { brief, outcome, by, number: None })
                    .map(|prepare| Self::Prepare(Box::new(prepare)))
                    .collect()
            }
            (IntakeEvent::DossierWithdrawn(_), Some(dossier)) => {
                vec![Self::Cancel(dossier, event.id)]
            }
            _ => Vec::new(),
        })
    }

    fn step(&self) -> &'static Step {
        match self {
            Self::Prepare(_) => &prepare_result::STEP,
            Self::Cancel(..) => &cancel_result::STEP,
        }
    }

    fn dossier(&self) -> DossierId {
        match self {
            Self::Prepare(command) => command.brief.dossier,
            Self::Cancel(dossier, _) => *dossier,
        }
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        match self {
            Self::Prepare(command) => Some((&command.brief.procedure, &command.brief.agency)),
            Self::Cancel(..) => None,
        }
    }

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Reacted<DeliveryEvent>, LawError> {
        match self {
            Self::Prepare(command) => prepare_result::decide(result, command, facts),
            Self::Cancel(_, cause) => Ok(cancel_result::decide(result, *cause)),
        }
    }
}
