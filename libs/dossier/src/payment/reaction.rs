//! What payment does about the events of others: which command follows from which event.

use super::{Payment, assess_fee, lapse_fee, number_receipt};
use crate::contract::{
    AgencyCode, ClosedAs, DossierEnd, DossierId, EventSet, IntakeEvent, PaymentEvent, ProcedureRef,
    ReceiptEvent, Unreadable,
};
use crate::step::{Facts, Follow, Incoming, LawError, Reacted, Reaction, Step, Subscription};

/// The events of others that concern payment.
pub(super) const SUBSCRIPTIONS: &[Subscription<Payment>] = &[
    old("intake.DossierSubmitted.v1"),
    old("intake.DossierAccepted.v1"),
    old("intake.DossierRefused.v1"),
    old("intake.DossierWithdrawn.v1"),
    old("intake.DossierClosed.v1"),
    old("payment.ReceiptIssued.v1"),
];

const fn old(kind: &'static str) -> Subscription<Payment> {
    Subscription { kind, react: Follow::old::<PaymentReaction> }
}

/// What payment does about the events of others.
#[derive(Debug)]
pub enum PaymentReaction {
    /// A dossier owes a fee.
    AssessFee(assess_fee::AssessFee),
    /// The dossier ended.
    LapseFee(DossierId, lapse_fee::Ending),
    /// A receipt has its number.
    NumberReceipt(number_receipt::NumberReceipt),
}

impl Reaction for PaymentReaction {
    type State = Payment;

    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_enum_match_arm, reason = "a reaction names what it reacts to")
    )]
    fn react(event: &Incoming<'_>) -> Result<Vec<Self>, Unreadable> {
        if ReceiptEvent::KINDS.contains(&event.kind) {
            let ReceiptEvent::ReceiptIssued(receipt) =
                ReceiptEvent::decode(event.kind, event.data)?;
            return Ok(vec![Self::NumberReceipt(number_receipt::NumberReceipt { receipt })]);
        }
        let brief = match IntakeEvent::decode(event.kind, event.data)? {
            IntakeEvent::DossierSubmitted(submitted) if submitted.fee_first => submitted.brief,
            IntakeEvent::DossierAccepted(accepted) => accepted.brief,
            IntakeEvent::DossierRefused(refused) => {
                return Ok(ended(event, Some(DossierEnd::Refused), refused.accepted));
            }
            IntakeEvent::DossierWithdrawn(withdrawn) => {
                let accepted = withdrawn.accepted.or(withdrawn.accepted_at.map(|_| true));
                return Ok(ended(event, Some(DossierEnd::Withdrawn), accepted));
            }
            IntakeEvent::DossierClosed(closed) => {
                let end = match closed.closed_as {
                    ClosedAs::NotSupplemented | ClosedAs::NotPaid => Some(DossierEnd::Closed),
                    // What an officer closed, or was revoked, had been worked on like what was delivered.
                    ClosedAs::Delivered | ClosedAs::NoResult | ClosedAs::Ended => None,
                };
                let accepted = closed.accepted.or(closed.accepted_at.map(|_| true));
                return Ok(ended(event, end, accepted));
            }
            _ => return Ok(Vec::new()),
        };
        let accepted = event.kind == "intake.DossierAccepted.v1";
        Ok(vec![Self::AssessFee(assess_fee::AssessFee { brief, accepted })])
    }

    fn step(&self) -> &'static Step {
        match self {
            Self::AssessFee(_) => &assess_fee::STEP,
            Self::LapseFee(..) => &lapse_fee::STEP,
            Self::NumberReceipt(_) => &number_receipt::STEP,
        }
    }

    fn dossier(&self) -> DossierId {
        match self {
            Self::AssessFee(command) => command.brief.dossier,
            Self::LapseFee(dossier, _) => *dossier,
            Self::NumberReceipt(command) => command.receipt.dossier,
        }
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        match self {
            Self::AssessFee(command) => Some((&command.brief.procedure, &command.brief.agency)),
            Self::LapseFee(..) | Self::NumberReceipt(_) => None,
        }
    }

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Reacted<PaymentEvent>, LawError> {
        match self {
            Self::AssessFee(command) => assess_fee::decide(payment, command, facts),
            Self::LapseFee(_, ending) => lapse_fee::decide(payment, *ending, facts),
            Self::NumberReceipt(command) => Ok(number_receipt::decide(payment, command)),
        }
    }
}

/// What payment learns of the end of a dossier.
fn ended(
    event: &Incoming<'_>,
    end: Option<DossierEnd>,
    accepted: Option<bool>,
) -> Vec<PaymentReaction> {
    let ending = lapse_fee::Ending { end, accepted, cause: event.id };
    let dossier = event.envelope.dossier.into_iter();
    dossier.map(|dossier| PaymentReaction::LapseFee(dossier, ending)).collect()
}
