//! PostgreSQL: a log that several processes share. Positions are assigned while one row with the
//! head is locked, so they are in commit order and none appears late. All appends of a process go
//! through its writer, which commits many at once. Broken connections are re-established within
//! limits, and an append in flight is retried, which is safe because the same append is made once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::limits::{
    APPEND_QUEUE_MAX, BUSY_RETRY_AFTER, LOOK_EVERY, PROBE_FRESH, READ_BYTES_MAX, READERS_MAX,
    TAIL_EVENTS_MAX, TOGETHER_BYTES_MAX,
};
use crate::reach::{self, Server, Tls};
use crate::{
    AppendError, Appended, Cause, Expected, Filter, Flaw, NewEvent, OpenError, Page, Position,
    ReadError, Recorded, Stats, StreamName, Unwritable, Version,
};

mod connections;
mod encryption;
mod flaws;
mod schema;
mod sessions;
mod writer;

use super::probe::Probe;
use super::room::Room;
use super::tail::Tail;
use connections::{Connections, failed};
pub use sessions::PostgresSessions;
use writer::{Append, Job, Writer};

/// See [`crate::EventStore::postgres`].
#[derive(Debug)]
pub struct Postgres {
    id: Uuid,
    /// Queue of the writer; `None` if opened read-only.
    jobs: Option<mpsc::Sender<Job>>,
    room: Room,
    connections: Arc<Connections>,
    shared: Arc<Shared>,
    /// The newest events, read once for all followers of this process.
    tail: Tail,
    /// Time of the last read beyond the tail; the lock is held during the read.
    looked: Mutex<Instant>,
    /// Writer and listener; they end with the store.
    _tasks: JoinSet<()>,
}

/// Parameters of a statement.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// State shared by writer, listener and readers.
#[derive(Debug)]
struct Shared {
    head: watch::Sender<Position>,
    groups: AtomicU64,
    events: AtomicU64,
    probe: Probe,
}

impl Shared {
    fn new(head: Position) -> Arc<Self> {
        let (groups, events) = (AtomicU64::new(0), AtomicU64::new(0));
        let head = watch::Sender::new(head);
        Arc::new(Self { head, groups, events, probe: Probe::default() })
    }

    /// Raises the known head.
    fn reaches(&self, head: Position) {
        self.head.send_if_modified(|known| {
            let further = head > *known;
            *known = head.max(*known);
            further
        });
    }
}

/// A range of a stream, up to the event that reaches the byte limit. (Lengths are known without
/// reading values stored out of line.)
const READ: &str = "SELECT e.position, e.version, e.id, e.kind, e.data, e.meta, e.name FROM
    (SELECT e.*, s.name, sum(octet_length(e.data) + octet_length(e.meta)) OVER (ORDER BY e.version)
        - octet_length(e.data) - octet_length(e.meta) AS before
      FROM log_streams s JOIN log_events e ON e.stream = s.no
      WHERE s.name = $1 AND e.version > $2 ORDER BY e.version LIMIT $3) e
  WHERE e.before < $4 ORDER BY e.version";

const TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

const LAST: &str = "SELECT e.position, e.version, e.id, e.kind, e.data, e.meta, s.name
  FROM log_streams s JOIN log_events e ON e.stream = s.no
  WHERE s.name = $1 ORDER BY e.version DESC LIMIT 1";

const READ_TOGETHER: &str =
    "SELECT e.position, e.version, e.id, e.kind, e.data, e.meta, e.name, e.place FROM
    (SELECT e.*, n.name, n.place, sum(octet_length(e.data) + octet_length(e.meta))
        OVER (ORDER BY n.place, e.version) - octet_length(e.data) - octet_length(e.meta) AS before
      FROM unnest($1::text[]) WITH ORDINALITY n (name, place)
      JOIN log_streams s ON s.name = n.name
      CROSS JOIN LATERAL
        (SELECT * FROM log_events WHERE stream = s.no ORDER BY version LIMIT $2) e) e
  WHERE e.before < $3 ORDER BY e.place, e.version";

const READ_BACK: &str = "SELECT e.position, e.version, e.id, e.kind, e.data, e.meta, s.name
  FROM (SELECT p.*, sum(octet_length(p.data) + octet_length(p.meta)) OVER (ORDER BY p.position DESC)
        - octet_length(p.data) - octet_length(p.meta) AS before
      FROM (SELECT * FROM log_events WHERE position <= $1 ORDER BY position DESC LIMIT $2) p) e
  JOIN log_streams s ON s.no = e.stream WHERE e.before < $3 ORDER BY e.position DESC";

/// The events of a page that pass the filter, up to the byte limit, and the last scanned one if all
/// of them fit; of one that does not pass, its position only. Stream names are looked up one by
/// one: with a join, the planner may read all names for a handful of events.
const READ_ALL: &str = "WITH page AS
    (SELECT * FROM log_events WHERE position > $1 ORDER BY position LIMIT $2),
  sized AS
    (SELECT p.*, cardinality($3::text[]) = 0
        OR EXISTS (SELECT FROM unnest($3::text[]) kind WHERE starts_with(p.kind, kind)) AS passes
      FROM page p),
  passing AS
    (SELECT p.*, sum(octet_length(p.data) + octet_length(p.meta)) OVER (ORDER BY p.position)
        - octet_length(p.data) - octet_length(p.meta) AS before
      FROM sized p WHERE p.passes)
  SELECT p.position, p.version, p.id, p.kind, p.data, p.meta,
    (SELECT s.name FROM log_streams s WHERE s.no = p.stream)
  FROM passing p WHERE p.before < $4
  UNION ALL
  SELECT p.position, p.version, p.id, p.kind, '', '',
    (SELECT s.name FROM log_streams s WHERE s.no = p.stream)
  FROM sized p WHERE NOT p.passes AND p.position = (SELECT max(position) FROM page)
    AND (SELECT coalesce(sum(octet_length(p.data) + octet_length(p.meta)), 0) FROM passing p) < $4
  ORDER BY 1";

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, OpenError> {
        let connections = connect(url, (false, READERS_MAX)).await?;
        let asked = connections.get().await;
        let asked = asked.map_err(|error| OpenError::unusable(shown(url), error))?;
        let id = schema::prepare(&asked.client, &shown(url)).await?;
        let shared = Shared::new(Position::START);
        let (jobs, queue) = mpsc::channel(APPEND_QUEUE_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(Writer::new(Arc::clone(&connections), Arc::clone(&shared)).run(queue));
        // The head must be known before the store is used.
        let (ready, heard) = oneshot::channel();
        tasks.spawn(connections::listen(Arc::clone(&connections), Arc::clone(&shared), ready));
        heard.await.map_err(|_| OpenError::unusable(shown(url), "the listener has stopped"))?;
        Ok(Self::of(id, Some(jobs), connections, shared, tasks))
    }

    /// Without writer and listener.
    pub(super) async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        let connections = connect(url, (true, READERS_MAX)).await?;
        let asked = connections.get().await;
        let asked = asked.map_err(|error| OpenError::unusable(shown(url), error))?;
        let (id, head) = schema::look(&asked.client, &shown(url)).await?;
        let shared = Shared::new(Position(unsigned(head)));
        Ok(Self::of(id, None, connections, shared, JoinSet::new()))
    }

    fn of(
        id: Uuid,
        jobs: Option<mpsc::Sender<Job>>,
        connections: Arc<Connections>,
        shared: Arc<Shared>,
        tasks: JoinSet<()>,
    ) -> Self {
        let tail = Tail::new(*shared.head.borrow());
        let looked = Mutex::new(Instant::now());
        let room = Room::default();
        Self { id, jobs, room, connections, shared, tail, looked, _tasks: tasks }
    }

    fn jobs(&self) -> Result<&mpsc::Sender<Job>, Unwritable> {
        let read_only = || Unwritable::ReadOnly(Cause::new("it was opened for reading"));
        self.jobs.as_ref().ok_or_else(read_only)
    }

    pub(super) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let stopped = || AppendError::Unreachable(Cause::new("the writer has stopped"));
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs()?;
        let taken = self.room.take(&events)?;
        let append = Append { stream: stream.clone(), expected, events, taken, reply };
        match jobs.try_send(Job::Append(append)) {
            Ok(()) => answer.await.map_err(|_| stopped())?,
            Err(mpsc::error::TrySendError::Full(_)) => Err(AppendError::Busy(BUSY_RETRY_AFTER)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(stopped()),
        }
    }

    pub(super) async fn writable(&self) -> Result<(), Unwritable> {
        let jobs = self.jobs()?;
        let ask = async {
            let (reply, answer) = oneshot::channel();
            let full = |_| Unwritable::Silent(Cause::new("its queue is full"));
            jobs.try_send(Job::Probe(reply)).map_err(full)?;
            let stopped = |_| Unwritable::Silent(Cause::new("the writer has stopped"));
            answer.await.map_err(stopped)?
        };
        self.shared.probe.answer(PROBE_FRESH, ask).await
    }

    pub(super) async fn flaws(&self) -> Result<Vec<Flaw>, ReadError> {
        // On a connection of its own, because it takes longer than the response timeout.
        flaws::of(&self.connections.connect().await?.client).await
    }

    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let (after, limit, bytes) = (signed(after.0), signed(limit as u64), size(READ_BYTES_MAX));
        let values: Values<'_> = &[&stream.as_str(), &after, &limit, &bytes];
        let rows = self.connections.query(READ, values).await?;
        rows.iter().map(recorded).collect()
    }

    pub(super) async fn read_together(
        &self,
        streams: &[StreamName],
        limit: usize,
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
        let values: Values<'_> = &[&names, &signed(limit as u64), &size(TOGETHER_BYTES_MAX)];
        let rows = self.connections.query(READ_TOGETHER, values).await?;
        let (mut read, mut bytes, mut last) = (vec![Vec::new(); streams.len()], 0, 0);
        for row in &rows {
            let place: i64 = row.try_get(7).map_err(|error| corrupt(None, error))?;
            // PostgreSQL counts from 1.
            let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
            if let Some(events) = place.and_then(|place| read.get_mut(place)) {
                let event = recorded(row)?;
                bytes += event.bytes();
                last = place.unwrap_or(0);
                events.push(event);
            }
        }
        if bytes >= TOGETHER_BYTES_MAX {
            // The result ends within the last stream; the others are complete. If there is only
            // one, its rest is read.
            read.truncate(last.max(1));
            if last == 0
                && let (Some(stream), [first]) = (streams.first(), &mut read[..])
            {
                *first = self.read(stream, Version(0), limit).await?;
            }
        }
        Ok(read)
    }

    pub(super) async fn last(&self, stream: &StreamName) -> Result<Option<Recorded>, ReadError> {
        let rows = self.connections.query(LAST, &[&stream.as_str()]).await?;
        rows.first().map(recorded).transpose()
    }

    pub(super) async fn time(&self) -> Result<Duration, ReadError> {
        let rows = self.connections.query(TIME, &[]).await?;
        let no_time = || ReadError::Refused(Cause::new("the server does not report its time"));
        let row = rows.first().ok_or_else(no_time)?;
        let micros: i64 = row.try_get(0).map_err(failed)?;
        Ok(Duration::from_micros(u64::try_from(micros).map_err(|_| no_time())?))
    }

    pub(super) async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.extend_tail(after).await?;
        match self.tail.page(after, filter, limit) {
            Some(page) => Ok(page),
            None => self.page(after, filter, limit).await,
        }
    }

    pub(super) async fn read_back(
        &self,
        through: Position,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let (through, limit) = (signed(through.0), signed(limit as u64));
        let values: Values<'_> = &[&through, &limit, &size(READ_BYTES_MAX)];
        let rows = self.connections.query(READ_BACK, values).await?;
        rows.iter().map(recorded).collect()
    }

    /// Reads the log up to the known head into the tail. Beyond that, it polls at most once per
    /// [`LOOK_EVERY`], because commits of other processes are notified.
    async fn extend_tail(&self, after: Position) -> Result<(), ReadError> {
        loop {
            let known = *self.shared.head.borrow();
            let reached = self.tail.head();
            if reached >= known && after < reached {
                return Ok(());
            }
            let mut looked = self.looked.lock().await;
            // Another follower may have read it meanwhile.
            let reached = self.tail.head();
            if reached >= known && (after < reached || looked.elapsed() < LOOK_EVERY) {
                return Ok(());
            }
            let page = self.page(reached, &Filter::default(), TAIL_EVENTS_MAX).await?;
            *looked = Instant::now();
            let through = page.through;
            self.tail.extend(page.events);
            if through >= known {
                return Ok(());
            }
            if through == reached {
                let cause = Cause::new("the log is shorter than before");
                return Err(ReadError::Corrupt { position: Some(known), cause });
            }
        }
    }

    /// Reads a page from the server.
    async fn page(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| &**kind).collect();
        let (from, limit) = (signed(after.0), signed(limit as u64));
        let values: Values<'_> = &[&from, &limit, &kinds, &size(READ_BYTES_MAX)];
        let rows = self.connections.query(READ_ALL, values).await?;
        let mut page = Page { events: Vec::with_capacity(rows.len()), through: after };
        for row in &rows {
            let event = recorded(row)?;
            page.through = event.position;
            if filter.passes(&event.kind) {
                page.events.push(Arc::new(event));
            }
        }
        self.shared.reaches(page.through);
        Ok(page)
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            groups: self.shared.groups.load(Ordering::Relaxed),
            events: self.shared.events.load(Ordering::Relaxed),
            waiting: self.jobs.as_ref().map_or(0, |jobs| jobs.max_capacity() - jobs.capacity())
                as u64,
            ..Stats::default()
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.shared.head.subscribe()
    }
}

/// Whether an address is for this engine.
pub(super) fn speaks(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The servers in an address, with their CA.
pub(super) fn servers(url: &str) -> Vec<Server> {
    let Ok((config, _)) = encryption::parse(url) else { return Vec::new() };
    let authority = encryption::authority(url);
    let tls = authority.is_some().then_some(Tls::AsPostgres);
    let servers = encryption::servers(&config).into_iter();
    servers.map(|server| Server { tls, authority: authority.clone(), ..server }).collect()
}

/// Connections, checked not to go through a transaction pooler.
async fn connect(
    url: &str,
    (read_only, slots): (bool, usize),
) -> Result<Arc<Connections>, OpenError> {
    let unusable = |reason: String| OpenError::unusable(shown(url), reason);
    let address = encryption::parse(url).map_err(unusable)?;
    // Diagnosed first, because the client does not report the cause.
    reach::any(encryption::servers(&address.0)).await.map_err(unusable)?;
    let connections = Arc::new(Connections::new(address, (read_only, slots)));
    match connections.are_pooled().await {
        Ok(false) => Ok(connections),
        Ok(true) => Err(OpenError::Pooled { path: shown(url) }),
        Err(error) => Err(OpenError::unusable(shown(url), error)),
    }
}

/// The address without its password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

fn recorded(row: &Row) -> Result<Recorded, ReadError> {
    let position: i64 = row.try_get(0).map_err(|error| corrupt(None, error))?;
    let position = Position(u64::try_from(position).map_err(|error| corrupt(None, error))?);
    let damaged = |error| corrupt(Some(position), error);
    let version: i64 = row.try_get(1).map_err(damaged)?;
    let (kind, stream): (&str, &str) =
        (row.try_get(3).map_err(damaged)?, row.try_get(6).map_err(damaged)?);
    Ok(Recorded {
        position,
        stream: StreamName::new(stream).map_err(|error| corrupt(Some(position), error))?,
        version: Version(unsigned(version)),
        id: row.try_get(2).map_err(damaged)?,
        kind: kind.into(),
        data: row.try_get(4).map_err(damaged)?,
        meta: row.try_get(5).map_err(damaged)?,
    })
}

/// A row is not what an append wrote.
fn corrupt(
    position: Option<Position>,
    error: impl std::error::Error + Send + Sync + 'static,
) -> ReadError {
    ReadError::Corrupt { position, cause: Cause::new(error) }
}

/// Versions by stream name.
fn standings(rows: &[Row]) -> Result<HashMap<StreamName, Version>, ReadError> {
    let standing = |row: &Row| {
        let name = row.try_get(0).map_err(|error| corrupt(None, error))?;
        let name = StreamName::new(name).map_err(|error| corrupt(None, error))?;
        let version = row.try_get(1).map_err(|error| corrupt(None, error))?;
        Ok((name, Version(unsigned(version))))
    };
    rows.iter().map(standing).collect()
}

/// A bound of a query: PostgreSQL's integers are signed, and no event is beyond the largest.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A position or a version to be written.
fn stored(value: u64) -> i64 {
    i64::try_from(value).expect("positions and versions never reach the sign bit")
}

/// A number of bytes as `bigint`, the type of the sums that it is compared with.
fn size(bytes: usize) -> i64 {
    signed(bytes as u64)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
