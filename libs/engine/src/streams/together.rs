//! Loads the states of several streams, for a page of a list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dossier::State;
use events::{ReadError, StreamName};

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
        let mut done = 0;
        while done < unread.len() {
            let read = self.engine.store.read_together(&unread[done..]).await?;
            for (stream, events) in unread[done..].iter().zip(&read) {
                match self.take_in(stream, events) {
                    Ok(loaded) => drop(all.insert(stream.clone(), loaded)),
                    Err(error) => {
                        tracing::error!(%stream, %error, "stream cannot be decoded; leaving it out");
                        self.engine.metrics.defect("view");
                    }
                }
            }
            done += read.len().max(1);
        }
        Ok(all)
    }
}
