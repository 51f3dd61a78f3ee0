//! Records reads of personal data before they are answered. Concurrent reads share an append: one
//! of them appends everything that is queued, and the others wait for it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dossier::contract::{Actor, Envelope, EventSet, PersonalDataRead, PersonalRead, ReadEvent};
use dossier::services::{Category, ServiceName};
use events::{AppendError, Expected, NewEvent, StreamName, Version};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Mutex as Turn, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use crate::clock::ClockWrong;
use crate::limits::{
    ATTEMPTS_MAX, READS_NAMED_PER_APPEND, READS_PER_APPEND, READS_WAIT_MAX, READS_WAITING_MAX,
};
use crate::{Engine, recorded_at};

/// Records reads of personal data, for all services of a process.
#[derive(Debug, Default)]
pub struct ReadLog {
    queue: Mutex<VecDeque<Waiting>>,
    /// The stream that this process writes; held during an append.
    turn: Turn<Option<Standing>>,
}

/// A read that is not recorded yet.
#[derive(Debug)]
struct Waiting {
    read: PersonalRead,
    done: oneshot::Sender<Result<(), ReadsError>>,
}

/// The stream of this process and day.
#[derive(Debug, Clone)]
struct Standing {
    stream: StreamName,
    version: Option<Version>,
    /// Time of its newest event.
    at: Option<Timestamp>,
}

/// Why a read could not be recorded. It must not be answered then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadsError {
    /// The clock is wrong, so that nothing may be recorded.
    #[error(transparent)]
    Clock(#[from] ClockWrong),
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Too many reads wait, or they wait too long.
    #[error("reads of personal data cannot be recorded fast enough")]
    Busy,
}

/// `Retry-After` of a read that is refused because too many wait.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

impl ReadLog {
    /// Records a read; returns once it is durable.
    pub async fn record(&self, engine: &Engine, read: PersonalRead) -> Result<(), ReadsError> {
        timeout(READS_WAIT_MAX, self.recorded(engine, read)).await.unwrap_or(Err(ReadsError::Busy))
    }

    async fn recorded(&self, engine: &Engine, read: PersonalRead) -> Result<(), ReadsError> {
        for _ in 0..ATTEMPTS_MAX {
            let mut done = self.enqueue(read.clone())?;
            tokio::select! {
                biased;
                outcome = &mut done => if let Ok(outcome) = outcome { return outcome },
                mut standing = self.turn.lock() => loop {
                    match done.try_recv() {
                        Ok(outcome) => return outcome,
                        Err(oneshot::error::TryRecvError::Empty) => {
                            self.append_queued(engine, &mut standing).await;
                        }
                        Err(oneshot::error::TryRecvError::Closed) => break,
                    }
                },
            }
            // The request that appended it was cancelled, so the outcome is unknown. It is recorded
            // again: twice is better than not at all.
        }
        Err(ReadsError::Busy)
    }

    fn enqueue(
        &self,
        read: PersonalRead,
    ) -> Result<oneshot::Receiver<Result<(), ReadsError>>, ReadsError> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() >= READS_WAITING_MAX {
            return Err(ReadsError::Busy);
        }
        let (done, outcome) = oneshot::channel();
        queue.push_back(Waiting { read, done });
        Ok(outcome)
    }

    /// Appends the oldest queued reads as one event.
    async fn append_queued(&self, engine: &Engine, standing: &mut Option<Standing>) {
        let batch = self.next_batch();
        let reads = batch.iter().map(|waiting| waiting.read.clone()).collect();
        let outcome = append(engine, standing, reads).await;
        if outcome.is_err() {
            *standing = None;
        }
        for waiting in batch {
            // A request that no longer waits does not need the outcome.
            drop(waiting.done.send(outcome.clone()));
        }
    }

    fn next_batch(&self) -> Vec<Waiting> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut batch, mut named) = (Vec::new(), 0);
        while let Some(waiting) = queue.front() {
            let more = waiting.read.dossiers.len() + waiting.read.complaints.len();
            let full = batch.len() >= READS_PER_APPEND || named + more > READS_NAMED_PER_APPEND;
            if full && !batch.is_empty() {
                break;
            }
            named += more;
            batch.extend(queue.pop_front());
        }
        batch
    }
}

/// The stream of this process on the day of an instant (UTC).
fn stream_of(engine: &Engine, at: Timestamp) -> Result<StreamName, AppendError> {
    let day = at.to_zoned(TimeZone::UTC).date();
    let holder = engine.holder();
    let process = holder.get(..8).unwrap_or(holder);
    Ok(StreamName::new(&Category::Reads.stream(format_args!("{day}-{process}")))?)
}

async fn append(
    engine: &Engine,
    standing: &mut Option<Standing>,
    reads: Vec<PersonalRead>,
) -> Result<(), ReadsError> {
    let event = ReadEvent::from(PersonalDataRead { reads });
    let mut failed = AppendError::Conflict { actual: None };
    for _ in 0..ATTEMPTS_MAX {
        let stream = stream_of(engine, engine.time()?)?;
        let known = standing.take().filter(|known| known.stream == stream);
        let Standing { stream, version, at } = match known {
            Some(known) => known,
            None => {
                let last = engine.store.last(&stream).await.map_err(AppendError::from)?;
                let at = last.as_ref().and_then(recorded_at);
                Standing { stream, version: last.map(|last| last.version), at }
            }
        };
        let at = engine.time_after(at)?;
        let next = version.map_or(0, |version| version.0 + 1);
        let command = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{stream}\n{next}").as_bytes());
        let id = NewEvent::id_of(&stream, command, 0);
        let (kind, data) = (event.kind().into(), event.encode());
        let new = NewEvent { id, kind, data, meta: envelope(at, command).encode() };
        match engine.store.append(&stream, Expected::from(version), vec![new]).await {
            Ok(appended) => {
                let version = Some(appended.version);
                *standing = Some(Standing { stream, version, at: Some(at) });
                return Ok(());
            }
            // The version is read again.
            Err(error @ (AppendError::Conflict { .. } | AppendError::IdReused(_))) => {
                failed = error;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(failed.into())
}

fn envelope(at: Timestamp, command: Uuid) -> Envelope {
    Envelope {
        at,
        actor: Actor::system(ServiceName::Register.as_str()),
        command,
        digest: String::new(),
        cause: None,
        dossier: None,
        trace: None,
    }
}
