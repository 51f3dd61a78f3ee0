//! Where a follower reads, and which replica does.

use events::bus::{Leadership, cursor};
use events::{Filter, Page, Position, ReadError};

use super::Place;
use crate::Engine;

/// Where a follower reads, and which replica does.
#[derive(Debug)]
pub enum Source {
    /// Every replica, in the store.
    Every,
    /// The leader, in the store.
    Leader(Leadership),
    /// The leader of the service, on the bus. It announces its position to the other replicas and
    /// saves it in the store for its successor.
    Bus(Box<Place>),
}

/// What this replica does at present.
pub(super) enum Standing {
    /// Another one leads and has announced this position.
    By(Position),
    /// This one has just become the leader.
    TakesOver,
    /// This one handles the events.
    Leads,
}

impl Source {
    /// The bus, as seen by this service.
    #[must_use]
    pub fn bus(engine: &std::sync::Arc<Engine>, service: &'static str, filter: &Filter) -> Self {
        Self::Bus(Box::new(Place::new(engine, service, filter.clone())))
    }

    /// The leadership that a replica needs in order to make progress.
    pub(super) const fn lead(&self) -> Option<&Leadership> {
        match self {
            Self::Leader(lead) => Some(lead),
            // On the bus, others hear of the leader's progress.
            Self::Every | Self::Bus(_) => None,
        }
    }

    pub(super) fn settle(&mut self) -> Standing {
        match self {
            Self::Every => Standing::Leads,
            Self::Leader(lead) if lead.now() => Standing::Leads,
            Self::Leader(_) => Standing::By(Position::START),
            Self::Bus(place) => place.settle(),
        }
    }

    /// The position that the previous leader has saved in the store.
    pub(super) async fn cursor(&self) -> Result<Position, ReadError> {
        match self {
            Self::Bus(place) if place.is_shared() => cursor(place.store(), place.service()).await,
            Self::Bus(_) | Self::Every | Self::Leader(_) => Ok(Position::START),
        }
    }

    /// Makes the next call of [`Self::settle`] take over again.
    pub(super) fn leave(&mut self) {
        if let Self::Bus(place) = self {
            place.leave();
        }
    }

    pub(super) async fn page(
        &mut self,
        engine: &Engine,
        filter: &Filter,
        after: Position,
        limit: usize,
    ) -> Result<Page, ReadError> {
        match self {
            Self::Every | Self::Leader(_) => engine.store.read_all(after, filter, limit).await,
            Self::Bus(place) => place.page(after, limit).await,
        }
    }

    /// Everything up to `through` was handled, the last `events` of it since the previous call, and
    /// nothing up to `settled` is left to do.
    pub(super) async fn reached(&mut self, through: Position, settled: Position, events: usize) {
        if let Self::Bus(place) = self {
            place.reached(through, settled, events).await;
        }
    }

    pub(super) async fn woken(&mut self, engine: &Engine, done: Position) {
        match self {
            Self::Every => engine.store.wait_past(done).await,
            Self::Leader(lead) if lead.now() => engine.store.wait_past(done).await,
            Self::Leader(lead) => lead.other_than(false).await,
            Self::Bus(place) => place.woken(done).await,
        }
    }
}
