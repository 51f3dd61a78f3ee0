//! Takes numbers from the registers of results. The law: `libs/dossier/src/delivery/numbers.rs`.

use dossier::contract::{Actor, DossierId, Envelope, EventSet, NumberEvent, NumberTaken};
use dossier::delivery::DossierResult;
use dossier::delivery::numbers::NumberRegister;
use dossier::law::Law;
use events::{AppendError, Expected, NewEvent, Recorded, StreamName};
use jiff::Timestamp;
use service_kit::http::Problem;
use service_kit::limits::ATTEMPTS_MAX;
use service_kit::{Kit, recorded_at};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// The register in which the result of a dossier is numbered at an instant: that of whoever deals with the dossier then.
pub(crate) fn register_of(
    result: &DossierResult,
    law: &Law,
    at: Timestamp,
) -> Option<NumberRegister> {
    let prepared = result.prepared.as_ref()?;
    let agency = law.present(&prepared.brief.agency, at).clone();
    let year = law.calendar_of(&agency)?.date_of(at).year();
    Some(NumberRegister { agency, book: prepared.result.clone(), year })
}

/// Locks of registers, several registers to one.
const LOCKS: usize = 64;

/// Keeps those of this process who take numbers of one register from getting into each other's way: one after another each finds
/// the register as it is. Other replicas are kept off by the store.
#[derive(Debug)]
pub(crate) struct Queues([Mutex<()>; LOCKS]);

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

/// A number of a register for a dossier: the next one, or the `given` one if nobody else has it. The same dossier gets the same
/// again, whatever was killed in between; `None` if the given one is another dossier's.
pub(crate) async fn take(
    (kit, queues): (&Kit, &Queues),
    register: &NumberRegister,
    dossier: DossierId,
    given: Option<&str>,
) -> Result<Option<String>, Problem> {
    let stream = stream(register)?;
    let id = given.map_or_else(|| register.event_for(dossier), |given| register.event_of(given));
    let _turn = queues.wait_for(&stream).await;
    for _ in 0..ATTEMPTS_MAX {
        let last = kit.store.last(&stream).await?;
        if let Some(last) = last.as_ref().filter(|last| last.id == id) {
            return Ok(mine(&read(last)?, dossier));
        }
        let (number, sequence) = match (given, &last) {
            (Some(given), _) => (given.to_owned(), None),
            (None, None) => (register.written(1), Some(1)),
            (None, Some(last)) => {
                let next = newest_sequence(kit, &stream, last).await?.saturating_add(1);
                (register.written(next), Some(next))
            }
        };
        let taken = register.taken(number.clone(), sequence, dossier);
        let last_at = last.as_ref().and_then(recorded_at);
        let expected = Expected::from(last.map(|last| last.version));
        let now = kit.time()?;
        // Other replicas have clocks of their own.
        let at = last_at.map_or(now, |last_at| now.max(last_at));
        let event = event(at, &stream, id, taken);
        match kit.store.append(&stream, expected, vec![event]).await {
            Ok(_) => return Ok(Some(number)),
            // Taken before: for this dossier, whose result was not issued then, or by another one.
            Err(AppendError::IdReused(_)) => {
                if let Some(taken) = find(kit, &stream, id).await? {
                    return Ok(mine(&taken, dossier));
                }
            }
            // Somebody else was faster.
            Err(AppendError::Conflict { .. }) => {}
            Err(AppendError::Busy(wait)) => return Err(Problem::busy(wait)),
            Err(AppendError::Unwritable(why)) => return Err(Problem::unwritable(&why)),
            Err(error) => return Err(Problem::unavailable(&error.to_string())),
        }
    }
    Err(Problem::contended())
}

fn mine(taken: &NumberTaken, dossier: DossierId) -> Option<String> {
    (taken.dossier == dossier).then(|| taken.number.clone())
}

pub(crate) fn stream(register: &NumberRegister) -> Result<StreamName, Problem> {
    StreamName::new(&register.stream()).map_err(|error| Problem::unavailable(&error.to_string()))
}

pub(crate) fn read(event: &Recorded) -> Result<NumberTaken, Problem> {
    let NumberEvent::NumberTaken(taken) = NumberEvent::decode(&event.kind, &event.data)
        .map_err(|error| Problem::unavailable(&error.to_string()))?;
    Ok(taken)
}

/// The newest number of the register's own order. Numbers that were given stand between them, mostly none.
async fn newest_sequence(kit: &Kit, stream: &StreamName, last: &Recorded) -> Result<u64, Problem> {
    if let Some(sequence) = read(last)?.sequence {
        return Ok(sequence);
    }
    let (mut newest, mut after) = (0, None);
    loop {
        let events = kit.store.read(stream, after).await?;
        for event in &events {
            newest = read(event)?.sequence.unwrap_or(newest);
        }
        match events.last() {
            Some(last) => after = Some(last.version),
            None => return Ok(newest),
        }
    }
}

/// The number that an event with this id took: only looked for where one was taken and not used.
async fn find(kit: &Kit, stream: &StreamName, id: Uuid) -> Result<Option<NumberTaken>, Problem> {
    let mut after = None;
    loop {
        let events = kit.store.read(stream, after).await?;
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
        actor: Actor::system("result-delivery"),
        command: Uuid::new_v5(&id, stream.as_str().as_bytes()),
        digest: String::new(),
        cause: None,
        dossier: Some(taken.dossier),
        trace: None,
    };
    let taken = NumberEvent::from(taken);
    NewEvent {
        id,
        kind: taken.kind().into(),
        data: taken.encode(),
        meta: serde_json::to_string(&envelope).unwrap_or_default(),
    }
}
