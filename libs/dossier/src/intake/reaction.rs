//! What intake does about the events of others: which command follows from which event.

use super::{
    Intake, answer_review, close_unpaid, exclude_time, record_decision, record_delivery,
    record_fee, return_fee,
};
use crate::contract::{
    ClosedAs, DeliveryEvent, DossierId, EventSet, FeeSettled, IntakeEvent, PaymentEvent,
    ReviewEvent, Unreadable,
};
use crate::step::{Facts, Follow, Incoming, LawError, Reacted, Reaction, Step, Subscription};

/// The events of others that concern intake.
pub(super) const SUBSCRIPTIONS: &[Subscription<Intake>] = &[
    old("payment.FeeSettled.v1"),
    old("payment.FeeOwedAgain.v1"),
    old("payment.FeeWindowExpired.v1"),
    old("review.SupplementNeeded.v1"),
    old("review.ConsultationAnswered.v1"),
    old("review.ConsultationSilent.v1"),
    old("review.VerificationRecorded.v1"),
    old("review.DecisionMade.v1"),
    old("delivery.ResultDelivered.v1"),
    old("delivery.ResultRevoked.v1"),
];

const fn old(kind: &'static str) -> Subscription<Intake> {
    Subscription { kind, react: Follow::old::<IntakeReaction> }
}

/// What intake does about the events of others.
#[derive(Debug)]
pub enum IntakeReaction {
    /// The fee is there.
    RecordFee(record_fee::RecordFee),
    /// The fee is not there any more.
    ReturnFee(return_fee::ReturnFee),
    /// The fee did not come in time.
    CloseUnpaid(DossierId),
    /// Review needs something from the applicant.
    AnswerReview(answer_review::AnswerReview),
    /// Some time is not counted.
    ExcludeTime(exclude_time::ExcludeTime),
    /// The dossier was decided.
    RecordDecision(record_decision::RecordDecision),
    /// The applicant has the result, or it was revoked before.
    RecordDelivery(DossierId, ClosedAs),
}

impl Reaction for IntakeReaction {
    type State = Intake;

    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_enum_match_arm, reason = "a reaction names what it reacts to")
    )]
    fn react(event: &Incoming<'_>) -> Result<Vec<Self>, Unreadable> {
        let (kind, data) = (event.kind, event.data);
        let reaction = match kind.split('.').next() {
            Some("payment") => match PaymentEvent::decode(kind, data)? {
                PaymentEvent::FeeSettled(FeeSettled { dossier, amount, paid_at }) => {
                    let cause = event.id;
                    Self::RecordFee(record_fee::RecordFee { dossier, amount, paid_at, cause })
                }
                PaymentEvent::FeeOwedAgain(owed) => {
                    let (dossier, amount) = (owed.dossier, owed.amount);
                    let (since, cause) = (event.envelope.at, event.id);
                    Self::ReturnFee(return_fee::ReturnFee { dossier, amount, since, cause })
                }
                PaymentEvent::FeeWindowExpired(expired) => Self::CloseUnpaid(expired.dossier),
                _ => return Ok(Vec::new()),
            },
            Some("review") => match (ReviewEvent::decode(kind, data)?, event.envelope.dossier) {
                (ReviewEvent::SupplementNeeded(needed), Some(dossier)) => {
                    let asked_by = event.id;
                    Self::AnswerReview(answer_review::AnswerReview { dossier, asked_by, needed })
                }
                (ReviewEvent::DecisionMade(decision), _) => {
                    let decided_at = event.envelope.at;
                    let (dossier, cause) = (decision.brief.dossier, event.id);
                    let (outcome, by) = (decision.outcome, decision.by);
                    let command =
                        record_decision::RecordDecision { dossier, outcome, by, decided_at, cause };
                    Self::RecordDecision(command)
                }
                (other, Some(dossier)) => {
                    let at = event.envelope.at;
                    match exclude_time::ExcludeTime::of(dossier, &other, event.id, at) {
                        Some(command) => Self::ExcludeTime(command),
                        None => return Ok(Vec::new()),
                    }
                }
                _ => return Ok(Vec::new()),
            },
            Some("delivery") => match DeliveryEvent::decode(kind, data)? {
                DeliveryEvent::ResultRevoked(_) => match event.envelope.dossier {
                    Some(dossier) => Self::RecordDelivery(dossier, ClosedAs::Ended),
                    None => return Ok(Vec::new()),
                },
                DeliveryEvent::ResultDelivered(delivered) => {
                    Self::RecordDelivery(delivered.brief.dossier, ClosedAs::Delivered)
                }
                _ => return Ok(Vec::new()),
            },
            _ => return Ok(Vec::new()),
        };
        Ok(vec![reaction])
    }

    fn step(&self) -> &'static Step {
        match self {
            Self::RecordFee(_) => &record_fee::STEP,
            Self::ReturnFee(_) => &return_fee::STEP,
            Self::CloseUnpaid(_) => &close_unpaid::STEP,
            Self::AnswerReview(_) => &answer_review::STEP,
            Self::ExcludeTime(_) => &exclude_time::STEP,
            Self::RecordDecision(_) => &record_decision::STEP,
            Self::RecordDelivery(..) => &record_delivery::STEP,
        }
    }

    fn dossier(&self) -> DossierId {
        match self {
            Self::RecordFee(command) => command.dossier,
            Self::ReturnFee(command) => command.dossier,
            Self::AnswerReview(command) => command.dossier,
            Self::ExcludeTime(command) => command.dossier,
            Self::RecordDecision(command) => command.dossier,
            Self::CloseUnpaid(dossier) | Self::RecordDelivery(dossier, _) => *dossier,
        }
    }

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Reacted<IntakeEvent>, LawError> {
        match self {
            Self::RecordFee(command) => record_fee::decide(intake, command, facts),
            Self::ReturnFee(command) => return_fee::decide(intake, *command, facts),
            Self::CloseUnpaid(_) => Ok(close_unpaid::decide(intake)),
            Self::AnswerReview(command) => answer_review::decide(intake, command, facts),
            Self::ExcludeTime(command) => exclude_time::decide(intake, command, facts),
            Self::RecordDecision(command) => record_decision::decide(intake, command, facts),
            Self::RecordDelivery(_, closed_as) => Ok(record_delivery::decide(intake, *closed_as)),
        }
    }
}
