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
    ClosedAs, ConsultationAnswered, ConsultationSilent, DecisionMade, DeliveryEvent, EventSet,
    FeeOwedAgain, FeeSettled, FeeWindowExpired, PaymentEvent, ResultDelivered, ResultRevoked,
    ReviewEvent, SupplementNeeded, Unreadable, VerificationRecorded,
};
use crate::step::{Follow, Incoming, Subscription};

type Follows = Result<Vec<Follow<Intake>>, Unreadable>;

/// The events of other services that intake reacts to.
pub(super) const SUBSCRIPTIONS: &[Subscription<Intake>] = &[
    Subscription::to::<PaymentEvent, FeeSettled>(fee_settled),
    Subscription::to::<PaymentEvent, FeeOwedAgain>(fee_owed_again),
    Subscription::to::<PaymentEvent, FeeWindowExpired>(fee_window_expired),
    Subscription::to::<ReviewEvent, SupplementNeeded>(supplement_needed),
    Subscription::to::<ReviewEvent, ConsultationAnswered>(time_passed),
    Subscription::to::<ReviewEvent, ConsultationSilent>(time_passed),
    Subscription::to::<ReviewEvent, VerificationRecorded>(time_passed),
    Subscription::to::<ReviewEvent, DecisionMade>(decision_made),
    Subscription::to::<DeliveryEvent, ResultDelivered>(result_delivered),
    Subscription::to::<DeliveryEvent, ResultRevoked>(result_revoked),
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
    let DecisionMade { brief, outcome, by, reason } = event.read()?;
    let (decided_at, cause, dossier) = (event.envelope.at, event.id, brief.dossier);
    let brief = Some(brief);
    let command = RecordDecision { outcome, by, decided_at, cause, brief, reason };
    Ok(vec![Follow::on(dossier, command)])
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
