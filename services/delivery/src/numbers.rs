//! Takes numbers from the registers of results. The law: `libs/dossier/src/delivery/numbers.rs`.

use dossier::contract::{
    Actor, AgencyCode, DossierId, Envelope, EventSet, NumberEvent, NumberTaken,
};
use dossier::delivery::DossierResult;
use dossier::delivery::numbers::NumberRegister;
use dossier::law::Law;
use engine::limits::ATTEMPTS_MAX;
use engine::{Engine, Streams, decode, recorded_at};
use events::limits::APPEND_EVENTS_MAX;
use events::{AppendError, Expected, NewEvent, Recorded, StreamName};
use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;
use web::Problem;

use crate::untaken::Untaken;

/// The register of a book at an instant, of the agency or of its successor.
pub(crate) fn register_of(
    agency: &AgencyCode,
    book: &str,
    law: &Law,
    at: Timestamp,
) -> Option<NumberRegister> {
    let agency = law.present(agency, at).clone();
    let year = law.calendar_of(&agency)?.date_of(at).year();
    Some(NumberRegister { agency, book: book.to_owned(), year })
}

/// Number of locks; registers share them by hash.
const LOCKS: usize = 64;

/// Serialises the requests of this process for numbers of the same register, so that they do not
/// conflict. Between replicas, the store detects conflicts.
#[derive(Debug)]
struct Queues([Mutex<()>; LOCKS]);

/// The state needed to take numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    queues: Queues,
    untaken: Untaken,
}

impl Numbers {
    pub(crate) fn new(untaken: Untaken) -> Self {
        Self { queues: Queues::default(), untaken }
    }
}

impl Default for Queues {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Queues {
    async fn wait_for(&self, stream: &StreamName) -> Option<MutexGuard<'_, ()>> {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, stream.as_str().as_bytes());
        let lock = self.0.get(usize::from(*id.as_bytes().first()?) % LOCKS)?;
        Some(lock.lock().await)
    }
}

/// Takes a number for a dossier: the next one, or the `given` one if it is not another dossier's.
/// Repeated calls for the same dossier return the same number, even after a crash. `None` if the
/// given number is another dossier's. Numbers issued before registers were kept count as used; they
/// are entered when the sequence reaches them.
pub(crate) async fn take(
    (results, numbers): (&Streams<DossierResult>, &Numbers),
    register: &NumberRegister,
    dossier: DossierId,
    given: Option<&str>,
) -> Result<Option<String>, Problem> {
    let engine = results.engine();
    if !numbers.untaken.is_known().await {
        return Err(Problem::unavailable("the numbers of earlier results are still being read"));
    }
    if let Some(given) = given {
        let holder = numbers.untaken.holder(results, register, given).await?;
        if holder.is_some_and(|holder| holder != dossier) {
            return Ok(None);
        }
    }
    let stream = stream(register)?;
    let id = given.map_or_else(|| register.event_for(dossier), |given| register.event_of(given));
    let _turn = numbers.queues.wait_for(&stream).await;
    for _ in 0..ATTEMPTS_MAX {
        let last = engine.store.last(&stream).await?;
        if let Some(last) = last.as_ref().filter(|last| last.id == id) {
            return Ok(mine(&read(last)?, dossier));
        }
        let entries = match given {
            Some(given) => vec![(id, register.taken(given.to_owned(), None, dossier))],
            None => {
                let newest = match &last {
                    Some(last) => newest_sequence(engine, &stream, last).await?,
                    None => 0,
                };
                next((results, numbers), register, dossier, newest).await?
            }
        };
        let newest = entries.last().map(|(_, taken)| (taken.dossier, taken.number.clone()));
        let last_at = last.as_ref().and_then(recorded_at);
        let expected = Expected::from(last.map(|last| last.version));
        let at = engine.time_after(last_at)?;
        let events = entries.into_iter().map(|(id, taken)| event(at, &stream, id, taken));
        match (engine.store.append(&stream, expected, events.collect()).await, newest) {
            (Ok(_), Some((of, number))) if of == dossier => return Ok(Some(number)),
            // Either the append was filled by entries of earlier results, or another writer was
            // faster: try again.
            (Ok(_) | Err(AppendError::Conflict { .. }), _) => {}
            // Taken before: for this dossier, whose result was then not issued, or for another
            // dossier.
            (Err(AppendError::IdReused(_)), _) => {
                if let Some(taken) = find(engine, &stream, id).await? {
                    return Ok(mine(&taken, dossier));
                }
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    Err(Problem::contended())
}

/// The entry with the next number for the dossier, after entries for numbers that were issued
/// before registers were kept.
async fn next(
    (results, numbers): (&Streams<DossierResult>, &Numbers),
    register: &NumberRegister,
    dossier: DossierId,
    newest: u64,
) -> Result<Vec<(Uuid, NumberTaken)>, Problem> {
    let mut entries = Vec::new();
    for sequence in newest.saturating_add(1).. {
        let number = register.written(sequence);
        let holder = numbers.untaken.holder(results, register, &number).await?;
        let (of, id) = match holder {
            // By its number: that dossier may have taken another number before its result was
            // issued under this one.
            Some(holder) if holder != dossier => (holder, register.event_of(&number)),
            _ => (dossier, register.event_for(dossier)),
        };
        entries.push((id, register.taken(number, Some(sequence), of)));
        if of == dossier || entries.len() >= APPEND_EVENTS_MAX {
            break;
        }
    }
    Ok(entries)
}

fn mine(taken: &NumberTaken, dossier: DossierId) -> Option<String> {
    (taken.dossier == dossier).then(|| taken.number.clone())
}

pub(crate) fn stream(register: &NumberRegister) -> Result<StreamName, Problem> {
    Ok(StreamName::new(&register.stream())?)
}

pub(crate) fn read(event: &Recorded) -> Result<NumberTaken, Problem> {
    let NumberEvent::NumberTaken(taken) = decode(event)?;
    Ok(taken)
}

/// The newest sequence in the register. Given numbers, which are rare, have no sequence and are
/// skipped.
async fn newest_sequence(
    engine: &Engine,
    stream: &StreamName,
    last: &Recorded,
) -> Result<u64, Problem> {
    if let Some(sequence) = read(last)?.sequence {
        return Ok(sequence);
    }
    let (mut newest, mut after) = (0, None);
    loop {
        let events = engine.store.read(stream, after).await?;
        for event in &events {
            newest = read(event)?.sequence.unwrap_or(newest);
        }
        match events.last() {
            Some(last) => after = Some(last.version),
            None => return Ok(newest),
        }
    }
}

/// The number taken by the event with this id. The whole stream is read; needed only if a number
/// was taken and not used.
async fn find(
    engine: &Engine,
    stream: &StreamName,
    id: Uuid,
) -> Result<Option<NumberTaken>, Problem> {
    let mut after = None;
    loop {
        let events = engine.store.read(stream, after).await?;
        if let Some(found) = events.iter().find(|event| event.id == id) {
            return read(found).map(Some);
        }
        match events.last() {
            Some(last) => after = Some(last.version),
            None => return Ok(None),
        }
    }
}

fn event(at: Timestamp, stream: &StreamName, id: Uuid, taken: NumberTaken) -> NewEvent {
    let envelope = Envelope {
        at,
        actor: Actor::system(crate::NAME),
        command: Uuid::new_v5(&id, stream.as_str().as_bytes()),
        digest: String::new(),
        cause: None,
        dossier: Some(taken.dossier),
        trace: None,
    };
    let taken = NumberEvent::from(taken);
    NewEvent { id, kind: taken.kind().into(), data: taken.encode(), meta: envelope.encode() }
}
