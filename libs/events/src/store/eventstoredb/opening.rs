//! How a log on the server is opened: nothing is written before it is known that it can be read, and who cannot is told what
//! is wrong, host by host.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::address;
use super::connection::Connection;
use super::failure::Failure;
use super::log::Log;
use super::{follower, own, reads};
use crate::OpenError;
use crate::limits::{CALL_IN, RECONNECT_MAX, RECONNECT_PAUSE};
use crate::store::patience::{longer, rest};

/// A log that was opened, and who follows it.
pub(super) struct Opened {
    pub(super) id: Uuid,
    pub(super) log: Arc<Log>,
    pub(super) follower: tokio::task::JoinSet<()>,
}

pub(super) async fn open(url: &str, read_only: bool) -> Result<Opened, OpenError> {
    let path = || address::shown(url);
    let unusable = |reason: String| OpenError::Unusable { path: path(), reason };
    let address = address::parse(url).map_err(unusable)?;
    let name = address.log.clone();
    let connection = Connection::new(address).map_err(unusable)?;
    let begun = readable(&connection, &name).await.map_err(|failure| match failure {
        Failure::Denied(why) => unusable(why),
        failure => OpenError::Unreachable { path: path(), reason: failure.to_string() },
    })?;
    let id = match begun {
        Some(id) => id,
        None if read_only => return Err(OpenError::Missing { path: path() }),
        None => own::begin(&connection, &name).await.map_err(|failure| match failure {
            Failure::Denied(why) => unusable(format!(
                "the user `{}` may read the log, and not write it: {why}",
                connection.user()
            )),
            failure => OpenError::Unreachable { path: path(), reason: failure.to_string() },
        })?,
    };
    let log = Log::open(connection, format!("{name}.")).await;
    let log = Arc::new(log.map_err(|failure| unusable(failure.to_string()))?);
    let follower = follower::follow(&log);
    Ok(Opened { id, log, follower })
}

/// The identity of a log that was begun, read as everything else will be. A cluster that has just been made refuses every user
/// until it has written them, so one that is refused is asked for again.
async fn readable(connection: &Connection, name: &str) -> Result<Option<Uuid>, Failure> {
    let (until, mut pause) = (Instant::now() + RECONNECT_MAX, RECONNECT_PAUSE);
    loop {
        match try_to_read(connection, name).await {
            Err(Failure::Denied(why)) => {
                if pause == RECONNECT_PAUSE {
                    tracing::warn!(why, "the event store refuses the user, and is asked again");
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
    // Looked for once: what is wrong with each host is the answer.
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
