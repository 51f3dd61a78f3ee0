//! Loads the states of several streams, for a page of a list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::State;
use events::{EventStore, ReadError, Recorded, StreamName};

use super::{Loaded, Streams};

impl<S: State> Streams<S> {
    /// The present states of several streams, each once. Those that are not cached are read
    /// together. A stream that cannot be decoded is left out, logged and counted as a defect: it
    /// must not block the others.
    pub async fn load_together(
        &self,
        streams: impl IntoIterator<Item = StreamName>,
    ) -> Result<BTreeMap<StreamName, Arc<Loaded<S>>>, ReadError> {
        let (mut all, mut unread) = (BTreeMap::new(), BTreeSet::new());
        for stream in streams {
            match self.current(&stream) {
                Some(loaded) => drop(all.insert(stream, loaded)),
                None => {
                    unread.insert(stream);
                }
            }
        }
        let unread: Vec<StreamName> = unread.into_iter().collect();
        read_each(&self.engine.store, &unread, |stream, events| {
            match self.take_in(stream, events) {
                Ok(loaded) => drop(all.insert(stream.clone(), loaded)),
                Err(error) => {
                    tracing::error!(%stream, %error, "stream cannot be decoded; leaving it out");
                    self.engine.metrics.defect("view");
                }
            }
        })
        .await?;
        Ok(all)
    }
}

/// Reads whole streams, as many in one query of the store as its limits allow, and passes the
/// events of each to `take`.
///
/// # Errors
///
/// The store cannot be read.
pub async fn read_each(
    store: &EventStore,
    streams: &[StreamName],
    mut take: impl FnMut(&StreamName, &[Recorded]) + Send,
) -> Result<(), ReadError> {
    let mut rest = streams;
    while !rest.is_empty() {
        let read = store.read_together(rest).await?;
        let done = read.len().clamp(1, rest.len());
        for (stream, events) in rest.iter().zip(&read) {
            take(stream, events);
        }
        rest = &rest[done..];
    }
    Ok(())
}
