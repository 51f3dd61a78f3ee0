//! Codes for new dossiers: `AGENCY-YYMMDD-AAXXXX` (Circular 03/2025/TT-VPCP, art. 13), where the sequence has at least
//! four digits and grows when needed. They are taken from the store in blocks, so that no two processes give out the
//! same; codes of a block that is not used up are left out.

use std::collections::HashMap;
use std::sync::Arc;

use dossier::contract::{AgencyCode, DossierCode};
use events::{AppendError, EventStore, Expected, NewEvent, ReadError, StreamName};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::limits::{ATTEMPTS_MAX, CODES_PER_BLOCK};

/// The kind of event that takes a block.
pub const CODES_TAKEN: &str = "numbering.DossierCodesTaken.v1";

/// A block that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodesTaken {
    /// The first sequence number.
    pub first: u32,
    /// The last one.
    pub last: u32,
}

/// The blocks that this process has taken.
#[derive(Debug)]
pub struct Codes {
    /// Tells this process from every other: two that take the same block must not look like one that tries again.
    taker: String,
    blocks: Mutex<HashMap<(AgencyCode, Date), CodesTaken>>,
}

/// Why there is no code now.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store takes nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Other processes were faster, again and again.
    #[error("too many processes take codes at the same time")]
    Contended,
}

impl Codes {
    /// For a process that calls itself `taker`, as no other does.
    #[must_use]
    pub fn new(taker: String) -> Self {
        Self { taker, blocks: Mutex::default() }
    }

    /// A code that nobody has.
    pub async fn next(
        &self,
        store: &EventStore,
        agency: &AgencyCode,
        system: &str,
        date: Date,
    ) -> Result<DossierCode, CodesError> {
        let mut blocks = self.blocks.lock().await;
        // Yesterday's blocks are not needed any more.
        blocks.retain(|(_, day), _| *day == date);
        let key = (agency.clone(), date);
        let left = blocks.get(&key).copied().filter(|block| block.first <= block.last);
        let block = match left {
            Some(block) => block,
            None => self.take_block(store, agency, date).await?,
        };
        let number = block.first;
        blocks.insert(key, CodesTaken { first: number.saturating_add(1), ..block });
        drop(blocks);
        let day = date.strftime("%y%m%d");
        Ok(DossierCode(Arc::from(format!("{agency}-{day}-{system}{number:04}"))))
    }

    async fn take_block(
        &self,
        store: &EventStore,
        agency: &AgencyCode,
        date: Date,
    ) -> Result<CodesTaken, CodesError> {
        let name = format!("codes-{agency}-{}", date.strftime("%Y%m%d"));
        let stream = StreamName::new(&name).map_err(AppendError::StreamName)?;
        for _ in 0..ATTEMPTS_MAX {
            let newest = store.last(&stream).await?;
            let last = newest.as_ref().map_or(0, |event| {
                serde_json::from_str::<CodesTaken>(&event.data).map_or(0, |block| block.last)
            });
            let first = last.saturating_add(1);
            let block = CodesTaken { first, last: last.saturating_add(CODES_PER_BLOCK) };
            let id = format!("{name}/{first}/{}", self.taker);
            let event = NewEvent {
                id: Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()),
                kind: CODES_TAKEN.into(),
                data: serde_json::to_string(&block).unwrap_or_default(),
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

    use jiff::civil::date;

    use super::*;

    #[tokio::test]
    async fn two_processes_never_give_out_the_same_code() {
        let store = EventStore::memory();
        let (one, two) = (Codes::new("one".to_owned()), Codes::new("two".to_owned()));
        let mut seen = BTreeSet::new();
        for n in 0..250 {
            let codes = if n % 2 == 0 { &one } else { &two };
            let code = codes.next(&store, &"G02".into(), "02", date(2026, 11, 21)).await.unwrap();
            assert!(seen.insert(code.clone()), "{code} twice");
        }
        assert!(seen.contains(&DossierCode::from("G02-261121-020001")));
    }

    #[tokio::test]
    async fn the_sequence_grows_beyond_four_digits() {
        let store = EventStore::memory();
        let stream = StreamName::new("codes-G02-20261121").unwrap();
        let event = NewEvent {
            id: Uuid::from_u128(1),
            kind: CODES_TAKEN.into(),
            data: "{\"first\":1,\"last\":12000}".to_owned(),
            meta: "{}".to_owned(),
        };
        store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
        let code = Codes::new("one".to_owned())
            .next(&store, &"G02".into(), "02", date(2026, 11, 21))
            .await;
        assert_eq!(code.unwrap().as_str(), "G02-261121-0212001");
    }
}
