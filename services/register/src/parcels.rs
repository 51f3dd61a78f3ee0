//! The view of parcels: where each is, for lists of an agency. A parcel is listed under the agency
//! of its dossier and each agency above it, so that a page costs the same however many parcels
//! other agencies have.

use dossier::contract::{
    AgencyCode, Brief, DeliveryChannel, DeliveryEvent, DossierId, ParcelId, party_name,
};
use engine::tasks::{NotApplied, Projection};
use engine::view::{Shape, instant, party_names, text_array, texts};
use engine::{decode, envelope, stream_id};
use events::Recorded;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The scope in which every parcel is listed.
const EVERYWHERE: &str = "";

const TABLES: &str = "
CREATE TABLE results (
  dossier   BLOB PRIMARY KEY,
  code      TEXT NOT NULL,
  agency    TEXT NOT NULL,
  applicant TEXT NOT NULL,
  acted     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE parcels (
  parcel      BLOB    PRIMARY KEY,
  dossier     BLOB    NOT NULL,
  carrier     TEXT    NOT NULL,
  waybill     TEXT    NOT NULL,
  state       INTEGER NOT NULL,
  handed_at   INTEGER NOT NULL,
  reported_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX parcels_by_dossier ON parcels (dossier, handed_at);
CREATE TABLE listed (
  scope     TEXT    NOT NULL,
  state     INTEGER NOT NULL,
  handed_at INTEGER NOT NULL,
  parcel    BLOB    NOT NULL,
  PRIMARY KEY (scope, state, handed_at, parcel)
) STRICT, WITHOUT ROWID;";

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParcelPlace {
    /// Handed to the carrier, who has reported no end.
    OnItsWay,
    /// The recipient took it.
    Delivered,
    /// The carrier returned it.
    Returned,
}

impl ParcelPlace {
    const ALL: [Self; 3] = [Self::OnItsWay, Self::Delivered, Self::Returned];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OnItsWay => "on_its_way",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        }
    }

    const fn number(self) -> i64 {
        match self {
            Self::OnItsWay => 0,
            Self::Delivered => 1,
            Self::Returned => 2,
        }
    }
}

/// A parcel of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParcelRow {
    pub(crate) parcel: ParcelId,
    pub(crate) dossier: DossierId,
    pub(crate) code: String,
    pub(crate) agency: AgencyCode,
    /// The applicant, and who filed the dossier or acted for the applicant, as [`party_name`]s.
    pub(crate) parties: Vec<String>,
    pub(crate) carrier: String,
    pub(crate) waybill: String,
    pub(crate) place: ParcelPlace,
    pub(crate) handed_at: Timestamp,
    /// When the carrier last reported something.
    pub(crate) reported_at: Option<Timestamp>,
}

/// The projection of parcels.
#[derive(Debug)]
pub(crate) struct Parcels;

impl Projection for Parcels {
    const SHAPE: Shape = Shape { name: "parcels", version: 2, tables: TABLES };
    const KINDS: &'static [&'static str] = &[
        "delivery.ResultPrepared",
        "delivery.ResultHandedToCarrier",
        "delivery.Parcel",
        "delivery.ResultDelivered",
    ];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let at = envelope(event)?.at.as_millisecond();
        match decode(event)? {
            DeliveryEvent::ResultPrepared(prepared) => prepare(rows, &prepared.brief)?,
            DeliveryEvent::ResultHandedToCarrier(handed) => {
                let dossier = stream_id(event)?;
                rows.prepare_cached(
                    "INSERT OR IGNORE INTO parcels VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)",
                )?
                .execute(params![
                    handed.parcel.0,
                    dossier,
                    handed.carrier,
                    handed.waybill,
                    ParcelPlace::OnItsWay.number(),
                    at
                ])?;
                list(rows, (handed.parcel.0, dossier), (ParcelPlace::OnItsWay.number(), at))?;
            }
            DeliveryEvent::ParcelTracked(tracked) => report(rows, tracked.parcel, at)?,
            DeliveryEvent::ParcelReturned(returned) => {
                report(rows, returned.parcel, at)?;
                end(rows, returned.parcel, ParcelPlace::Returned)?;
            }
            DeliveryEvent::ResultDelivered(delivered)
                if delivered.channel == DeliveryChannel::Post =>
            {
                // Older events do not name the parcel; they concern the latest one.
                let parcel = match delivered.parcel {
                    Some(parcel) => Some(parcel),
                    None => latest(rows, stream_id(event)?)?,
                };
                if let Some(parcel) = parcel {
                    report(rows, parcel, at)?;
                    end(rows, parcel, ParcelPlace::Delivered)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn prepare(rows: &Connection, brief: &Brief) -> rusqlite::Result<()> {
    rows.prepare_cached("INSERT OR IGNORE INTO results VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
        params![
            brief.dossier.0,
            brief.code.as_str(),
            brief.agency.as_str(),
            party_name(brief.applicant.as_str()),
            text_array(&party_names(brief.representative.iter().chain(&brief.mandated)))
        ],
    )?;
    Ok(())
}

/// The agency, those above it, and everywhere.
fn scopes(agency: &str) -> impl Iterator<Item = &str> {
    let above = agency.match_indices('.').filter_map(|(at, _)| agency.get(..at));
    above.chain([agency, EVERYWHERE])
}

fn list(
    rows: &Connection,
    (parcel, dossier): (Uuid, Uuid),
    (state, handed_at): (i64, i64),
) -> rusqlite::Result<()> {
    let agency: Option<String> = rows
        .prepare_cached("SELECT agency FROM results WHERE dossier = ?1")?
        .query_row([dossier], |row| row.get(0))
        .optional()?;
    let mut insert = rows.prepare_cached("INSERT OR IGNORE INTO listed VALUES (?1, ?2, ?3, ?4)")?;
    for scope in scopes(agency.as_deref().unwrap_or_default()) {
        insert.execute(params![scope, state, handed_at, parcel])?;
    }
    Ok(())
}

fn report(rows: &Connection, parcel: ParcelId, at: i64) -> rusqlite::Result<()> {
    rows.prepare_cached("UPDATE parcels SET reported_at = ?2 WHERE parcel = ?1")?
        .execute(params![parcel.0, at])?;
    Ok(())
}

/// Records the first end of a parcel; a later one contradicts it and has no effect.
fn end(rows: &Connection, parcel: ParcelId, place: ParcelPlace) -> rusqlite::Result<()> {
    let before = ParcelPlace::OnItsWay.number();
    let found: Option<(Uuid, i64)> = rows
        .prepare_cached("SELECT dossier, handed_at FROM parcels WHERE parcel = ?1 AND state = ?2")?
        .query_row(params![parcel.0, before], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((dossier, handed_at)) = found else { return Ok(()) };
    rows.prepare_cached("UPDATE parcels SET state = ?2 WHERE parcel = ?1")?
        .execute(params![parcel.0, place.number()])?;
    let agency: Option<String> = rows
        .prepare_cached("SELECT agency FROM results WHERE dossier = ?1")?
        .query_row([dossier], |row| row.get(0))
        .optional()?;
    let mut delete = rows.prepare_cached(
        "DELETE FROM listed WHERE scope = ?1 AND state = ?2 AND handed_at = ?3 AND parcel = ?4",
    )?;
    for scope in scopes(agency.as_deref().unwrap_or_default()) {
        delete.execute(params![scope, before, handed_at, parcel.0])?;
    }
    list(rows, (parcel.0, dossier), (place.number(), handed_at))
}

fn latest(rows: &Connection, dossier: Uuid) -> rusqlite::Result<Option<ParcelId>> {
    rows.prepare_cached(
        "SELECT parcel FROM parcels WHERE dossier = ?1 ORDER BY handed_at DESC LIMIT 1",
    )?
    .query_row([dossier], |row| Ok(ParcelId(row.get(0)?)))
    .optional()
}

/// Parcels in a list: of an agency or all, in one place, in the order of their hand-over.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Those of the agency and below it; all if absent.
    pub(crate) agency: Option<AgencyCode>,
    pub(crate) place: ParcelPlace,
    /// Handed over before this instant.
    pub(crate) before: Option<Timestamp>,
}

/// Place of a parcel in a list: when it was handed over, and its id.
pub(crate) type Key = (i64, Uuid);

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) rows: Vec<ParcelRow>,
    /// The place up to which the list was read; absent if that is its end.
    pub(crate) until: Option<Key>,
}

/// Parcels that a page looks at, whatever its filters.
const LOOKED_AT_MAX: usize = 2_000;

/// Up to `limit` parcels for which `shows` is true, after a place in the list.
pub(crate) fn read(
    rows: &Connection,
    listing: &Listing,
    (after, limit): (Option<Key>, usize),
    shows: impl Fn(&ParcelRow) -> bool,
) -> rusqlite::Result<Part> {
    let (handed_at, parcel) = after.unwrap_or((i64::MIN, Uuid::nil()));
    let scope = listing.agency.as_ref().map_or(EVERYWHERE, AgencyCode::as_str);
    let before = listing.before.map_or(i64::MAX, Timestamp::as_millisecond);
    let mut listed = rows.prepare_cached(
        "SELECT p.parcel, p.dossier, coalesce(r.code, ''), coalesce(r.agency, ''), r.applicant,
           r.acted, p.carrier, p.waybill, p.state, p.handed_at, p.reported_at
         FROM listed l JOIN parcels p ON p.parcel = l.parcel
         LEFT JOIN results r ON r.dossier = p.dossier
         WHERE l.scope = ?1 AND l.state = ?2 AND (l.handed_at, l.parcel) > (?3, ?4)
           AND l.handed_at < ?5
         ORDER BY l.handed_at, l.parcel",
    )?;
    let state = listing.place.number();
    let mut listed = listed.query(params![scope, state, handed_at, parcel, before])?;
    let (mut found, mut looked_at, mut last) = (Vec::new(), 0, None);
    while let Some(next) = listed.next()? {
        if found.len() == limit || looked_at == LOOKED_AT_MAX {
            return Ok(Part { rows: found, until: last });
        }
        let next = row(next)?;
        (looked_at, last) = (looked_at + 1, Some(next.key()));
        found.extend(Some(next).filter(|next| shows(next)));
    }
    Ok(Part { rows: found, until: None })
}

/// The first `limit` rows of several parts that begin at the same place.
pub(crate) fn merged(parts: Vec<Part>, limit: usize) -> Part {
    let until = parts.iter().filter_map(|part| part.until).min();
    let mut rows: Vec<ParcelRow> = parts.into_iter().flat_map(|part| part.rows).collect();
    rows.retain(|row| until.is_none_or(|until| row.key() <= until));
    rows.sort_by_key(ParcelRow::key);
    rows.dedup_by_key(|row| row.key());
    if rows.len() > limit {
        rows.truncate(limit);
        return Part { until: rows.last().map(ParcelRow::key), rows };
    }
    Part { rows, until }
}

fn row(row: &Row<'_>) -> rusqlite::Result<ParcelRow> {
    let state: i64 = row.get(8)?;
    let place = ParcelPlace::ALL.into_iter().find(|place| place.number() == state);
    let reported_at = row.get::<_, Option<i64>>(10)?.map(|_| instant(row, 10)).transpose()?;
    Ok(ParcelRow {
        parcel: ParcelId(row.get(0)?),
        dossier: DossierId(row.get(1)?),
        code: row.get(2)?,
        agency: row.get::<_, String>(3)?.as_str().into(),
        parties: row.get::<_, Option<String>>(4)?.into_iter().chain(texts(row, 5)?).collect(),
        carrier: row.get(6)?,
        waybill: row.get(7)?,
        place: place.ok_or(rusqlite::Error::IntegralValueOutOfRange(8, state))?,
        handed_at: instant(row, 9)?,
        reported_at,
    })
}

impl ParcelRow {
    /// Its place in the list.
    pub(crate) fn key(&self) -> Key {
        (self.handed_at.as_millisecond(), self.parcel.0)
    }
}
