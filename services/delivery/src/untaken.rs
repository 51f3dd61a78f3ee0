//! The view of result numbers that were not taken from a register, from before registers were kept
//! (`numbers.rs`): numbers entered by officers, and dossier codes under which automatic answers
//! were issued.

use std::sync::Arc;

use dossier::contract::{DeliveryEvent, DossierId, EventSet, NumberEvent, waybill_number};
use dossier::delivery::DossierResult;
use dossier::delivery::numbers::NumberRegister;
use engine::tasks::{NotApplied, Progress, Projection};
use engine::view::{Question, Shape, View, instant};
use engine::{Streams, decode, envelope, stream_id};
use events::{Position, Recorded};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;
use web::Problem;

use crate::numbers::register_of;

/// Maximum number of results read per number; within one register a number has one result.
const SAME_MAX: u32 = 64;

/// The projection of issued and taken numbers.
pub(crate) struct UntakenNumbers;

impl Projection for UntakenNumbers {
    const SHAPE: Shape = Shape {
        name: "result-delivery-numbers",
        version: 1,
        tables: "
CREATE TABLE taken (
  dossier BLOB NOT NULL,
  number  TEXT NOT NULL,
  PRIMARY KEY (dossier, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE untaken (
  number  TEXT    NOT NULL,
  dossier BLOB    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (number, dossier)
) STRICT, WITHOUT ROWID;",
    };
    /// A number that a skipped event gave out would be given out again.
    const IS_COMPLETE: bool = true;
    const KINDS: &'static [&'static str] = &["delivery.ResultIssued.v1", "delivery.NumberTaken.v1"];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        if NumberEvent::KINDS.contains(&&*event.kind) {
            let NumberEvent::NumberTaken(taken) = decode(event)?;
            rows.prepare_cached("INSERT OR IGNORE INTO taken VALUES (?1, ?2)")?
                .execute(params![taken.dossier.0, waybill_number(&taken.number)])?;
            return Ok(());
        }
        let DeliveryEvent::ResultIssued(issued) = decode(event)? else { return Ok(()) };
        let (dossier, at) = (stream_id(event)?, envelope(event)?.at);
        let number = waybill_number(&issued.number);
        let of_register = rows
            .prepare_cached("DELETE FROM taken WHERE dossier = ?1 AND number = ?2")?
            .execute(params![dossier, number])?;
        if of_register == 0 {
            rows.prepare_cached("INSERT OR IGNORE INTO untaken VALUES (?1, ?2, ?3)")?
                .execute(params![number, dossier, at.as_millisecond()])?;
        }
        Ok(())
    }
}

/// The numbers that were not taken from a register.
#[derive(Debug)]
pub(crate) struct Untaken {
    view: Arc<View>,
    progress: Progress,
    /// Head of the log when this process started; later numbers are taken from registers.
    since: Position,
}

impl Untaken {
    pub(crate) const fn new(view: Arc<View>, progress: Progress, since: Position) -> Self {
        Self { view, progress, since }
    }

    /// Waits until the view has reached that position; false after a timeout.
    pub(crate) async fn is_known(&self) -> bool {
        self.progress.reach(self.since).await
    }

    /// The dossier whose result was issued in this register under a number that was not taken from
    /// it.
    pub(crate) async fn holder(
        &self,
        results: &Streams<DossierResult>,
        register: &NumberRegister,
        number: &str,
    ) -> Result<Option<DossierId>, Problem> {
        let number = waybill_number(number);
        let read = move |rows: &Connection| {
            rows.prepare_cached("SELECT dossier, at FROM untaken WHERE number = ?1 LIMIT ?2")?
                .query_map(params![number, SAME_MAX], |row| Ok((row.get(0)?, instant(row, 1)?)))?
                .collect::<rusqlite::Result<Vec<(Uuid, Timestamp)>>>()
        };
        for (dossier, at) in self.view.query(Question::LookUp, read).await? {
            let loaded = results.load(&Streams::<DossierResult>::of(dossier)).await?;
            let law = results.engine().law();
            let of = loaded.state.prepared().and_then(|prepared| {
                register_of(&prepared.brief.agency, &prepared.result, &law, at)
            });
            if of.as_ref() == Some(register) {
                return Ok(Some(DossierId(dossier)));
            }
        }
        Ok(None)
    }
}
