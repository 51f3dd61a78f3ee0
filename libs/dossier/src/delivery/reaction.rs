//! Reactions of result delivery: the commands that follow from events of other services.

use super::DossierResult;
use super::cancel_result::CancelResult;
use super::prepare_result::PrepareResult;
use crate::contract::{
    DecisionMade, DossierDecided, DossierWithdrawn, IntakeEvent, ReviewEvent, Unreadable,
};
use crate::step::{Follow, Incoming, Subscription};

type Follows = Result<Vec<Follow<DossierResult>>, Unreadable>;

/// Events of other services to which result delivery reacts.
pub(super) const SUBSCRIPTIONS: &[Subscription<DossierResult>] = &[
    Subscription::to::<ReviewEvent, DecisionMade>(decision_made),
    Subscription::to::<IntakeEvent, DossierDecided>(dossier_decided),
    Subscription::to::<IntakeEvent, DossierWithdrawn>(withdrawn),
];

fn decision_made(event: &Incoming<'_>) -> Follows {
    let DecisionMade { brief, outcome, by, .. } = event.read()?;
    Ok(vec![prepare(PrepareResult { brief, outcome, by, number: None })])
}

/// The event contains the brief if the law itself decided; review does not know of that decision.
fn dossier_decided(event: &Incoming<'_>) -> Follows {
    let DossierDecided { brief, outcome, by, .. } = event.read()?;
    let command = brief.map(|brief| PrepareResult { brief, outcome, by, number: None });
    Ok(command.map(prepare).into_iter().collect())
}

fn prepare(command: PrepareResult) -> Follow<DossierResult> {
    let brief = command.brief.clone();
    Follow::beginning(&brief, command)
}

#[expect(clippy::unnecessary_wraps, reason = "a handler of the table")]
fn withdrawn(event: &Incoming<'_>) -> Follows {
    Ok(event.follow(Some(CancelResult { cause: event.id })))
}
