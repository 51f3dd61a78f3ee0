//! The one task of a process that writes: a group of appends, one transaction, two round trips.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use super::connections::{Connections, is_lasting, reason, silent};
use super::{Shared, recorded, signed, standings, unsigned};
use crate::limits::{ANSWER_TIMEOUT, GROUP_EVENTS_MAX};
use crate::store::patience::Patience;
use crate::store::plan::Plan;
use crate::{AppendError, Appended, Expected, NewEvent, Position, Recorded, StreamName};

#[derive(Debug)]
pub(super) struct Job {
    pub(super) stream: StreamName,
    pub(super) expected: Expected,
    pub(super) events: Vec<NewEvent>,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

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
}

/// A connection with its statements: what was prepared is sent when it is asked for, one behind the other.
struct Session {
    client: Client,
    head: Statement,
    standings: Statement,
    known: Statement,
    begin_streams: Statement,
    write: Statement,
    move_head: Statement,
}

impl Session {
    async fn new(client: Client) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            head: client.prepare(HEAD).await?,
            standings: client.prepare(STANDINGS).await?,
            known: client.prepare(KNOWN).await?,
            begin_streams: client.prepare(BEGIN_STREAMS).await?,
            write: client.prepare(WRITE).await?,
            move_head: client.prepare(MOVE_HEAD).await?,
            client,
        })
    }
}

/// Why a group was not written, and whether the same again would fail the same way.
struct Failed {
    reason: String,
    lasting: bool,
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Self { reason: reason(&error), lasting: is_lasting(&error) }
    }
}

impl From<crate::ReadError> for Failed {
    fn from(error: crate::ReadError) -> Self {
        Self { reason: error.to_string(), lasting: false }
    }
}

impl Writer {
    pub(super) const fn new(connections: Arc<Connections>, shared: Arc<Shared>) -> Self {
        Self { connections, session: None, shared }
    }

    /// Writes group after group until nobody can send any more.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.recv().await {
            let mut events = first.events.len();
            let mut jobs = vec![first];
            while events < GROUP_EVENTS_MAX
                && let Ok(job) = queue.try_recv()
            {
                events += job.events.len();
                jobs.push(job);
            }
            let answers = self.write_group(&jobs).await;
            for (job, answer) in jobs.into_iter().zip(answers) {
                // A caller that no longer waits finds its events in the stream.
                let _ = job.reply.send(answer);
            }
        }
    }

    /// Tries until it is written, for as long as a failover takes. A group whose commit broke off may have been written:
    /// then the next try finds that every append of it is the same as before.
    async fn write_group(&mut self, jobs: &[Job]) -> Answers {
        let mut patience = Patience::new();
        loop {
            let tried = timeout(ANSWER_TIMEOUT, self.try_group(jobs)).await;
            let Failed { reason, lasting } = match tried.unwrap_or_else(|_| Err(silent().into())) {
                Ok(answers) => return answers,
                Err(failed) => failed,
            };
            // What is open on this connection ends with it.
            self.session = None;
            tracing::warn!(reason, "a group of appends failed");
            if lasting || !patience.lasts().await {
                let failed = || Err(AppendError::Unavailable(reason.clone()));
                return jobs.iter().map(|_| failed()).collect();
            }
        }
    }

    async fn try_group(&mut self, jobs: &[Job]) -> Result<Answers, Failed> {
        let session = match self.session.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => Session::new(self.connections.connect().await?).await?,
        };
        let session = self.session.insert(session);
        let mut plan = look(session, jobs).await?;
        let answers =
            jobs.iter().map(|job| plan.append(&job.stream, job.expected, &job.events)).collect();
        if plan.written.is_empty() {
            session.client.batch_execute("ROLLBACK").await?;
            return Ok(answers);
        }
        write(session, &plan).await?;
        self.shared.groups.fetch_add(1, Ordering::Relaxed);
        self.shared.events.fetch_add(plan.written.len() as u64, Ordering::Relaxed);
        self.shared.reaches(plan.head());
        Ok(answers)
    }
}

/// Takes the log for oneself, and reads what the group's appends depend on.
async fn look(session: &Session, jobs: &[Job]) -> Result<Plan, Failed> {
    let names: Vec<&str> = jobs.iter().map(|job| job.stream.as_str()).collect();
    let ids: Vec<Uuid> = jobs.iter().flat_map(|job| &job.events).map(|event| event.id).collect();
    let client = &session.client;
    let (names, ids): ([Value<'_>; 1], [Value<'_>; 1]) = ([&names], [&ids]);
    // In one go: they are sent in this order, and the server takes them in that.
    let (begun, head, standing, known) = tokio::join!(
        biased;
        client.batch_execute("BEGIN"),
        client.query_one(&session.head, &[]),
        client.query(&session.standings, &names),
        client.query(&session.known, &ids),
    );
    begun?;
    let head = Position(unsigned(head?.try_get(0)?));
    let known: Vec<Recorded> = known?.iter().map(recorded).collect::<Result<_, _>>()?;
    Ok(Plan::new(head, standings(&standing?)?, known))
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
    let client = &session.client;
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
