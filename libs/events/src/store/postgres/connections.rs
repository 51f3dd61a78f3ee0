//! Connections, made anew when they break; and the one that listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Row, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Shared, unsigned};
use crate::limits::{
    ANSWER_TIMEOUT, CONNECT_TIMEOUT, GATHER_COMMITS, READERS_MAX, RECONNECT_PAUSE,
};
use crate::store::patience::{Patience, longer, rest};
use crate::{Position, ReadError};
use uuid::Uuid;

type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Said to every connection: what a commit acknowledges is on disk (PostgreSQL 15, section 20.5.1).
const SETTINGS: &str = "SET synchronous_commit = on; SET client_min_messages = warning";

/// How a connection is encrypted, where its configuration says so.
struct Encryption(MakeRustlsConnect);

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryption").finish_non_exhaustive()
    }
}

/// A few connections that readers share: each sends many queries at once.
#[derive(Debug)]
pub(super) struct Connections {
    config: Config,
    encryption: Encryption,
    slots: Vec<Mutex<Option<Arc<Client>>>>,
    next: AtomicUsize,
    /// What drives each connection; it ends with the connection.
    drivers: Mutex<JoinSet<()>>,
}

impl Connections {
    pub(super) fn new((mut config, encryption): (Config, MakeRustlsConnect)) -> Self {
        // Who only listens would wait two hours for a peer that a cut network has taken away.
        config.keepalives_idle(ANSWER_TIMEOUT);
        let slots = (0..READERS_MAX).map(|_| Mutex::new(None)).collect();
        let (next, drivers) = (AtomicUsize::new(0), Mutex::new(JoinSet::new()));
        Self { config, encryption: Encryption(encryption), slots, next, drivers }
    }

    /// A connection for readers.
    pub(super) async fn get(&self) -> Result<Arc<Client>, ReadError> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let slot = self.slots.get(next.checked_rem(self.slots.len()).unwrap_or(0));
        let slot = slot.ok_or_else(|| ReadError::Unavailable("no connections".to_owned()))?;
        let mut slot = slot.lock().await;
        if let Some(client) = slot.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect().await?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }

    /// A connection of one's own.
    pub(super) async fn connect(&self) -> Result<Client, ReadError> {
        let (client, wire) = self.open().await?;
        let mut drivers = self.drivers.lock().await;
        while drivers.try_join_next().is_some() {}
        drivers.spawn(async move {
            // How it ended is told to whoever waits for an answer.
            let _ = wire.await;
        });
        drop(drivers);
        match timeout(ANSWER_TIMEOUT, client.batch_execute(SETTINGS)).await {
            Ok(set) => set.map_err(|error| unavailable(&error))?,
            Err(_) => return Err(silent()),
        }
        Ok(client)
    }

    async fn open(&self) -> Result<(Client, Wire), ReadError> {
        match timeout(CONNECT_TIMEOUT, self.config.connect(self.encryption.0.clone())).await {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(error)) => Err(unavailable(&error)),
            Err(_) => Err(silent()),
        }
    }

    /// A connection that does not answer is not asked again.
    async fn give_up(&self, client: &Arc<Client>) {
        for slot in &self.slots {
            let mut slot = slot.lock().await;
            if slot.as_ref().is_some_and(|known| Arc::ptr_eq(known, client)) {
                *slot = None;
            }
        }
    }

    /// Asks for rows. If the connection breaks, asks once more on another, for as long as a failover takes.
    pub(super) async fn query(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, ReadError> {
        let mut patience = Patience::new();
        loop {
            let asked = match self.get().await {
                Ok(client) => match timeout(ANSWER_TIMEOUT, client.query(sql, values)).await {
                    Ok(asked) => asked.map_err(|error| (unavailable(&error), is_lasting(&error))),
                    Err(_) => {
                        self.give_up(&client).await;
                        Err((silent(), false))
                    }
                },
                Err(error) => Err((error, false)),
            };
            match asked {
                Ok(rows) => return Ok(rows),
                Err((error, lasting)) if lasting || !patience.lasts().await => return Err(error),
                Err(_) => {}
            }
        }
    }
}

/// Whether the same again would fail the same way: the server refused it, and not because it is going down or coming up.
pub(super) fn is_lasting(error: &tokio_postgres::Error) -> bool {
    // Class 08 is connections, 40 a transaction that may be tried again, 53 resources, 57 an operator; 25006 is a standby.
    let passing = |code: &str| ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class));
    error.code().is_some_and(|code| !passing(code.code()) && code.code() != "25006")
}

/// What is said of a server that says nothing.
pub(super) fn silent() -> ReadError {
    ReadError::Unavailable("the server does not answer".to_owned())
}

/// What the server said, or what became of the connection.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    // Why a certificate is refused, for example, stands in what this came from.
    let from = std::error::Error::source(error).map(|from| format!(": {from}"));
    format!("{error}{}", from.unwrap_or_default())
}

pub(super) fn unavailable(error: &tokio_postgres::Error) -> ReadError {
    ReadError::Unavailable(reason(error))
}

/// Hears of every commit, of this process and others, and says when it first knows how far the log reaches.
pub(super) async fn listen(
    connections: Arc<Connections>,
    shared: Arc<Shared>,
    ready: oneshot::Sender<()>,
) {
    let mut ready = Some(ready);
    let mut pause = RECONNECT_PAUSE;
    loop {
        match hear(&connections, &shared, &mut ready).await {
            Ok(()) => pause = RECONNECT_PAUSE,
            Err(error) => tracing::warn!(%error, "the event store's commits are not heard of"),
        }
        rest(pause).await;
        pause = longer(pause);
    }
}

/// Listens until the connection ends.
async fn hear(
    connections: &Connections,
    shared: &Shared,
    ready: &mut Option<oneshot::Sender<()>>,
) -> Result<(), ReadError> {
    let (client, mut wire) = connections.open().await?;
    // First listen, then look: nothing that is committed in between is missed.
    let begin = async {
        client.batch_execute("LISTEN log_store").await?;
        client.query_one("SELECT position, id FROM log_store", &[]).await
    };
    tokio::pin!(begin);
    let (mut begun, mut own, mut heard) = (false, None, Vec::new());
    let mut due = None;
    loop {
        tokio::select! {
            row = &mut begin, if !begun => {
                begun = true;
                let row = row.map_err(|error| unavailable(&error))?;
                let position: i64 = row.try_get(0).map_err(|error| unavailable(&error))?;
                own = Some(row.try_get::<_, Uuid>(1).map_err(|error| unavailable(&error))?.to_string());
                shared.reaches(Position(unsigned(position)));
                // Whoever opened the store may have given up.
                ready.take().map(|ready| ready.send(()));
            }
            message = std::future::poll_fn(|context| wire.poll_message(context)) => match message {
                Some(Ok(AsyncMessage::Notification(said))) => heard.push(said.payload().to_owned()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(unavailable(&error)),
                None => return Ok(()),
            },
            () = rest(GATHER_COMMITS), if due.is_some() => {}
        }
        if heard.is_empty() {
            continue;
        }
        // Commits gather: each that is told of is one more question to the server, from every process.
        let due_at = *due.get_or_insert_with(|| Instant::now() + GATHER_COMMITS);
        // Until it is known which log this is, what is heard waits.
        if own.is_none() || Instant::now() < due_at {
            continue;
        }
        due = None;
        for said in heard.drain(..) {
            let said = said.split_once(' ').filter(|(of, _)| own.as_deref() == Some(of));
            if let Some(position) = said.and_then(|(_, position)| position.parse().ok()) {
                shared.reaches(Position(position));
            }
        }
    }
}
