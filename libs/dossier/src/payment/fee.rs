//! The fee of a dossier, with the facts that exist in its stage only.

use std::sync::Arc;

use jiff::Timestamp;

use crate::clock::Running;
use crate::contract::{Brief, FeeAssessed, FeeReassessed, Vnd};

/// An assessed fee.
#[derive(Debug, Clone)]
pub struct Fee {
    pub assessed: Arc<FeeAssessed>,
    /// The window to pay; `None` if there is none.
    pub window: Option<Running>,
    pub stage: FeeStage,
}

/// Whether a fee is owed, paid, or no longer to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeStage {
    Owed {
        /// Whether it is owed again while the dossier is being processed for the part that was
        /// paid.
        in_process: bool,
    },
    /// Covered, since this instant.
    Settled(Timestamp),
    /// Nothing more is owed.
    Closed(Closed),
}

/// What is left of a fee when the dossier or the window has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Amount that the agency keeps.
    pub kept: Vnd,
    /// When the fee was covered; `None` if it was not.
    pub settled_at: Option<Timestamp>,
    pub window_expired: bool,
    /// Whether the dossier has ended, as far as payment has received it.
    pub dossier_ended: bool,
}

impl Fee {
    pub(super) fn new(assessed: FeeAssessed, window: Option<Running>) -> Self {
        let stage = FeeStage::Owed { in_process: false };
        Self { assessed: Arc::new(assessed), window, stage }
    }

    /// Applies a new assessment: the fee is owed until it is settled again. A closed fee stays
    /// closed.
    pub(super) fn reassess(&mut self, reassessed: &FeeReassessed, window: Option<Running>) {
        let assessed = Arc::make_mut(&mut self.assessed);
        // The fee may stay with an agency that has transferred the dossier.
        let (agency, receiver) = (assessed.brief.agency.clone(), assessed.brief.receiver.clone());
        assessed.brief = Brief { agency, receiver, ..reassessed.brief.clone() };
        assessed.lines.clone_from(&reassessed.lines);
        assessed.total = reassessed.total;
        self.owe_again(false, window.or(self.window));
    }

    /// When it was covered; `None` while it is not.
    pub(super) const fn settled_at(&self) -> Option<Timestamp> {
        match self.stage {
            FeeStage::Owed { .. } => None,
            FeeStage::Settled(at) => Some(at),
            FeeStage::Closed(closed) => closed.settled_at,
        }
    }

    pub(super) const fn closed(&self) -> Option<Closed> {
        match self.stage {
            FeeStage::Closed(closed) => Some(closed),
            FeeStage::Owed { .. } | FeeStage::Settled(_) => None,
        }
    }

    /// Amount that the agency may keep: the whole fee until it is closed.
    pub(super) fn kept(&self) -> Vnd {
        self.closed().map_or(self.assessed.total, |closed| closed.kept)
    }

    /// Old logs may have this event after the fee was closed; it stays closed.
    pub(super) const fn settle(&mut self, at: Timestamp) {
        match &mut self.stage {
            FeeStage::Owed { .. } | FeeStage::Settled(_) => self.stage = FeeStage::Settled(at),
            FeeStage::Closed(closed) => closed.settled_at = Some(at),
        }
    }

    /// As with [`Fee::settle`], a closed fee stays closed.
    pub(super) const fn owe_again(&mut self, in_process: bool, window: Option<Running>) {
        self.window = window;
        match &mut self.stage {
            FeeStage::Owed { .. } | FeeStage::Settled(_) => {
                self.stage = FeeStage::Owed { in_process };
            }
            FeeStage::Closed(closed) => closed.settled_at = None,
        }
    }

    /// Closes it, or changes how it is closed.
    pub(super) fn close(&mut self, change: impl FnOnce(&mut Closed)) {
        let mut closed = self.closed().unwrap_or_else(|| Closed {
            kept: self.assessed.total,
            settled_at: self.settled_at(),
            window_expired: false,
            dossier_ended: false,
        });
        change(&mut closed);
        self.stage = FeeStage::Closed(closed);
    }

    /// The dossier has ended; of what was kept before and `kept`, the agency keeps the smaller.
    pub(super) fn end(&mut self, kept: Vnd, window_expired: bool) {
        let kept = self.closed().map_or(kept, |closed| closed.kept.min(kept));
        self.close(|closed| {
            closed.kept = kept;
            closed.dossier_ended = true;
            closed.window_expired |= window_expired;
        });
    }
}
