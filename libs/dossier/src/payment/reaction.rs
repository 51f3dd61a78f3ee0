//! Reactions of payment: the commands that follow from events of other services.

use super::Payment;
use super::assess_fee::AssessFee;
use super::lapse_fee::LapseFee;
use super::number_receipt::NumberReceipt;
use super::reassess_fee::ReassessFee;
use super::transfer_fee::TransferFee;
use crate::contract::{
    Brief, ClosedAs, DossierAccepted, DossierClosed, DossierEnd, DossierRefused, DossierSubmitted,
    DossierTransferred, DossierWithdrawn, FeeClaimsDecided, IntakeEvent, ReceiptEvent,
    ReceiptIssued, Unreadable,
};
use crate::step::{Follow, Incoming, Subscription};

type Follows = Result<Vec<Follow<Payment>>, Unreadable>;

/// Events to which payment reacts: of intake, and its own receipts.
pub(super) const SUBSCRIPTIONS: &[Subscription<Payment>] = &[
    Subscription::to::<IntakeEvent, DossierSubmitted>(submitted),
    Subscription::to::<IntakeEvent, FeeClaimsDecided>(claims_decided),
    Subscription::to::<IntakeEvent, DossierAccepted>(accepted),
    Subscription::to::<IntakeEvent, DossierTransferred>(transferred),
    Subscription::to::<IntakeEvent, DossierRefused>(refused),
    Subscription::to::<IntakeEvent, DossierWithdrawn>(withdrawn),
    Subscription::to::<IntakeEvent, DossierClosed>(closed),
    Subscription::to::<ReceiptEvent, ReceiptIssued>(receipted),
];

fn submitted(event: &Incoming<'_>) -> Follows {
    let DossierSubmitted { brief, fee_first, .. } = event.read()?;
    Ok(fee_first.then(|| assess(brief, false)).into_iter().collect())
}

fn claims_decided(event: &Incoming<'_>) -> Follows {
    let FeeClaimsDecided { brief, fee, .. } = event.read()?;
    Ok(fee.map(|_| Follow::on(brief.dossier, ReassessFee { brief })).into_iter().collect())
}

fn accepted(event: &Incoming<'_>) -> Follows {
    let DossierAccepted { brief, .. } = event.read()?;
    Ok(vec![assess(brief, true)])
}

fn assess(brief: Brief, accepted: bool) -> Follow<Payment> {
    let procedure = brief.clone();
    Follow::beginning(&procedure, AssessFee { brief, accepted })
}

/// The fee is assessed first, in case the event that leads to it is handled later.
fn transferred(event: &Incoming<'_>) -> Follows {
    let DossierTransferred { from, to, brief, fee_first, accepted, .. } = event.read()?;
    let mut follows = Vec::new();
    follows.extend(fee_first.then(|| assess(brief.clone(), false)));
    follows.extend(accepted.then(|| assess(brief.clone(), true)));
    follows.push(Follow::on(brief.dossier, TransferFee { from, to }));
    Ok(follows)
}

fn refused(event: &Incoming<'_>) -> Follows {
    let DossierRefused { accepted, .. } = event.read()?;
    Ok(ended(event, Some(DossierEnd::Refused), accepted))
}

fn withdrawn(event: &Incoming<'_>) -> Follows {
    let DossierWithdrawn { accepted, accepted_at, .. } = event.read()?;
    let accepted = accepted.or(accepted_at.map(|_| true));
    Ok(ended(event, Some(DossierEnd::Withdrawn), accepted))
}

fn closed(event: &Incoming<'_>) -> Follows {
    let DossierClosed { closed_as, accepted, accepted_at, .. } = event.read()?;
    let end = match closed_as {
        ClosedAs::NotSupplemented | ClosedAs::NotPaid => Some(DossierEnd::Closed),
        // Closed by an officer, or after a revocation: processed to its end, like a delivered one.
        ClosedAs::Delivered | ClosedAs::NoResult | ClosedAs::Ended => None,
    };
    Ok(ended(event, end, accepted.or(accepted_at.map(|_| true))))
}

fn ended(
    event: &Incoming<'_>,
    end: Option<DossierEnd>,
    accepted: Option<bool>,
) -> Vec<Follow<Payment>> {
    event.follow(Some(LapseFee { end, accepted, cause: event.id }))
}

fn receipted(event: &Incoming<'_>) -> Follows {
    let command = NumberReceipt { receipt: event.read()? };
    Ok(vec![Follow::on(command.receipt.dossier, command)])
}
