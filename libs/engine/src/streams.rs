//! Loads streams, decides on commands, and appends the events.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dossier::State;
use events::{EventStore, ReadError, Recorded, StreamName, Version};
use uuid::Uuid;

use crate::{Engine, Progress};

mod append;
mod command;
mod execute;
mod hot;
mod loaded;
mod outcome;
mod seen;
mod together;
mod trial;

use hot::Hot;

pub(crate) use command::Authority;
pub use command::{Begins, CommandEnvelope};
pub use loaded::Loaded;
pub use outcome::{Executed, Failure};
pub use seen::Seen;
pub use together::read_each;

/// All streams of one kind; the states of recently used ones are cached.
#[derive(Debug)]
pub struct Streams<S: State> {
    engine: Arc<Engine>,
    states: Mutex<Hot<S>>,
    reactions: OnceLock<Progress>,
}

impl<S: State> Streams<S> {
    /// Streams in the engine's store, with an empty cache.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, states: Mutex::new(Hot::new()), reactions: OnceLock::new() }
    }

    /// Sets the reactions whose effects a caller may wait for.
    pub fn fed_by(&self, reactions: Progress) {
        // A service has one set of reactions; it is set once.
        let _ = self.reactions.set(reactions);
    }

    /// The reactions whose effects a caller may wait for, if there are any.
    #[must_use]
    pub fn reactions(&self) -> Option<&Progress> {
        self.reactions.get()
    }

    /// The components that these streams use.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The name of the stream for this id.
    #[must_use]
    pub fn of(id: Uuid) -> StreamName {
        StreamName::of(S::CATEGORY, id)
    }

    /// The name of the stream with this id, which is a text from outside.
    pub fn name(id: &str) -> Result<StreamName, events::InvalidStreamName> {
        StreamName::new(&format!("{}-{id}", S::CATEGORY))
    }

    /// The present state of a stream.
    pub async fn load(&self, stream: &StreamName) -> Result<Arc<Loaded<S>>, ReadError> {
        if let Some(current) = self.current(stream) {
            return Ok(current);
        }
        let mut loaded = self.remembered(stream).unwrap_or_default();
        loop {
            let events = self.engine.store.read(stream, loaded.version).await?;
            if events.is_empty() {
                return Ok(loaded);
            }
            let complete = EventStore::is_whole(&events);
            let next = Arc::make_mut(&mut loaded);
            for event in &events {
                next.take(event)?;
            }
            if complete {
                self.remember(stream, &loaded);
                return Ok(loaded);
            }
        }
    }

    /// The cached state, if the store can tell that the stream has not changed since.
    pub(crate) fn current(&self, stream: &StreamName) -> Option<Arc<Loaded<S>>> {
        self.remembered(stream)
            .filter(|known| self.engine.store.is_unchanged(stream, known.position))
    }

    /// The state after all of the stream's `events`, or the cached state if that is newer.
    pub(crate) fn take_in(
        &self,
        stream: &StreamName,
        events: &[Recorded],
    ) -> Result<Arc<Loaded<S>>, ReadError> {
        let newest = events.last().map(|event| event.version);
        if let Some(known) = self.remembered(stream).filter(|known| known.version >= newest) {
            return Ok(known);
        }
        let mut loaded = Loaded::default();
        events.iter().try_for_each(|event| loaded.take(event))?;
        let loaded = Arc::new(loaded);
        self.remember(stream, &loaded);
        Ok(loaded)
    }

    /// The state at an earlier version: to repeat the answer to a command, or for an agency that
    /// transferred the dossier then.
    pub async fn load_at(&self, stream: &StreamName, at: Version) -> Result<Loaded<S>, ReadError> {
        let mut loaded = Loaded::default();
        while loaded.version < Some(at) {
            let events = self.engine.store.read(stream, loaded.version).await?;
            if events.is_empty() {
                break;
            }
            for event in events.iter().filter(|event| event.version <= at) {
                loaded.take(event)?;
            }
        }
        Ok(loaded)
    }

    fn remembered(&self, stream: &StreamName) -> Option<Arc<Loaded<S>>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(stream)
    }

    fn remember(&self, stream: &StreamName, loaded: &Arc<Loaded<S>>) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).put(stream, loaded);
    }

    fn forget(&self, stream: &StreamName) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).forget(stream);
    }
}
