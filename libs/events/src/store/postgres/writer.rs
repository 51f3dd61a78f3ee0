//! The writer of a process: one transaction per group of appends, two round trips.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_postgres::Statement;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::connections::{Connected, Connections, is_lasting, silent};
use super::{Shared, recorded, standings, stored, unsigned};
use crate::limits::{ANSWER_TIMEOUT, APPEND_QUEUE_MAX, GROUP_BYTES_MAX, GROUP_EVENTS_MAX};
use crate::store::patience::Patience;
use crate::store::plan::Plan;
use crate::store::room::Taken;
use crate::{
    AppendError, Appended, Cause, Expected, NewEvent, Position, ReadError, Recorded, StreamName,
    Unwritable,
};

/// A job of the writer.
#[derive(Debug)]
pub(super) enum Job {
    Append(Append),
    /// Tests whether the log is writable.
    Probe(oneshot::Sender<Result<(), Unwritable>>),
}

#[derive(Debug)]
pub(super) struct Append {
    pub(super) stream: StreamName,
    pub(super) expected: Expected,
    pub(super) events: Vec<NewEvent>,
    pub(super) taken: Taken,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// Appends of one transaction.
#[derive(Default)]
struct Group {
    appends: Vec<Append>,
    probes: Vec<oneshot::Sender<Result<(), Unwritable>>>,
    events: usize,
    bytes: usize,
}

impl Group {
    fn add(&mut self, job: Job) {
        match job {
            Job::Append(append) => {
                self.events += append.events.len();
                self.bytes += append.taken.bytes;
                self.appends.push(append);
            }
            Job::Probe(reply) => self.probes.push(reply),
        }
    }

    // The caller may have given up; it finds its events in the stream.
    fn answer(self, answers: Answers) {
        for (append, answer) in self.appends.into_iter().zip(answers) {
            drop(append.reply.send(answer));
        }
        for reply in self.probes {
            drop(reply.send(Ok(())));
        }
    }

    /// Fails all appends. If `unsure`, an earlier attempt may have been committed, so none is
    /// reported as not written.
    fn refuse(self, why: &Unwritable, unsure: bool) {
        for append in self.appends {
            let answer = if unsure {
                AppendError::Unreachable(Cause::new(why.clone()))
            } else {
                why.clone().into()
            };
            drop(append.reply.send(Err(answer)));
        }
        for reply in self.probes {
            drop(reply.send(Err(why.clone())));
        }
    }
}

/// Set per transaction, because a session's setting can be changed by others.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = on";

/// A commit that changes nothing, to test whether the log is writable.
const TOUCH: &str = "UPDATE log_store SET position = position; COMMIT";

/// The head. Its row lock is held until the commit, which makes the order of positions the commit
/// order.
const HEAD: &str = "SELECT position FROM log_store FOR UPDATE";

const STANDINGS: &str = "SELECT s.name, e.version FROM log_streams s CROSS JOIN LATERAL
    (SELECT version FROM log_events WHERE stream = s.no ORDER BY version DESC LIMIT 1) e
  WHERE s.name = ANY($1::text[])";

const KNOWN: &str = "SELECT e.position, e.version, e.id, e.kind, e.data, e.meta, s.name
  FROM log_events e JOIN log_streams s ON s.no = e.stream WHERE e.id = ANY($1::uuid[])";

const BEGIN_STREAMS: &str =
    "INSERT INTO log_streams (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";

const WRITE: &str = "INSERT INTO log_events (position, stream, version, id, kind, data, meta)
  SELECT n.position, (SELECT no FROM log_streams WHERE name = n.stream), n.version, n.id, n.kind, n.data, n.meta
  FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[])
    n (position, stream, version, id, kind, data, meta)";

/// A channel belongs to the database, which may have several logs: the payload names the log.
const MOVE_HEAD: &str = "WITH moved AS (UPDATE log_store SET position = $1 RETURNING id, position)
  SELECT pg_notify('log_store', id::text || ' ' || position::text) FROM moved";

/// A parameter of a statement.
type Value<'a> = &'a (dyn ToSql + Sync);
type Answers = Vec<Result<Appended, AppendError>>;

pub(super) struct Writer {
    connections: Arc<Connections>,
    session: Option<Session>,
    shared: Arc<Shared>,
    /// Whether a commit of the current group was sent and not answered.
    unsure: bool,
}

/// A connection with its prepared statements, which are sent pipelined.
struct Session {
    connected: Connected,
    head: Statement,
    standings: Statement,
    known: Statement,
    begin_streams: Statement,
    write: Statement,
    move_head: Statement,
}

impl Session {
    async fn new(connected: Connected) -> Result<Self, tokio_postgres::Error> {
        let client = &connected.client;
        Ok(Self {
            head: client.prepare(HEAD).await?,
            standings: client.prepare(STANDINGS).await?,
            known: client.prepare(KNOWN).await?,
            begin_streams: client.prepare(BEGIN_STREAMS).await?,
            write: client.prepare(WRITE).await?,
            move_head: client.prepare(MOVE_HEAD).await?,
            connected,
        })
    }
}

/// Why a group failed.
struct Failed {
    why: Unwritable,
    /// Whether an immediate retry would fail in the same way.
    lasting: bool,
    /// Whether the server reported a rollback. (FATAL and PANIC, which end a session, do not tell
    /// whether a commit in progress succeeded.)
    undone: bool,
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        let severity = error.as_db_error().and_then(DbError::parsed_severity);
        let undone = severity == Some(Severity::Error);
        let (code, lasting) = (error.code().cloned(), is_lasting(&error));
        let is = |codes: &[SqlState]| code.as_ref().is_some_and(|code| codes.contains(code));
        let cause = Cause::new(error);
        if is(&[SqlState::LOCK_NOT_AVAILABLE]) {
            return Self { why: Unwritable::Locked(cause), lasting: false, undone };
        }
        // Damage and a full disk do not resolve within a failover.
        if is(&[SqlState::DISK_FULL]) {
            return Self { why: Unwritable::Full(cause), lasting: true, undone };
        }
        if is(&[SqlState::IO_ERROR]) {
            return Self { why: Unwritable::Broken(cause), lasting: true, undone };
        }
        if is(&[SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED]) {
            return Self { why: Unwritable::Corrupt(cause), lasting: true, undone };
        }
        // A standby may be about to be promoted.
        if is(&[SqlState::READ_ONLY_SQL_TRANSACTION]) {
            return Self { why: Unwritable::ReadOnly(cause), lasting: false, undone };
        }
        let why = if lasting { Unwritable::Refused(cause) } else { Unwritable::Silent(cause) };
        Self { why, lasting, undone }
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        // A server that is starting may refuse a user whom it accepts later, so a refusal is
        // retried as well.
        let lasting = matches!(error, ReadError::Corrupt { .. });
        let why = match error {
            ReadError::Unreachable(cause) => Unwritable::Silent(cause),
            ReadError::Corrupt { .. } => Unwritable::Corrupt(Cause::new(error)),
            ReadError::Refused(cause) => Unwritable::Refused(cause),
            ReadError::NoSuchPosition(_) => Unwritable::Refused(Cause::new(error)),
        };
        Self { why, lasting, undone: false }
    }
}

impl Writer {
    pub(super) const fn new(connections: Arc<Connections>, shared: Arc<Shared>) -> Self {
        Self { connections, session: None, shared, unsure: false }
    }

    /// Writes groups until all senders are gone.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.recv().await {
            let mut group = Group::default();
            group.add(first);
            while group.events < GROUP_EVENTS_MAX
                && group.bytes < GROUP_BYTES_MAX
                && let Ok(job) = queue.try_recv()
            {
                group.add(job);
            }
            match self.write_group(&group).await {
                Ok(answers) => group.answer(answers),
                Err(Failed { why, lasting, .. }) => {
                    if !group.appends.is_empty() {
                        self.shared.probe.refused(&why);
                    }
                    group.refuse(&why, self.unsure);
                    // Appends queued meanwhile have waited as well. A permanent failure may concern
                    // one append only.
                    let waited = if lasting { 0 } else { APPEND_QUEUE_MAX };
                    let mut behind = Group::default();
                    for _ in 0..waited {
                        let Ok(job) = queue.try_recv() else { break };
                        behind.add(job);
                    }
                    behind.refuse(&why, false);
                }
            }
        }
    }

    /// Retries within the time limit of a failover. A group whose commit was interrupted may have
    /// been written; then the next attempt finds that every append exists.
    async fn write_group(&mut self, group: &Group) -> Result<Answers, Failed> {
        let mut patience = Patience::new();
        self.unsure = false;
        loop {
            let tried = timeout(ANSWER_TIMEOUT, self.try_group(group)).await;
            let failed = match tried {
                Ok(Ok(answers)) => return Ok(answers),
                Ok(Err(failed)) => failed,
                Err(_) => silent().into(),
            };
            tracing::warn!(reason = %failed.why, "transaction of grouped appends failed");
            // An open transaction ends with its connection, on the server too.
            if let Some(session) = self.session.take() {
                self.connections.end(&session.connected).await;
            }
            // The lock timeout has passed.
            let locked = matches!(failed.why, Unwritable::Locked(_));
            if locked || failed.lasting || !patience.lasts().await {
                return Err(failed);
            }
        }
    }

    async fn try_group(&mut self, group: &Group) -> Result<Answers, Failed> {
        let open = |session: &Session| !session.connected.client.is_closed();
        let session = match self.session.take().filter(open) {
            Some(session) => session,
            None => Session::new(self.connections.connect().await?).await?,
        };
        let session = self.session.insert(session);
        let mut plan = look(session, &group.appends).await?;
        let appends = group.appends.iter();
        let answers = appends.map(|of| plan.append(&of.stream, of.expected, &of.events)).collect();
        if plan.written.is_empty() {
            let end = if group.probes.is_empty() { "ROLLBACK" } else { TOUCH };
            session.connected.client.batch_execute(end).await?;
            return Ok(answers);
        }
        // Until the response arrives; if this future is dropped, the state stays unsure.
        let unsure = std::mem::replace(&mut self.unsure, true);
        if let Err(failed) = write(session, &plan).await {
            // The outcome of an earlier attempt remains unknown.
            self.unsure = unsure || !failed.undone;
            return Err(failed);
        }
        self.shared.probe.committed();
        self.shared.groups.fetch_add(1, Ordering::Relaxed);
        self.shared.events.fetch_add(plan.written.len() as u64, Ordering::Relaxed);
        self.shared.reaches(plan.head());
        Ok(answers)
    }
}

/// Locks the head and reads what the group's appends depend on.
async fn look(session: &Session, appends: &[Append]) -> Result<Plan, Failed> {
    let names: Vec<&str> = appends.iter().map(|append| append.stream.as_str()).collect();
    let ids = appends.iter().flat_map(|append| &append.events).map(|event| event.id);
    let ids: Vec<Uuid> = ids.collect();
    let client = &session.connected.client;
    let (names, ids): ([Value<'_>; 1], [Value<'_>; 1]) = ([&names], [&ids]);
    // Pipelined: sent in this order and executed in it.
    let (begun, head, standing, known) = tokio::join!(
        biased;
        client.batch_execute(BEGIN),
        client.query_one(&session.head, &[]),
        client.query(&session.standings, &names),
        client.query(&session.known, &ids),
    );
    // In order: the first failure has the cause; the others report an aborted transaction.
    begun?;
    let head = Position(unsigned(head?.try_get(0)?));
    let standing = standings(&standing?)?;
    let known: Vec<Recorded> = known?.iter().map(recorded).collect::<Result<_, _>>()?;
    Ok(Plan::new(head, standing, known))
}

/// Writes and commits, which releases the lock.
async fn write(session: &Session, plan: &Plan) -> Result<(), Failed> {
    let rows = &plan.written;
    let positions: Vec<i64> = rows.iter().map(|row| stored(row.position.0)).collect();
    let streams: Vec<&str> = rows.iter().map(|row| row.stream.as_str()).collect();
    let versions: Vec<i64> = rows.iter().map(|row| stored(row.version.0)).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| &*row.kind).collect();
    let data: Vec<&str> = rows.iter().map(|row| row.data.as_str()).collect();
    let meta: Vec<&str> = rows.iter().map(|row| row.meta.as_str()).collect();
    let begins = rows.iter().filter(|row| row.version.0 == 1);
    let begins: Vec<&str> = begins.map(|row| row.stream.as_str()).collect();
    let head = stored(plan.head().0);
    let (begins, head): ([Value<'_>; 1], [Value<'_>; 1]) = ([&begins], [&head]);
    let events: [Value<'_>; 7] = [&positions, &streams, &versions, &ids, &kinds, &data, &meta];
    let client = &session.connected.client;
    // The commit of a failed transaction is a rollback; the failed statement has the cause.
    let (begun, written, moved, committed) = tokio::join!(
        biased;
        client.execute(&session.begin_streams, &begins),
        client.execute(&session.write, &events),
        client.query(&session.move_head, &head),
        client.batch_execute("COMMIT"),
    );
    begun?;
    written?;
    moved?;
    committed?;
    Ok(())
}
