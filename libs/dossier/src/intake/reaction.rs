//! The reactions of intake to events of other services.

use super::Intake;
use super::answer_review::AnswerReview;
use super::close_unpaid::CloseUnpaid;
use super::exclude_time::ExcludeTime;
use super::record_decision::RecordDecision;
use super::record_delivery::RecordDelivery;
use super::record_fee::RecordFee;
use super::return_fee::ReturnFee;
use crate::contract::{
    ClosedAs, DecisionMade, EventSet, FeeOwedAgain, FeeSettled, FeeWindowExpired, ResultDelivered,
    ReviewEvent, SupplementNeeded, Unreadable,
};
use crate::step::{Follow, Incoming, Subscription};

type Follows = Result<Vec<Follow<Intake>>, Unreadable>;

/// The events of other services that intake reacts to.
pub(super) const SUBSCRIPTIONS: &[Subscription<Intake>] = &[
    Subscription { kind: "payment.FeeSettled.v1", react: fee_settled },
    Subscription { kind: "payment.FeeOwedAgain.v1", react: fee_owed_again },
    Subscription { kind: "payment.FeeWindowExpired.v1", react: fee_window_expired },
    Subscription { kind: "review.SupplementNeeded.v1", react: supplement_needed },
    Subscription { kind: "review.ConsultationAnswered.v1", react: time_passed },
    Subscription { kind: "review.ConsultationSilent.v1", react: time_passed },
    Subscription { kind: "review.VerificationRecorded.v1", react: time_passed },
    Subscription { kind: "review.DecisionMade.v1", react: decision_made },
    Subscription { kind: "delivery.ResultDelivered.v1", react: result_delivered },
    Subscription { kind: "delivery.ResultRevoked.v1", react: result_revoked },
];

fn fee_settled(event: &Incoming<'_>) -> Follows {
    let FeeSettled { dossier, amount, paid_at } = event.read()?;
    Ok(vec![Follow::on(dossier, RecordFee { amount, paid_at, cause: event.id })])
}

fn fee_owed_again(event: &Incoming<'_>) -> Follows {
    let FeeOwedAgain { dossier, amount, .. } = event.read()?;
    let (since, cause) = (event.envelope.at, event.id);
    Ok(vec![Follow::on(dossier, ReturnFee { amount, since, cause })])
}

fn fee_window_expired(event: &Incoming<'_>) -> Follows {
    let FeeWindowExpired { dossier, .. } = event.read()?;
    Ok(vec![Follow::on(dossier, CloseUnpaid)])
}

fn supplement_needed(event: &Incoming<'_>) -> Follows {
    let needed: SupplementNeeded = event.read()?;
    Ok(event.follow(Some(AnswerReview { asked_by: event.id, needed })))
}

/// The end of a consultation or of a verification on site.
fn time_passed(event: &Incoming<'_>) -> Follows {
    let passed = ReviewEvent::decode(event.kind, event.data)?;
    Ok(event.follow(ExcludeTime::of(&passed, event.id, event.envelope.at)))
}

fn decision_made(event: &Incoming<'_>) -> Follows {
    let DecisionMade { brief, outcome, by, .. } = event.read()?;
    let (decided_at, cause) = (event.envelope.at, event.id);
    let command = RecordDecision { outcome, by, decided_at, cause };
    Ok(vec![Follow::on(brief.dossier, command)])
}

fn result_delivered(event: &Incoming<'_>) -> Follows {
    let ResultDelivered { brief, .. } = event.read()?;
    let command = RecordDelivery { closed_as: ClosedAs::Delivered };
    Ok(vec![Follow::on(brief.dossier, command)])
}

#[expect(clippy::unnecessary_wraps, reason = "a handler of the table")]
fn result_revoked(event: &Incoming<'_>) -> Follows {
    Ok(event.follow(Some(RecordDelivery { closed_as: ClosedAs::Ended })))
}
