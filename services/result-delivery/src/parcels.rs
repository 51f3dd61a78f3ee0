//! The view of parcels by waybill. It is the only source for hand-overs from before waybills were
//! taken (`waybills.rs`).

use dossier::contract::{
    DeliveryEvent, DossierId, EventSet, ParcelId, partner_name, waybill_number,
};
use dossier::delivery::waybill::Handed;
use events::Recorded;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use service_kit::recorded_at;
use service_kit::tasks::Projection;
use service_kit::view::{Question, Shape, View, ViewError, instant};
use uuid::Uuid;

use crate::waybills::Waybill;

/// Maximum number of parcels read per waybill; more than one is ambiguous already.
const SAME_MAX: u32 = 16;

/// The projection of hand-overs.
pub(crate) struct Parcels;

impl Projection for Parcels {
    const SHAPE: Shape = Shape {
        name: "result-delivery-parcels",
        version: 1,
        tables: "
CREATE TABLE parcels (
  carrier TEXT    NOT NULL,
  waybill TEXT    NOT NULL,
  parcel  BLOB    NOT NULL,
  dossier BLOB    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (carrier, waybill, parcel)
) STRICT, WITHOUT ROWID;",
    };
    const KINDS: &'static [&'static str] = &["delivery.ResultHandedToCarrier.v1"];

    fn apply(&self, rows: &Connection, event: &Recorded) -> rusqlite::Result<()> {
        let decoded = DeliveryEvent::decode(&event.kind, &event.data);
        let (Ok(DeliveryEvent::ResultHandedToCarrier(handed)), Ok(dossier), Some(at)) =
            (decoded, event.stream.id().parse::<Uuid>(), recorded_at(event))
        else {
            tracing::error!(
                position = event.position.0,
                "a parcel cannot be read and is not known"
            );
            return Ok(());
        };
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
