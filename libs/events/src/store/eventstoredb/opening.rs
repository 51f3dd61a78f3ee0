//! Opening a log: nothing is written before it is known that the log can be read; failures are
//! reported for each host.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::address;
use super::connection::Connection;
use super::failure::Failure;
use super::log::Log;
use super::{follower, own, reads};
use crate::limits::{CALL_IN, RECONNECT_MAX, RECONNECT_PAUSE};
use crate::reach::shown;
use crate::store::patience::{longer, rest};
use crate::{Cause, OpenError};

/// An open log with its follower.
pub(super) struct Opened {
    pub(super) id: Uuid,
    pub(super) log: Arc<Log>,
    pub(super) follower: tokio::task::JoinSet<()>,
}

pub(super) async fn open(url: &str, read_only: bool) -> Result<Opened, OpenError> {
    let path = || shown(url);
    let unusable = |reason: String| OpenError::unusable(path(), reason);
    let failed = |failure: Failure| unopened(path(), failure);
    let address = address::parse(url).map_err(unusable)?;
    let name = address.log.clone();
    let connection = Connection::new(address).map_err(unusable)?;
    let id = match readable(&connection, &name).await.map_err(failed)? {
        Some(id) => id,
        None if read_only => return Err(OpenError::Missing { path: path() }),
        None => own::begin(&connection, &name).await.map_err(|failure| match failure {
            Failure::Denied(why) => unusable(format!(
                "the user `{}` may read the log, and not write it: {why}",
                connection.user()
            )),
            failure => failed(failure),
        })?,
    };
    let log = Log::open(connection, format!("{name}.")).await;
    let log = Arc::new(log.map_err(failed)?);
    let follower = follower::follow(&log);
    Ok(Opened { id, log, follower })
}

/// A server that may answer later is unreachable, so that `serve` keeps waiting, also if the leader
/// failed during the opening.
fn unopened(path: String, failure: Failure) -> OpenError {
    let (is_retryable, cause) = (failure.is_retryable(), Cause::new(failure));
    if is_retryable {
        OpenError::Unreachable { path, cause }
    } else {
        OpenError::Unusable { path, cause }
    }
}

/// The identity of the log, if it exists. A new cluster refuses every user until it has created its
/// users, so a refusal is retried.
async fn readable(connection: &Connection, name: &str) -> Result<Option<Uuid>, Failure> {
    let (until, mut pause) = (Instant::now() + RECONNECT_MAX, RECONNECT_PAUSE);
    loop {
        match try_to_read(connection, name).await {
            Err(Failure::Denied(why)) => {
                if pause == RECONNECT_PAUSE {
                    tracing::warn!(why, "the event store refuses the user; retrying");
                }
                if Instant::now() + pause > until {
                    return Err(Failure::Denied(why));
                }
                rest(pause).await;
                pause = longer(pause);
            }
            tried => return tried,
        }
    }
}

async fn try_to_read(connection: &Connection, name: &str) -> Result<Option<Uuid>, Failure> {
    let user = connection.user();
    let refused = |failure: Failure| match failure {
        Failure::Denied(why) => Failure::Denied(format!(
            "the user `{user}` is refused, by name, by password or for want of the right to read the log's streams: {why}"
        )),
        failure => failure,
    };
    // One search: its error has the cause of each host.
    connection.node().await.map_err(refused)?;
    let until = || Instant::now() + CALL_IN;
    let begun = own::begun_by(connection, name, until()).await.map_err(refused)?;
    let end = connection.ask((until(), CALL_IN), reads::end).await;
    end.map_err(|failure| match failure {
        Failure::Denied(why) => Failure::Denied(format!(
            "the user `{user}` may not read `$all`: that takes a member of `$admins`, or `$r` for it in the metadata of `$all`: {why}"
        )),
        failure => failure,
    })?;
    Ok(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_waited_for() {
        let is_retryable =
            |failure: Failure| unopened("esdb://a".to_owned(), failure).is_retryable();
        let why = || "why".to_owned();
        assert!(is_retryable(Failure::Unreachable(why())) && is_retryable(Failure::Passing(why())));
        assert!(is_retryable(Failure::Silent(CALL_IN)));
        assert!(!is_retryable(Failure::Denied(why())), "it was asked again for long enough");
        assert!(!is_retryable(Failure::Final(why())), "a release that is too old");
    }
}
