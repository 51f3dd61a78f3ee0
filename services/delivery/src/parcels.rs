//! The view of parcels by waybill. It is the only source for hand-overs from before waybills were
//! taken (`waybills.rs`).

use dossier::contract::{DeliveryEvent, DossierId, ParcelId, partner_name, waybill_number};
use dossier::delivery::waybill::Handed;
use engine::tasks::{NotApplied, Projection};
use engine::view::{Question, Shape, View, ViewError, instant};
use engine::{decode, envelope, stream_id};
use events::Recorded;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::waybills::Waybill;

/// Maximum number of parcels read per waybill; more than one is ambiguous already.
const SAME_MAX: u32 = 16;

/// The projection of hand-overs.
pub(crate) struct Parcels;

impl Projection for Parcels {
    const SHAPE: Shape = Shape {
        name: "result-delivery-parcels",
        version: 2,
        tables: "
CREATE TABLE parcels (
  carrier TEXT    NOT NULL,
  waybill TEXT    NOT NULL,
  parcel  BLOB    NOT NULL,
  dossier BLOB    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (carrier, waybill, parcel)
) STRICT, WITHOUT ROWID;
CREATE INDEX parcels_by_time ON parcels (carrier, at, parcel);",
    };
    const KINDS: &'static [&'static str] = &["delivery.ResultHandedToCarrier.v1"];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let DeliveryEvent::ResultHandedToCarrier(handed) = decode(event)? else { return Ok(()) };
        let (dossier, at) = (stream_id(event)?, envelope(event)?.at);
        rows.prepare_cached("INSERT OR IGNORE INTO parcels VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
            params![
                partner_name(&handed.carrier),
                waybill_number(&handed.waybill),
                handed.parcel.0,
                dossier,
                at.as_millisecond()
            ],
        )?;
        Ok(())
    }
}

/// The parcels that were handed to a carrier in this time, the oldest first; `limit` of them after
/// the first `skip`. `carrier` is in the form in which names are compared.
pub(crate) async fn handed_between(
    view: &View,
    carrier: &str,
    (from, to): (Timestamp, Timestamp),
    (skip, limit): (u32, u32),
) -> Result<Vec<Handed>, ViewError> {
    let (carrier, from, to) = (carrier.to_owned(), from.as_millisecond(), to.as_millisecond());
    let read = move |rows: &Connection| {
        rows.prepare_cached(
            "SELECT dossier, parcel, at FROM parcels WHERE carrier = ?1 AND at >= ?2 AND at < ?3
             ORDER BY at, parcel LIMIT ?4 OFFSET ?5",
        )?
        .query_map(params![carrier, from, to, limit, skip], |row| {
            let (dossier, parcel) = (DossierId(row.get(0)?), ParcelId(row.get(1)?));
            let at = instant(row, 2)?;
            Ok(Handed { dossier, parcel, at })
        })?
        .collect()
    };
    view.query(Question::List, read).await
}

/// The parcels that were handed over with this waybill, the newest first.
pub(crate) async fn handed(view: &View, waybill: &Waybill) -> Result<Vec<Handed>, ViewError> {
    let (carrier, number) = (waybill.carrier.clone(), waybill.number.clone());
    let read = move |rows: &Connection| {
        rows.prepare_cached(
            "SELECT dossier, parcel, at FROM parcels WHERE carrier = ?1 AND waybill = ?2
             ORDER BY at DESC LIMIT ?3",
        )?
        .query_map(params![carrier, number, SAME_MAX], |row| {
            let (dossier, parcel) = (DossierId(row.get(0)?), ParcelId(row.get(1)?));
            let at = instant(row, 2)?;
            Ok(Handed { dossier, parcel, at })
        })?
        .collect()
    };
    view.query(Question::LookUp, read).await
}
