//! The adapter's own streams, whose names contain a space, which names of the log's streams never do: the identity of the
//! log, and the server's time.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use eventstore::{AppendToStreamOptions, Error, EventData, StreamMetadata, StreamState};
use tokio::time::Instant;
use uuid::Uuid;

use super::batch::Append;
use super::connection::Connection;
use super::failure::Failure;
use super::reads::{Newest, newest};
use super::wire::append::{ExpectedRevision, Options, Proposed, Seconds};
use crate::limits::{ANSWERED_IN, CALL_IN};

/// Creates the log: the id of the first event, which the client draws, is its identity.
pub(super) async fn begin(connection: &Connection, log: &str) -> Result<Uuid, Failure> {
    let (stream, times) = (format!("{log} begun"), format!("{log} time"));
    let until = Instant::now() + ANSWERED_IN;
    let begun = connection.ask((until, CALL_IN), |node| {
        let (stream, times) = (stream.clone(), times.clone());
        async move {
            let client = connection.client(&node)?;
            // The stream of the server's time keeps its newest event only.
            let (options, metadata) =
                (AppendToStreamOptions::default(), StreamMetadata::builder().max_count(1).build());
            client.set_stream_metadata(times, &options, &metadata).await.map_err(of_client)?;
            let options = options.stream_state(StreamState::NoStream);
            let event = EventData::binary("log.Said.v1", "{}".into());
            match client.append_to_stream(stream, &options, event).await {
                // Another process has created it.
                Ok(_) | Err(Error::WrongExpectedVersion { .. }) => Ok(()),
                Err(error) => Err(of_client(error)),
            }
        }
    });
    begun.await?;
    let begun = begun_by(connection, log, until).await?;
    begun.ok_or_else(|| Failure::Final("the log that was created cannot be read".to_owned()))
}

fn of_client(error: Error) -> Failure {
    match error {
        Error::AccessDenied => Failure::Denied(error.to_string()),
        error => Failure::Passing(error.to_string()),
    }
}

/// The identity of the log, if it exists.
pub(super) async fn begun_by(
    connection: &Connection,
    log: &str,
    until: Instant,
) -> Result<Option<Uuid>, Failure> {
    let stream = format!("{log} begun");
    let newest = connection.ask((until, CALL_IN), |node| newest(node, stream.clone())).await?;
    Ok(newest.map(|newest| newest.id))
}

/// The server's time (since 1970), and this machine's monotonic time at that moment. The server reports its time only as
/// the time at which an event was recorded.
pub(super) async fn time(
    connection: &Connection,
    log: &str,
    until: Instant,
) -> Result<(Duration, Instant), Failure> {
    let stream = format!("{log} time");
    let at = connection.ask((until, CALL_IN), |node| {
        let append = sign_of_life(&stream);
        async move {
            let at = Instant::now();
            node.send(append).await?.answered().await?;
            Ok(at)
        }
    });
    let at = at.await?;
    let newest = connection.ask((until, CALL_IN), |node| newest(node, stream.clone())).await?;
    let unsaid =
        || Failure::Final("the server does not report when it recorded an event".to_owned());
    let Newest { created, .. } = newest.ok_or_else(unsaid)?;
    Ok((created.ok_or_else(unsaid)?, at))
}

/// An event without content. A retry may append it twice.
fn sign_of_life(stream: &str) -> Append {
    // The keys of a hasher are random: ids do not collide.
    let drawn = || RandomState::new().build_hasher().finish();
    let id = Uuid::from_u64_pair(drawn(), drawn());
    let metadata = [("type", "log.Said.v1"), ("content-type", "application/octet-stream")];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let proposed = Proposed {
        id: Some(id.into()),
        metadata: HashMap::from(metadata),
        custom_metadata: Bytes::new(),
        data: Bytes::from_static(b"{}"),
    };
    Append { options: options(stream, ExpectedRevision::Any(())), proposed: vec![proposed] }
}

/// The options of an append.
pub(super) fn options(stream: &str, expected: ExpectedRevision) -> Options {
    let seconds = i64::try_from(CALL_IN.as_secs()).unwrap_or(i64::MAX);
    Options {
        stream_identifier: Some(stream.into()),
        expected: Some(expected),
        deadline: Some(Seconds { seconds, nanos: 0 }),
    }
}
