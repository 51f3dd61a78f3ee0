//! Reads several streams in one round trip, for a page of a list.

#[cfg(any(feature = "postgres", feature = "eventstoredb"))]
use crate::budget;
use crate::limits::{READ_EVENTS_MAX, TOGETHER_BYTES_MAX};
use crate::{EventStore, ReadError, Recorded, StreamName};

impl EventStore {
    /// All events of several streams, in one round trip where the engine can: of all `streams`, or
    /// of the first ones that reach [`TOGETHER_BYTES_MAX`], at least one.
    pub async fn read_together(
        &self,
        streams: &[StreamName],
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let mut read = self.first_of_each(streams, READ_EVENTS_MAX).await?;
        for (stream, events) in streams.iter().zip(&mut read) {
            if !Self::is_whole(events) {
                *events = self.read_whole(stream).await?;
            }
        }
        Ok(read)
    }

    /// The first event of each of several streams, in their order; `None` for a stream that does
    /// not exist. Fewer than `streams` if the events are large, but at least one.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn read_firsts(
        &self,
        streams: &[StreamName],
    ) -> Result<Vec<Option<Recorded>>, ReadError> {
        let read = self.first_of_each(streams, 1).await?;
        Ok(read.into_iter().map(|events| events.into_iter().next()).collect())
    }

    /// The first events of each stream: at least `limit` of them, or all that there are, so that
    /// engines in memory need not cut what they have.
    async fn first_of_each(
        &self,
        streams: &[StreamName],
        limit: usize,
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        match self {
            Self::Sqlite(store) => store.read_together(streams, limit).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                Box::pin(budget::counted(store.read_together(streams, limit))).await
            }
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb(store) => {
                Box::pin(budget::counted(store.read_together(streams, limit))).await
            }
            Self::Faulty(store) => Box::pin(store.read_together(streams)).await,
            Self::Memory(_) => {
                let (mut read, mut bytes) = (Vec::new(), 0);
                for stream in streams {
                    if bytes >= TOGETHER_BYTES_MAX {
                        break;
                    }
                    let events = self.read(stream, None).await?;
                    bytes += events.iter().map(Recorded::bytes).sum::<usize>();
                    read.push(events);
                }
                Ok(read)
            }
        }
    }
}
