//! The adapter's own streams, whose names contain a space, which names of the log's streams never
//! do: the identity of the log, and the server's time.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use uuid::Uuid;

use super::batch::Append;
use super::connection::Connection;
use super::failure::Failure;
use super::reads::{Newest, newest};
use super::wire::append::{ExpectedRevision, Options, Proposed, Seconds};
use crate::limits::{ANSWERED_IN, CALL_IN};

/// Type and content type of the adapter's own events.
const SIGN_OF_LIFE: (&str, &str) = ("log.Said.v1", "application/octet-stream");

/// Creates the log: the id of its first event, which is drawn here, is its identity.
pub(super) async fn begin(connection: &Connection, log: &str) -> Result<Uuid, Failure> {
    let until = Instant::now() + ANSWERED_IN;
    // The stream of the server's time keeps its newest event only.
    let kept = event(("$metadata", "application/json"), br#"{"$maxCount":1}"#);
    let kept = Append {
        options: options(&format!("$${log} time"), ExpectedRevision::Any(())),
        proposed: vec![kept],
    };
    let begun = Append {
        options: options(&format!("{log} begun"), ExpectedRevision::NoStream(())),
        proposed: vec![event(SIGN_OF_LIFE, b"{}")],
    };
    for append in [kept, begun] {
        let appended = connection.ask((until, CALL_IN), |node| {
            let append = append.clone();
            async move { node.send(append).await?.answered().await }
        });
        match appended.await {
            // The latter if another process has created it.
            Ok(_) | Err(Failure::WrongVersion) => {}
            Err(failure) => return Err(failure),
        }
    }
    let begun = begun_by(connection, log, until).await?;
    begun.ok_or_else(|| Failure::Final("the log that was created cannot be read".to_owned()))
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

/// The server's time (since 1970), and this machine's monotonic time at that moment. The server
/// reports its time only as the time at which an event was recorded.
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
    let proposed = vec![event(SIGN_OF_LIFE, b"{}")];
    Append { options: options(stream, ExpectedRevision::Any(())), proposed }
}

/// An event of this type and content type, with a new id.
fn event((kind, content): (&str, &str), data: &'static [u8]) -> Proposed {
    // The keys of a hasher are random: ids do not collide.
    let drawn = || RandomState::new().build_hasher().finish();
    let metadata = [("type", kind), ("content-type", content)];
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Proposed {
        id: Some(Uuid::from_u64_pair(drawn(), drawn()).into()),
        metadata: HashMap::from(metadata),
        custom_metadata: Bytes::new(),
        data: Bytes::from_static(data),
    }
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
