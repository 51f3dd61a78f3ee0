//! The one task of a process that writes: a group of appends, one transaction, two round trips.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_postgres::Statement;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::connections::{Connected, Connections, is_lasting, reason, silent};
use super::{Shared, recorded, signed, standings, unsigned};
use crate::limits::{ANSWER_TIMEOUT, APPEND_QUEUE_MAX, GROUP_BYTES_MAX, GROUP_EVENTS_MAX};
use crate::store::patience::Patience;
use crate::store::plan::Plan;
use crate::store::room::Taken;
use crate::{
    AppendError, Appended, Expected, NewEvent, Position, Recorded, StreamName, Unwritable,
};

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Job {
    Append(Append),
    /// Whether it can write, tried and not assumed.
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

/// What is written in one transaction.
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

    // Whoever asked may no longer wait: a caller that does not finds its events in the stream.
    fn answer(self, answers: Answers) {
        for (append, answer) in self.appends.into_iter().zip(answers) {
            drop(append.reply.send(answer));
        }
        for reply in self.probes {
            drop(reply.send(Ok(())));
        }
    }

    /// If it is `unsure`, an earlier try may have been written all the same: nobody is told that it was not.
    fn refuse(self, why: &Unwritable, unsure: bool) {
        for append in self.appends {
            let answer =
                if unsure { AppendError::Unavailable(why.to_string()) } else { why.clone().into() };
            drop(append.reply.send(Err(answer)));
        }
        for reply in self.probes {
            drop(reply.send(Err(why.clone())));
        }
    }
}

/// A setting of the session may be somebody else's by now; this one is the transaction's own.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = on";

/// A commit that adds nothing: what it takes to write is tried.
const TOUCH: &str = "UPDATE log_store SET position = position; COMMIT";

/// Where the log stands. Whoever holds this row writes; positions are in commit order because it is held until the commit.
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

/// A channel belongs to the whole database, in which several logs may stand: the log says which one it is.
const MOVE_HEAD: &str = "WITH moved AS (UPDATE log_store SET position = $1 RETURNING id, position)
  SELECT pg_notify('log_store', id::text || ' ' || position::text) FROM moved";

/// A value of a statement.
type Value<'a> = &'a (dyn ToSql + Sync);
type Answers = Vec<Result<Appended, AppendError>>;

pub(super) struct Writer {
    connections: Arc<Connections>,
    session: Option<Session>,
    shared: Arc<Shared>,
    /// Whether a commit of the group in hand was sent and not answered.
    unsure: bool,
}

/// A connection with its statements: what was prepared is sent when it is asked for, one behind the other.
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

/// Why a group was not written.
struct Failed {
    why: Unwritable,
    /// Whether the same at once would fail the same way.
    lasting: bool,
    /// Whether the server itself said that the transaction came to nothing. (What it says when it ends a session, FATAL and
    /// PANIC, says nothing of a commit that was under way.)
    undone: bool,
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        let said = reason(&error);
        let severity = error.as_db_error().and_then(DbError::parsed_severity);
        let undone = severity == Some(Severity::Error);
        let code = error.code();
        let is = |codes: &[SqlState]| code.is_some_and(|code| codes.contains(code));
        if is(&[SqlState::LOCK_NOT_AVAILABLE]) {
            return Self { why: Unwritable::Locked(said), lasting: false, undone };
        }
        // What is damaged or full does not mend within a failover.
        if is(&[SqlState::DISK_FULL]) {
            return Self { why: Unwritable::Full(said), lasting: true, undone };
        }
        if is(&[SqlState::IO_ERROR, SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED]) {
            return Self { why: Unwritable::Broken(said), lasting: true, undone };
        }
        // A standby may be about to take over.
        if is(&[SqlState::READ_ONLY_SQL_TRANSACTION]) {
            return Self { why: Unwritable::ReadOnly(said), lasting: false, undone };
        }
        Self { why: Unwritable::Silent(said), lasting: is_lasting(&error), undone }
    }
}

impl From<crate::ReadError> for Failed {
    fn from(crate::ReadError::Unavailable(reason): crate::ReadError) -> Self {
        Self { why: Unwritable::Silent(reason), lasting: false, undone: false }
    }
}

impl Writer {
    pub(super) const fn new(connections: Arc<Connections>, shared: Arc<Shared>) -> Self {
        Self { connections, session: None, shared, unsure: false }
    }

    /// Writes group after group until nobody can send any more.
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
                    // Whoever came meanwhile has waited as well. What lasts may be the matter of one append.
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

    /// Tries until it is written, for as long as a failover takes. A group whose commit broke off may have been written:
    /// then the next try finds that every append of it is the same as before.
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
            tracing::warn!(reason = %failed.why, "a group of appends failed");
            // What is open on this connection ends with it, on the server too.
            if let Some(session) = self.session.take() {
                self.connections.end(&session.connected).await;
            }
            // A lock was waited for as long as it is to be.
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
        // Until it is answered; whoever gives up waiting leaves it like this.
        let unsure = std::mem::replace(&mut self.unsure, true);
        if let Err(failed) = write(session, &plan).await {
            // What an earlier try came to is not known from this one.
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

/// Takes the log for oneself, and reads what the group's appends depend on.
async fn look(session: &Session, appends: &[Append]) -> Result<Plan, Failed> {
    let names: Vec<&str> = appends.iter().map(|append| append.stream.as_str()).collect();
    let ids = appends.iter().flat_map(|append| &append.events).map(|event| event.id);
    let ids: Vec<Uuid> = ids.collect();
    let client = &session.connected.client;
    let (names, ids): ([Value<'_>; 1], [Value<'_>; 1]) = ([&names], [&ids]);
    // In one go: they are sent in this order, and the server takes them in that.
    let (begun, head, standing, known) = tokio::join!(
        biased;
        client.batch_execute(BEGIN),
        client.query_one(&session.head, &[]),
        client.query(&session.standings, &names),
        client.query(&session.known, &ids),
    );
    // In their order: the first to fail says why, and the others that the transaction has failed.
    begun?;
    let head = Position(unsigned(head?.try_get(0)?));
    let standing = standings(&standing?)?;
    let known: Vec<Recorded> = known?.iter().map(recorded).collect::<Result<_, _>>()?;
    Ok(Plan::new(head, standing, known))
}

/// Writes, and lets the log go.
async fn write(session: &Session, plan: &Plan) -> Result<(), Failed> {
    let rows = &plan.written;
    let positions: Vec<i64> = rows.iter().map(|row| signed(row.position.0)).collect();
    let streams: Vec<&str> = rows.iter().map(|row| row.stream.as_str()).collect();
    let versions: Vec<i64> = rows.iter().map(|row| signed(row.version.0)).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| &*row.kind).collect();
    let data: Vec<&str> = rows.iter().map(|row| row.data.as_str()).collect();
    let meta: Vec<&str> = rows.iter().map(|row| row.meta.as_str()).collect();
    let begins = rows.iter().filter(|row| row.version.0 == 1);
    let begins: Vec<&str> = begins.map(|row| row.stream.as_str()).collect();
    let head = signed(plan.head().0);
    let (begins, head): ([Value<'_>; 1], [Value<'_>; 1]) = ([&begins], [&head]);
    let events: [Value<'_>; 7] = [&positions, &streams, &versions, &ids, &kinds, &data, &meta];
    let client = &session.connected.client;
    // The commit of what failed is a rollback: the failure is told by the one that failed.
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
