//! Codes of new dossiers: `AGENCY-YYMMDD-AAXXXX` (Circular 03/2025/TT-VPCP, art. 13), where the
//! number has at least four digits; here it has eight. Sequence numbers are reserved in the store
//! in blocks, so that processes never assign the same. The code contains a secret permutation of
//! the number, different each day, so that codes cannot be enumerated (ADR 15). Unused numbers of a
//! block are skipped.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dossier::contract::{AgencyCode, DossierCode};
use dossier::services::Category;
use events::{AppendError, EventStore, Expected, NewEvent, ReadError, StreamName};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use crate::limits::{ATTEMPTS_MAX, CODES_PER_BLOCK};

mod order;

use order::Order;

/// Kind of the event that reserves a block.
pub const CODES_TAKEN: &str = "numbering.DossierCodesTaken.v1";

/// A reserved block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodesTaken {
    /// The first sequence number.
    pub first: u32,
    /// The last one.
    pub last: u32,
}

/// The rest of a block, and returned numbers.
#[derive(Debug)]
struct Block {
    left: CodesTaken,
    returned: Vec<u32>,
}

impl Block {
    fn next(&mut self) -> Option<u32> {
        if let Some(number) = self.returned.pop() {
            return Some(number);
        }
        let number = Some(self.left.first).filter(|first| *first <= self.left.last)?;
        self.left.first = number.saturating_add(1);
        Some(number)
    }
}

/// An agency and a day of it.
type Key = (AgencyCode, Date);

/// The blocks that this process has reserved.
#[derive(Debug)]
pub struct Codes {
    /// Unique per process: two processes that reserve the same block must not look like a retry.
    taker: String,
    order: Order,
    blocks: Mutex<HashMap<Key, Block>>,
    /// Held while a block is reserved; others wait and use it.
    taking: AsyncMutex<()>,
}

/// A unique code. Return it if it is not used: [`Codes::give_back`]. A dropped one is skipped,
/// which is right if it is unknown whether it was used.
#[derive(Debug)]
pub struct Reserved {
    pub code: DossierCode,
    key: Key,
    number: u32,
}

/// Why there is no code now.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot be written to.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Too many conflicts with other processes.
    #[error("too many processes take codes at the same time")]
    Contended,
}

impl Codes {
    /// For a process with the unique name `taker`, of an installation with this secret.
    #[must_use]
    pub fn new(taker: String, secret: &[u8]) -> Self {
        let (blocks, taking) = (Mutex::default(), AsyncMutex::default());
        Self { taker, order: Order::new(secret), blocks, taking }
    }

    /// Returns a new code.
    pub async fn next(
        &self,
        store: &EventStore,
        agency: &AgencyCode,
        system: &str,
        date: Date,
    ) -> Result<Reserved, CodesError> {
        let key = (agency.clone(), date);
        let number = match self.known(&key) {
            Some(number) => number,
            None => self.taken(store, &key).await?,
        };
        let shown = self.order.place(agency, date, number);
        let code = DossierCode::new(agency, date, system, shown);
        Ok(Reserved { code, key, number })
    }

    /// Returns an unused code, for the next dossier of that agency and day.
    pub fn give_back(&self, unused: Reserved) {
        // Codes of past days are skipped.
        if let Some(block) = self.blocks().get_mut(&unused.key) {
            block.returned.push(unused.number);
        }
    }

    fn blocks(&self) -> MutexGuard<'_, HashMap<Key, Block>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, key: &Key) -> Option<u32> {
        self.blocks().get_mut(key)?.next()
    }

    /// Reserves a block and returns a number of it.
    async fn taken(&self, store: &EventStore, key: &Key) -> Result<u32, CodesError> {
        loop {
            let taking = self.taking.lock().await;
            // Another task may have reserved one meanwhile.
            if let Some(number) = self.known(key) {
                return Ok(number);
            }
            let left = self.take_block(store, &key.0, key.1).await?;
            let mut blocks = self.blocks();
            // Drop blocks of past days, except where it is still that day in another time zone.
            blocks.retain(|(_, day), _| day.until(key.1).is_ok_and(|span| span.get_days() <= 1));
            blocks.insert(key.clone(), Block { left, returned: Vec::new() });
            drop(blocks);
            drop(taking);
        }
    }

    async fn take_block(
        &self,
        store: &EventStore,
        agency: &AgencyCode,
        date: Date,
    ) -> Result<CodesTaken, CodesError> {
        let day = date.strftime("%Y%m%d");
        let name = Category::Codes.stream(format_args!("{agency}-{day}"));
        let stream = StreamName::new(&name).map_err(AppendError::StreamName)?;
        for _ in 0..ATTEMPTS_MAX {
            let newest = store.last(&stream).await?;
            let last = match &newest {
                // Codes would be given out twice if a block that cannot be decoded counted as none.
                Some(event) => {
                    serde_json::from_str::<CodesTaken>(&event.data)
                        .map_err(|error| ReadError::corrupt(event, error))?
                        .last
                }
                None => 0,
            };
            let first = last.saturating_add(1);
            let block = CodesTaken { first, last: last.saturating_add(CODES_PER_BLOCK) };
            let id = format!("{name}/{first}/{}", self.taker);
            let event = NewEvent {
                id: Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()),
                kind: CODES_TAKEN.into(),
                data: serde_json::to_string(&block).expect("a struct of two numbers"),
                meta: serde_json::json!({ "taken_by": self.taker }).to_string(),
            };
            let expected = Expected::from(newest.map(|event| event.version));
            match store.append(&stream, expected, vec![event]).await {
                Ok(_) => return Ok(block),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CodesError::Contended)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use events::Position;
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 11, 21);

    async fn next(codes: &Codes, store: &EventStore) -> Reserved {
        codes.next(store, &"G02".into(), "02", DAY).await.unwrap()
    }

    #[tokio::test]
    async fn two_processes_never_give_out_the_same_code() {
        let store = EventStore::memory();
        let (one, two) = (Codes::new("one".to_owned(), b"s"), Codes::new("two".to_owned(), b"s"));
        let mut seen = BTreeSet::new();
        for n in 0..250 {
            let code = next(if n % 2 == 0 { &one } else { &two }, &store).await.code;
            let number = code.as_str().strip_prefix("G02-261121-02").unwrap();
            assert!(number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()), "{code}");
            assert!(seen.insert(code.clone()), "{code} twice");
        }
    }

    #[tokio::test]
    async fn what_is_given_back_is_given_out_again_and_nothing_is_recorded_for_it() {
        let (store, codes) = (EventStore::memory(), Codes::new("one".to_owned(), b"s"));
        let first = next(&codes, &store).await;
        let (code, head) = (first.code.clone(), store.head());
        codes.give_back(first);
        for _ in 0..500 {
            let refused = next(&codes, &store).await;
            assert_eq!(refused.code, code);
            codes.give_back(refused);
        }
        assert_eq!((store.head(), head), (head, Position(1)), "one block");
        let (one, two) = (next(&codes, &store).await, next(&codes, &store).await);
        assert_ne!(one.code, two.code);
    }

    #[tokio::test]
    async fn beyond_eight_digits_the_number_grows() {
        let store = EventStore::memory();
        let stream = StreamName::new("codes-G02-20261121").unwrap();
        let event = NewEvent {
            id: Uuid::from_u128(1),
            kind: CODES_TAKEN.into(),
            data: "{\"first\":1,\"last\":123456789}".to_owned(),
            meta: "{}".to_owned(),
        };
        store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
        let code = next(&Codes::new("one".to_owned(), b"s"), &store).await.code;
        assert_eq!(code.as_str(), "G02-261121-02123456790");
    }
}
