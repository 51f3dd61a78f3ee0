//! Where a dossier is at the one-stop unit, and its fee: each value carries the facts that exist in
//! it only.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Running;
use crate::contract::{ClosedAs, DossierDecided, SupplementRequested};

/// The stage of a dossier at the one-stop unit, without the facts that belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    Empty,
    /// Waits for the one-stop unit's answer.
    Submitted,
    /// Accepted and in processing.
    Processing,
    Decided,
    /// The one-stop unit did not accept it.
    Refused,
    Withdrawn,
    Closed(ClosedAs),
}

/// A supplement that was requested and has not been submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    pub request: SupplementRequested,
    /// The event that requested it.
    pub event: Uuid,
    /// The applicant's period.
    pub window: Running,
}

/// The answer that the one-stop unit owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerDue {
    pub running: Running,
    pub missed: bool,
}

/// What is owed before acceptance: by the one-stop unit or by the applicant.
#[derive(Debug, Clone, PartialEq)]
pub enum Owed {
    /// No period runs: the fee comes first, or the procedure gives none for the answer.
    Nothing,
    Answer(AnswerDue),
    Supplement(Arc<OpenRequest>),
}

/// How a dossier ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Decided; closed once the result is delivered.
    Decided(Arc<DossierDecided>),
    Refused,
    Withdrawn,
    /// With the decision, if there was one.
    Closed(ClosedAs, Option<Arc<DossierDecided>>),
}

/// The progress of a dossier.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Progress {
    #[default]
    Empty,
    Submitted(Owed),
    /// Accepted; with the supplement that is awaited.
    Processing(Option<Arc<OpenRequest>>),
    /// The instant is that of the first ending: a decided dossier is closed later.
    Ended(Timestamp, Ending),
}

impl Progress {
    /// The stage alone.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Empty => Stage::Empty,
            Self::Submitted(_) => Stage::Submitted,
            Self::Processing(_) => Stage::Processing,
            Self::Ended(_, Ending::Decided(_)) => Stage::Decided,
            Self::Ended(_, Ending::Refused) => Stage::Refused,
            Self::Ended(_, Ending::Withdrawn) => Stage::Withdrawn,
            Self::Ended(_, Ending::Closed(closed_as, _)) => Stage::Closed(*closed_as),
        }
    }

    pub(super) const fn answer_mut(&mut self) -> Option<&mut AnswerDue> {
        if let Self::Submitted(Owed::Answer(answer)) = self { Some(answer) } else { None }
    }

    /// The supplement that is awaited.
    #[must_use]
    pub const fn open_request(&self) -> Option<&Arc<OpenRequest>> {
        match self {
            Self::Submitted(Owed::Supplement(open)) | Self::Processing(Some(open)) => Some(open),
            Self::Empty | Self::Submitted(_) | Self::Processing(None) | Self::Ended(..) => None,
        }
    }

    pub(super) fn open_request_mut(&mut self) -> Option<&mut OpenRequest> {
        match self {
            Self::Submitted(Owed::Supplement(open)) | Self::Processing(Some(open)) => {
                Some(Arc::make_mut(open))
            }
            Self::Empty | Self::Submitted(_) | Self::Processing(None) | Self::Ended(..) => None,
        }
    }

    /// Begins to await a supplement. The one-stop unit owes no answer meanwhile.
    pub(super) fn request(&mut self, open: OpenRequest) {
        match self {
            Self::Submitted(owed) => *owed = Owed::Supplement(Arc::new(open)),
            Self::Processing(request) => *request = Some(Arc::new(open)),
            Self::Empty | Self::Ended(..) => {}
        }
    }

    /// No longer awaits a supplement; returns the request.
    pub(super) fn supplemented(&mut self) -> Option<Arc<OpenRequest>> {
        let open = self.open_request().cloned();
        match self {
            Self::Submitted(owed @ Owed::Supplement(_)) => *owed = Owed::Nothing,
            Self::Processing(request) => *request = None,
            Self::Empty | Self::Submitted(_) | Self::Ended(..) => {}
        }
        open
    }

    /// Begins the period for the one-stop unit's answer; with `None`, none runs. A supplement stays
    /// awaited: its submission begins a new period.
    pub(super) fn owes(&mut self, answer: Option<AnswerDue>) {
        if let Self::Submitted(owed @ (Owed::Nothing | Owed::Answer(_))) = self {
            *owed = answer.map_or(Owed::Nothing, Owed::Answer);
        }
    }

    /// Ends, with this decision if there is one.
    pub(super) fn end(&mut self, at: Timestamp, ending: Ending) {
        let first = if let Self::Ended(first, _) = self { *first } else { at };
        *self = Self::Ended(first, ending);
    }
}

/// The fee of a dossier, as intake knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fee {
    /// Not received, whether or not one is owed.
    #[default]
    Open,
    Received {
        at: Timestamp,
        /// When an earlier payment was returned.
        returned_at: Option<Timestamp>,
    },
    /// Returned, or found not to have been received.
    Returned {
        at: Timestamp,
        /// The event that suspended the clock for the fee.
        stop: Option<Uuid>,
    },
}

impl Fee {
    /// When it was paid; `None` if it was not received, or was returned.
    #[must_use]
    pub const fn received_at(self) -> Option<Timestamp> {
        if let Self::Received { at, .. } = self { Some(at) } else { None }
    }

    /// When it was last returned or found not to have been received.
    #[must_use]
    pub const fn returned_at(self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Received { returned_at, .. } => returned_at,
            Self::Returned { at, .. } => Some(at),
        }
    }

    /// The event that suspended the clock for the fee, while the suspension lasts.
    #[must_use]
    pub const fn stop(self) -> Option<Uuid> {
        if let Self::Returned { stop, .. } = self { stop } else { None }
    }

    /// Records a payment; returns the event whose suspension of the clock ends with it.
    pub(super) fn receive(&mut self, at: Timestamp) -> Option<Uuid> {
        let stop = self.stop();
        *self = Self::Received { at, returned_at: self.returned_at() };
        stop
    }

    /// Records a return; `stop` is its event, if it suspended the clock.
    pub(super) fn give_back(&mut self, at: Timestamp, stop: Option<Uuid>) {
        *self = Self::Returned { at, stop: stop.or(self.stop()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn a_fee_that_is_paid_again_ends_its_suspension_and_keeps_when_it_was_returned() {
        let (first, back, again) =
            (at("2026-11-20T09:00"), at("2026-11-21T09:00"), at("2026-11-22T09:00"));
        let mut fee = Fee::default();
        assert_eq!((fee.receive(first), fee.received_at()), (None, Some(first)));
        fee.give_back(back, Some(Uuid::nil()));
        assert_eq!((fee.received_at(), fee.stop()), (None, Some(Uuid::nil())));
        assert_eq!(fee.receive(again), Some(Uuid::nil()));
        assert_eq!((fee.stop(), fee.returned_at()), (None, Some(back)));
    }

    #[test]
    fn a_dossier_that_is_decided_and_closed_later_ended_with_the_decision() {
        let mut progress = Progress::Processing(None);
        progress.end(at("2026-11-20T09:00"), Ending::Refused);
        progress.end(at("2026-11-21T09:00"), Ending::Closed(ClosedAs::Delivered, None));
        assert_eq!(progress.stage(), Stage::Closed(ClosedAs::Delivered));
        assert!(matches!(progress, Progress::Ended(first, _) if first == at("2026-11-20T09:00")));
    }
}
