//! Connections, re-established when they break, and the one that listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Row, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Shared, unsigned};
use crate::limits::{
    ANSWER_TIMEOUT, CONNECT_TIMEOUT, GATHER_COMMITS, IDLE_IN_TRANSACTION, LOCK_WAIT,
    RECONNECT_PAUSE,
};
use crate::store::patience::{Patience, longer, rest};
use crate::{Cause, Position, ReadError};
use uuid::Uuid;

type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Settings of every session: synchronous commit (PostgreSQL 15, section 20.5.1), lock timeout, and
/// idle-in-transaction timeout (section 20.11.1).
fn settings(read_only: bool) -> String {
    let (lock, answer) = (LOCK_WAIT.as_millis(), ANSWER_TIMEOUT.as_millis());
    let idle = IDLE_IN_TRANSACTION.as_millis();
    let read = if read_only { "; SET default_transaction_read_only = on" } else { "" };
    format!(
        "SET synchronous_commit = on; SET client_min_messages = warning; SET lock_timeout = {lock}; \
         SET statement_timeout = {answer}; SET idle_in_transaction_session_timeout = {idle}{read}"
    )
}

/// A connection and its driver task.
pub(super) struct Connected {
    pub(super) client: Client,
    driver: AbortHandle,
}

impl std::fmt::Debug for Connected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

/// TLS configuration.
struct Encryption(MakeRustlsConnect);

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryption").finish_non_exhaustive()
    }
}

/// A few connections shared by readers, which pipeline queries on them.
#[derive(Debug)]
pub(super) struct Connections {
    config: Config,
    encryption: Encryption,
    settings: String,
    slots: Vec<Mutex<Option<Arc<Connected>>>>,
    next: AtomicUsize,
    /// Driver tasks, and tasks that close abandoned connections.
    drivers: Mutex<JoinSet<()>>,
}

impl Connections {
    pub(super) fn new(
        (mut config, encryption): (Config, MakeRustlsConnect),
        (read_only, slots): (bool, usize),
    ) -> Self {
        // A listening connection would notice a dead peer only after two hours.
        config.keepalives_idle(ANSWER_TIMEOUT);
        let slots = (0..slots).map(|_| Mutex::new(None)).collect();
        let (next, drivers) = (AtomicUsize::new(0), Mutex::new(JoinSet::new()));
        let (encryption, settings) = (Encryption(encryption), settings(read_only));
        Self { config, encryption, settings, slots, next, drivers }
    }

    /// A connection for readers.
    pub(super) async fn get(&self) -> Result<Arc<Connected>, ReadError> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let slot = self.slots.get(next.checked_rem(self.slots.len()).unwrap_or(0));
        let slot = slot.ok_or_else(|| ReadError::unreachable("no connections"))?;
        let mut slot = slot.lock().await;
        if let Some(known) = slot.as_ref().filter(|known| !known.client.is_closed()) {
            return Ok(Arc::clone(known));
        }
        let connected = Arc::new(self.connect().await?);
        *slot = Some(Arc::clone(&connected));
        Ok(connected)
    }

    /// A connection that is not shared.
    pub(super) async fn connect(&self) -> Result<Connected, ReadError> {
        let (client, wire) = self.open().await?;
        let mut drivers = self.drivers.lock().await;
        while drivers.try_join_next().is_some() {}
        let driver = drivers.spawn(async move {
            // Pending queries receive the error.
            let _ = wire.await;
        });
        drop(drivers);
        let connected = Connected { client, driver };
        match timeout(ANSWER_TIMEOUT, connected.client.batch_execute(&self.settings)).await {
            Ok(set) => set.map_err(failed)?,
            Err(_) => {
                self.end(&connected).await;
                return Err(silent());
            }
        }
        Ok(connected)
    }

    /// Closes a connection with an abandoned query, and cancels the query: a session that waits for
    /// a lock does not notice that its client is gone.
    pub(super) async fn end(&self, connected: &Connected) {
        let (cancel, tls) = (connected.client.cancel_token(), self.encryption.0.clone());
        let driver = connected.driver.clone();
        self.drivers.lock().await.spawn(async move {
            // A server that is down has no session to cancel.
            let _ = timeout(CONNECT_TIMEOUT, cancel.cancel_query(tls)).await;
            driver.abort();
        });
    }

    /// Whether a transaction pooler is in between: two concurrent connections share a session, or
    /// one connection uses several.
    pub(super) async fn are_pooled(&self) -> Result<bool, ReadError> {
        let (one, other) = (self.get().await?, self.get().await?);
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            ones.push(session(&one.client).await?);
            others.push(session(&other.client).await?);
        }
        let changes = |seen: &[String]| seen.iter().any(|session| Some(session) != seen.first());
        Ok(changes(&ones) || changes(&others) || ones == others)
    }

    async fn open(&self) -> Result<(Client, Wire), ReadError> {
        match timeout(CONNECT_TIMEOUT, self.config.connect(self.encryption.0.clone())).await {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(silent()),
        }
    }

    /// Removes a connection that does not respond.
    async fn give_up(&self, silent: &Arc<Connected>) {
        for slot in &self.slots {
            let mut slot = slot.lock().await;
            if slot.as_ref().is_some_and(|known| Arc::ptr_eq(known, silent)) {
                *slot = None;
                self.end(silent).await;
            }
        }
    }

    /// Runs a query, retrying on another connection within the time limit of a failover.
    pub(super) async fn query(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, ReadError> {
        let mut patience = Patience::new();
        loop {
            let asked = match self.get().await {
                Ok(asked) => match timeout(ANSWER_TIMEOUT, asked.client.query(sql, values)).await {
                    Ok(rows) => rows.map_err(|error| {
                        let lasting = is_lasting(&error);
                        (failed(error), lasting)
                    }),
                    Err(_) => {
                        self.give_up(&asked).await;
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

/// The process id of the server's session, read without a prepared statement.
async fn session(client: &Client) -> Result<String, ReadError> {
    let asked = timeout(ANSWER_TIMEOUT, client.simple_query("SELECT pg_backend_pid()")).await;
    let said = asked.map_err(|_| silent())?.map_err(failed)?;
    let said = said.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    let unnamed = || ReadError::Refused(Cause::new("the server does not report its process id"));
    said.ok_or_else(unnamed)
}

/// Whether a retry would fail in the same way: the server refused the query, and not because it is
/// starting or stopping.
pub(super) fn is_lasting(error: &tokio_postgres::Error) -> bool {
    // Class 08: connection; 40: transaction rollback, retryable; 53: resources; 57: operator
    // intervention; 25006: standby.
    let passing = |code: &str| ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class));
    error.code().is_some_and(|code| !passing(code.code()) && code.code() != "25006")
}

/// The error for a server without a response.
pub(super) fn silent() -> ReadError {
    ReadError::unreachable("the server does not answer")
}

/// The error of a read that the server, or the connection to it, failed.
pub(super) fn failed(error: tokio_postgres::Error) -> ReadError {
    let damaged = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
    let code = error.code().cloned();
    let (lasting, cause) = (is_lasting(&error), Cause::new(error));
    match code {
        Some(code) if damaged.contains(&code) => ReadError::Corrupt { position: None, cause },
        // Another session holds the lock for now.
        Some(code) if lasting && code != SqlState::LOCK_NOT_AVAILABLE => ReadError::Refused(cause),
        _ => ReadError::Unreachable(cause),
    }
}

/// Listens for commits of all processes; signals once the head is first known.
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
            Err(error) => {
                tracing::warn!(%error, "PostgreSQL LISTEN connection lost; polling until it is restored");
            }
        }
        rest(pause).await;
        pause = longer(pause);
    }
}

/// Listens until the connection breaks.
async fn hear(
    connections: &Connections,
    shared: &Shared,
    ready: &mut Option<oneshot::Sender<()>>,
) -> Result<(), ReadError> {
    let (client, mut wire) = connections.open().await?;
    // LISTEN first, then read the head: no commit in between is missed.
    let begin = async {
        client.batch_execute(&connections.settings).await?;
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
                let row = row.map_err(failed)?;
                let position: i64 = row.try_get(0).map_err(failed)?;
                own = Some(row.try_get::<_, Uuid>(1).map_err(failed)?.to_string());
                shared.reaches(Position(unsigned(position)));
                // The caller may have given up opening the store.
                ready.take().map(|ready| ready.send(()));
            }
            message = std::future::poll_fn(|context| wire.poll_message(context)) => match message {
                Some(Ok(AsyncMessage::Notification(said))) => heard.push(said.payload().to_owned()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(failed(error)),
                None => return Ok(()),
            },
            () = rest(GATHER_COMMITS), if due.is_some() => {}
        }
        if heard.is_empty() {
            continue;
        }
        // Collect notifications: each would cause a query by every process.
        let due_at = *due.get_or_insert_with(|| Instant::now() + GATHER_COMMITS);
        // Until the log's identity is known, notifications wait.
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
