//! The stage of a dossier, its status by the national portal's numbers, and its flags.

use serde::{Deserialize, Serialize};

use super::DossierStates;
use crate::contract::{ClosedAs, Vnd};
use crate::intake::{Intake, Stage};

/// How far a dossier is at the one-stop unit.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DossierStage {
    Submitted,
    Processing,
    Decided,
    Refused,
    Withdrawn,
    Closed,
}

impl DossierStage {
    /// `None` if nothing was submitted.
    #[must_use]
    pub const fn of(intake: &Intake) -> Option<Self> {
        Some(match intake.stage() {
            Stage::Empty => return None,
            Stage::Submitted => Self::Submitted,
            Stage::Processing => Self::Processing,
            Stage::Decided => Self::Decided,
            Stage::Refused => Self::Refused,
            Stage::Withdrawn => Self::Withdrawn,
            Stage::Closed(_) => Self::Closed,
        })
    }

    /// Whether the dossier still has to be decided, delivered or closed.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::Processing | Self::Decided)
    }
}

/// What is unusual about a dossier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each a filter of lists")]
pub struct DossierFlags {
    /// The appointment was missed.
    pub missed: bool,
    /// Lateness was foreseen.
    pub foreseen_late: bool,
    /// The statutory clock is suspended.
    pub suspended: bool,
    /// The one-stop unit did not answer in time.
    pub intake_answer_missed: bool,
}

impl DossierFlags {
    pub(super) fn of(states: &DossierStates) -> Self {
        let promised = states.intake.promised.as_ref();
        Self {
            missed: promised.is_some_and(|promised| promised.missed),
            foreseen_late: promised.is_some_and(|promised| promised.foreseen),
            suspended: states.intake.is_suspended(),
            intake_answer_missed: states.intake_answer_missed,
        }
    }
}

/// The status as the national portal numbers it: 1 submitted, 2 accepted, 3 not accepted, 4 in
/// process, 5 supplement awaited, 6 fee awaited, 7 withdrawn, 8 stopped, 9 decided, 10 delivered.
pub(super) fn national(states: &DossierStates) -> u8 {
    let intake = &states.intake;
    match intake.stage() {
        Stage::Refused => 3,
        Stage::Withdrawn => 7,
        Stage::Decided => 9,
        Stage::Closed(ClosedAs::Delivered | ClosedAs::NoResult | ClosedAs::Ended) => 10,
        Stage::Closed(ClosedAs::NotSupplemented | ClosedAs::NotPaid) => 8,
        Stage::Empty | Stage::Submitted | Stage::Processing if intake.open_request().is_some() => 5,
        Stage::Empty | Stage::Submitted | Stage::Processing if awaits_fee(states) => 6,
        Stage::Empty | Stage::Submitted => 1,
        Stage::Processing if states.was_claimed || intake.requests_at_review > 0 => 4,
        Stage::Processing => 2,
    }
}

/// Whether a dossier that is not decided lacks its fee.
pub(super) fn awaits_fee(states: &DossierStates) -> bool {
    let (intake, payment) = (&states.intake, &states.payment);
    let first = intake.submission.as_ref().is_some_and(|submission| submission.fee_first);
    let unpaid = first && intake.fee.received_at().is_none();
    unpaid
        || intake.awaits_fee()
        || payment.outstanding() > Vnd::ZERO
        || payment.waits_for_certainty()
}
