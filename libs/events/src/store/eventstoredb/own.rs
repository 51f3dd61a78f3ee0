//! What the adapter writes for itself, in streams whose names have a space, which ours never have: who the log is, and
//! what time it is at the server.

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

/// The id of the log's first sign of life, which the client drew: the log's identity, for as long as it is there.
pub(super) async fn begin(connection: &Connection, log: &str) -> Result<Uuid, Failure> {
    let (stream, times) = (format!("{log} begun"), format!("{log} time"));
    let until = Instant::now() + ANSWERED_IN;
    let begun = connection.ask((until, CALL_IN), |node| {
        let (stream, times) = (stream.clone(), times.clone());
        async move {
            let client = connection.client(&node)?;
            // No more than the newest of the times it was asked for is kept.
            let (options, metadata) =
                (AppendToStreamOptions::default(), StreamMetadata::builder().max_count(1).build());
            client.set_stream_metadata(times, &options, &metadata).await.map_err(of_client)?;
            let options = options.stream_state(StreamState::NoStream);
            let event = EventData::binary("log.Said.v1", "{}".into());
            match client.append_to_stream(stream, &options, event).await {
                // Another process was faster.
                Ok(_) | Err(Error::WrongExpectedVersion { .. }) => Ok(()),
                Err(error) => Err(of_client(error)),
            }
        }
    });
    begun.await?;
    let begun = begun_by(connection, log, until).await?;
    begun.ok_or_else(|| Failure::Final("what was begun is not there".to_owned()))
}

fn of_client(error: Error) -> Failure {
    match error {
        Error::AccessDenied => Failure::Denied(error.to_string()),
        error => Failure::Passing(error.to_string()),
    }
}

/// The identity of a log that was begun.
pub(super) async fn begun_by(
    connection: &Connection,
    log: &str,
    until: Instant,
) -> Result<Option<Uuid>, Failure> {
    let stream = format!("{log} begun");
    let newest = connection.ask((until, CALL_IN), |node| newest(node, stream.clone())).await?;
    Ok(newest.map(|newest| newest.id))
}

/// The server's time, since the beginning of 1970, and when it was that here: it says when it recorded something, and of
/// nothing else.
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
    let unsaid = || Failure::Final("the server does not say when".to_owned());
    let Newest { created, .. } = newest.ok_or_else(unsaid)?;
    Ok((created.ok_or_else(unsaid)?, at))
}

/// An event that says nothing but that it was written. It may stand there twice.
fn sign_of_life(stream: &str) -> Append {
    // What makes a hash of a program's own cannot be foretold: nobody else draws the same id.
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

/// How an append is asked for.
pub(super) fn options(stream: &str, expected: ExpectedRevision) -> Options {
    let seconds = i64::try_from(CALL_IN.as_secs()).unwrap_or(i64::MAX);
    Options {
        stream_identifier: Some(stream.into()),
        expected: Some(expected),
        deadline: Some(Seconds { seconds, nanos: 0 }),
    }
}
