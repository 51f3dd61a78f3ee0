//! What the adapter writes for itself, in streams whose names have a space, which ours never have: who the log is, and
//! what time it is at the server.

use std::time::{Duration, Instant};

use eventstore::{
    AppendToStreamOptions, Error, EventData, ReadStreamOptions, RecordedEvent, StreamMetadata,
    StreamPosition, StreamState,
};
use uuid::Uuid;

use super::connection::{Connection, all_of};

/// The id of the log's first sign of life, which the client drew: the log's identity, for as long as it is there.
pub(super) async fn identity(connection: &Connection, log: &str) -> Result<Uuid, Error> {
    if let Some(id) = begun(connection, log).await? {
        return Ok(id);
    }
    forget_times(connection, log).await?;
    match say(connection, &begins(log), StreamState::NoStream).await {
        // Another process was faster.
        Ok(_) | Err(Error::WrongExpectedVersion { .. }) => {}
        Err(error) => return Err(error),
    }
    begun(connection, log).await?.ok_or(Error::ResourceNotFound)
}

/// The identity of a log that was begun.
pub(super) async fn begun(connection: &Connection, log: &str) -> Result<Option<Uuid>, Error> {
    Ok(last(connection, &begins(log)).await?.map(|begun| begun.id))
}

fn begins(log: &str) -> String {
    format!("{log} begun")
}

/// The server's time, since the beginning of 1970, and when it was that here: it says when it recorded something, and of
/// nothing else.
pub(super) async fn time(connection: &Connection, log: &str) -> Result<(Duration, Instant), Error> {
    let name = format!("{log} time");
    let at = say(connection, &name, StreamState::Any).await?;
    let said = last(connection, &name).await?.ok_or(Error::ResourceNotFound)?;
    // Ticks of 100 ns; the client's own reading of them knows whole seconds alone.
    let ticks = said.metadata.get("created").and_then(|ticks| ticks.parse::<u64>().ok());
    let unsaid = || Error::IllegalStateError("the server does not say when".to_owned());
    Ok((Duration::from_micros(ticks.ok_or_else(unsaid)? / 10), at))
}

/// Has the server keep no more than the newest of the times it was asked for.
async fn forget_times(connection: &Connection, log: &str) -> Result<(), Error> {
    let newest = StreamMetadata::builder().max_count(1).build();
    let (name, options) = (format!("{log} time"), AppendToStreamOptions::default());
    let set = connection.ask(|client| {
        let (name, options, newest) = (name.clone(), options.clone(), newest.clone());
        async move { client.set_stream_metadata(name, &options, &newest).await }
    });
    set.await.map(drop)
}

/// Writes a sign of life; returns when the try began that was answered.
async fn say(connection: &Connection, name: &str, state: StreamState) -> Result<Instant, Error> {
    let options = AppendToStreamOptions::default().stream_state(state);
    let said = connection.ask(|client| {
        let (name, options) = (name.to_owned(), options.clone());
        let event = EventData::binary("log.Said.v1", "{}".into());
        async move {
            let at = Instant::now();
            client.append_to_stream(name, &options, event).await?;
            Ok(at)
        }
    });
    said.await
}

async fn last(connection: &Connection, name: &str) -> Result<Option<RecordedEvent>, Error> {
    let options = ReadStreamOptions::default().position(StreamPosition::End).backwards();
    let options = options.max_count(1);
    let read = connection.ask(|client| {
        let (name, options) = (name.to_owned(), options.clone());
        async move { all_of(client.read_stream(name, &options).await?).await }
    });
    match read.await {
        Ok(mut events) => Ok(events.pop()),
        Err(Error::ResourceNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
