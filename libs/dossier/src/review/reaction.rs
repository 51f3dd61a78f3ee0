//! The reactions of review to events of other services.

use super::Review;
use super::cancel_review::CancelReview;
use super::open_review::OpenReview;
use super::pause_review::PauseReview;
use super::resume_review::ResumeReview;
use super::transfer_review::TransferReview;
use crate::contract::{
    DossierAccepted, DossierClosed, DossierDecided, DossierTransferred, DossierWithdrawn,
    FeeReceived, IntakeEvent, SupplementDeclined, SupplementRequested, SupplementSubmitted,
    Unreadable,
};
use crate::law::Loads;
use crate::step::{Follow, Incoming, Subscription};

type Follows = Result<Vec<Follow<Review>>, Unreadable>;

/// The events of other services that review reacts to.
pub(super) const SUBSCRIPTIONS: &[Subscription<Review>] = &[
    Subscription::to::<IntakeEvent, DossierAccepted>(accepted),
    Subscription::to::<IntakeEvent, FeeReceived>(fee_received),
    Subscription::to::<IntakeEvent, SupplementRequested>(supplement_requested),
    Subscription::to::<IntakeEvent, SupplementSubmitted>(supplement_submitted),
    Subscription::to::<IntakeEvent, SupplementDeclined>(supplement_declined),
    Subscription::to::<IntakeEvent, DossierTransferred>(transferred),
    Subscription::to::<IntakeEvent, DossierWithdrawn>(ended),
    Subscription::to::<IntakeEvent, DossierDecided>(ended),
    Subscription::to::<IntakeEvent, DossierClosed>(ended),
];

fn accepted(event: &Incoming<'_>) -> Follows {
    let DossierAccepted { brief, started_at, .. } = event.read()?;
    Ok(vec![open(OpenReview {
        brief,
        clock_started: started_at.is_some(),
        awaiting: None,
        loads: Loads::default(),
    })])
}

/// The fee started the clock if the event contains the brief.
fn fee_received(event: &Incoming<'_>) -> Follows {
    let FeeReceived { brief, awaiting, .. } = event.read()?;
    let begun = brief.map(|brief| OpenReview {
        brief,
        clock_started: true,
        awaiting,
        loads: Loads::default(),
    });
    Ok(begun.map(open).into_iter().collect())
}

fn open(command: OpenReview) -> Follow<Review> {
    let brief = command.brief.clone();
    Follow::beginning(&brief, command)
}

/// Only requests that the one-stop unit made by itself: for its own needs, review is paused
/// already.
fn supplement_requested(event: &Incoming<'_>) -> Follows {
    let SupplementRequested { request, stops_clock, asked_by, .. } = event.read()?;
    let pauses = stops_clock && asked_by.is_none();
    Ok(event.follow(pauses.then_some(PauseReview { request })))
}

fn supplement_submitted(event: &Incoming<'_>) -> Follows {
    let SupplementSubmitted { request, resumes_clock, brief, .. } = event.read()?;
    let (request, at) = (Some(request), event.envelope.at);
    Ok(event.follow(resumes_clock.then_some(ResumeReview {
        request,
        at,
        brief,
        loads: Loads::default(),
    })))
}

fn transferred(event: &Incoming<'_>) -> Follows {
    let DossierTransferred { brief, in_review, .. } = event.read()?;
    Ok(event.follow(Some(TransferReview { brief, in_review, loads: Loads::default() })))
}

/// The supplement was declined: the applicant cannot be asked again.
#[expect(clippy::unnecessary_wraps, reason = "a handler of the table")]
fn supplement_declined(event: &Incoming<'_>) -> Follows {
    let at = event.envelope.at;
    Ok(event.follow(Some(ResumeReview { request: None, at, brief: None, loads: Loads::default() })))
}

#[expect(clippy::unnecessary_wraps, reason = "a handler of the table")]
fn ended(event: &Incoming<'_>) -> Follows {
    Ok(event.follow(Some(CancelReview { cause: event.id })))
}
