//! The view of mandates by party, and of credentials by firm. Parties are in the form in which they
//! are compared. It has no texts.

use dossier::contract::{
    AgencyCode, CredentialEvent, MandateEvent, ProcedureCode, Subject, party_name,
};
use dossier::mandates::MandateStatus;
use engine::tasks::{NotApplied, Projection};
use engine::view::{Shape, instant};
use events::Recorded;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

/// The projection of mandates and credentials.
#[derive(Debug)]
pub(crate) struct Listed;

/// In which capacity a party is named.
pub(crate) const PRINCIPAL: i64 = 0;
pub(crate) const REPRESENTATIVE: i64 = 1;

const TABLES: &str = "
CREATE TABLE mandates (
  id             TEXT    PRIMARY KEY,
  principal      TEXT    NOT NULL,
  representative TEXT    NOT NULL,
  agency         TEXT,
  procedures     TEXT    NOT NULL,
  status         TEXT    NOT NULL,
  granted_at     INTEGER NOT NULL,
  accept_by      INTEGER NOT NULL,
  ends_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX open_of_principal ON mandates (principal) WHERE status IN ('offered', 'accepted');
CREATE INDEX open_of_representative ON mandates (representative)
  WHERE status IN ('offered', 'accepted');
CREATE TABLE parties (
  party      TEXT    NOT NULL,
  granted_at INTEGER NOT NULL,
  id         TEXT    NOT NULL,
  capacity   INTEGER NOT NULL,
  PRIMARY KEY (party, granted_at, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE agencies (
  agency     TEXT    NOT NULL,
  granted_at INTEGER NOT NULL,
  id         TEXT    NOT NULL,
  PRIMARY KEY (agency, granted_at, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE credentials (
  id            TEXT    PRIMARY KEY,
  firm          TEXT    NOT NULL,
  registered_at INTEGER NOT NULL,
  ends_at       INTEGER NOT NULL,
  revoked       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_by_firm ON credentials (firm, registered_at, id);";

impl Projection for Listed {
    const SHAPE: Shape = Shape { name: "mandates", version: 2, tables: TABLES };
    const KINDS: &'static [&'static str] = &["mandate."];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let (id, at) = (event.stream.id(), engine::time_of(event)?);
        if event.kind.starts_with("mandate.Credential") {
            return credential(rows, id, at, &engine::decode(event)?).map_err(NotApplied::from);
        }
        let status = match engine::decode(event)? {
            MandateEvent::MandateGranted(granted) => {
                let actor = engine::envelope(event)?.actor;
                let agency = actor.agency.filter(|_| actor.role.is_officer());
                let at = at.as_millisecond();
                rows.prepare_cached(
                    "INSERT OR IGNORE INTO mandates VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    id,
                    name(&granted.principal),
                    name(&granted.representative),
                    agency.as_ref().map(AgencyCode::as_str),
                    serde_json::to_string(&granted.procedures).unwrap_or_default(),
                    MandateStatus::Offered.as_str(),
                    at,
                    granted.accept_by.as_millisecond(),
                    granted.ends_at.as_millisecond(),
                ])?;
                let mut party =
                    rows.prepare_cached("INSERT OR IGNORE INTO parties VALUES (?1, ?2, ?3, ?4)")?;
                party.execute(params![name(&granted.principal), at, id, PRINCIPAL])?;
                party.execute(params![name(&granted.representative), at, id, REPRESENTATIVE])?;
                let mut of =
                    rows.prepare_cached("INSERT OR IGNORE INTO agencies VALUES (?1, ?2, ?3)")?;
                for code in agency.iter().flat_map(with_those_above) {
                    of.execute(params![code, at, id])?;
                }
                return Ok(());
            }
            MandateEvent::MandateAccepted(_) => MandateStatus::Accepted,
            MandateEvent::MandateDeclined(_) => MandateStatus::Declined,
            MandateEvent::MandateRevoked(_) => MandateStatus::Revoked,
            MandateEvent::MandateExpired(_) => MandateStatus::Expired,
        };
        rows.prepare_cached("UPDATE mandates SET status = ?2 WHERE id = ?1")?
            .execute(params![id, status.as_str()])?;
        Ok(())
    }
}

fn credential(
    rows: &Connection,
    id: &str,
    at: Timestamp,
    event: &CredentialEvent,
) -> rusqlite::Result<()> {
    match event {
        CredentialEvent::CredentialRegistered(registered) => {
            let ends_at = registered.ends_at.as_millisecond();
            rows.prepare_cached("INSERT OR IGNORE INTO credentials VALUES (?1, ?2, ?3, ?4, 0)")?
                .execute(params![id, name(&registered.firm), at.as_millisecond(), ends_at])?;
        }
        CredentialEvent::CredentialRevoked(_) => {
            rows.prepare_cached("UPDATE credentials SET revoked = 1 WHERE id = ?1")?
                .execute([id])?;
        }
    }
    Ok(())
}

/// A party as it is compared.
pub(crate) fn name(party: &Subject) -> String {
    party_name(party.as_str())
}

/// The open mandates of a principal and of a representative.
pub(crate) fn open_of(
    rows: &Connection,
    (principal, representative): (&str, &str),
    now: Timestamp,
) -> rusqlite::Result<(u32, u32)> {
    // Only open mandates are read, however many have ended.
    let count = |column: &str, party: &str| {
        rows.prepare_cached(&format!(
            "SELECT count(*) FROM mandates WHERE {column} = ?1 AND status IN ('offered', 'accepted')
               AND (status = 'accepted' AND ends_at > ?2 OR status = 'offered' AND accept_by > ?2)"
        ))?
        .query_row(params![party, now.as_millisecond()], |row| row.get(0))
    };
    Ok((count("principal", principal)?, count("representative", representative)?))
}

/// A mandate that is in force, as its representative needs it.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) mandate: String,
    pub(crate) principal: String,
    pub(crate) procedures: Vec<ProcedureCode>,
    pub(crate) ends_at: Timestamp,
}

/// The mandates of a representative that are in force at `now`, by id, up to `limit`.
pub(crate) fn in_force_for(
    rows: &Connection,
    representative: &str,
    now: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<InForce>> {
    // Only open mandates are read, in the order of their index, however many have ended.
    rows.prepare_cached(
        "SELECT id, principal, procedures, ends_at FROM mandates
         WHERE representative = ?1 AND status IN ('offered', 'accepted')
           AND status = 'accepted' AND ends_at > ?2
         ORDER BY id LIMIT ?3",
    )?
    .query_map(params![representative, now.as_millisecond(), limit], |row| {
        Ok(InForce {
            mandate: row.get(0)?,
            principal: row.get(1)?,
            procedures: procedures(row, 2)?,
            ends_at: instant(row, 3)?,
        })
    })?
    .collect()
}

/// The codes of procedures in a column.
pub(crate) fn procedures(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<ProcedureCode>> {
    serde_json::from_str(&row.get::<_, String>(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// The agency and those above it: `G02.001` and `G02`.
fn with_those_above(agency: &AgencyCode) -> impl Iterator<Item = &str> {
    let code = agency.as_str();
    let above = code.match_indices('.').filter_map(|(at, _)| code.get(..at));
    above.chain([code])
}

/// The number of a firm's valid credentials.
pub(crate) fn valid_of(rows: &Connection, firm: &str, now: Timestamp) -> rusqlite::Result<u32> {
    rows.prepare_cached(
        "SELECT count(*) FROM credentials WHERE firm = ?1 AND revoked = 0 AND ends_at > ?2",
    )?
    .query_row(params![firm, now.as_millisecond()], |row| row.get(0))
}

/// A credential in a list: when it was registered, in milliseconds since 1970, and its id.
pub(crate) type CredentialKey = (i64, String);

/// The credentials of a firm before a key, the newest first.
pub(crate) fn credentials_of(
    rows: &Connection,
    firm: &str,
    before: Option<CredentialKey>,
    limit: u32,
) -> rusqlite::Result<Vec<CredentialKey>> {
    let (at, id) = before.unwrap_or((i64::MAX, String::new()));
    rows.prepare_cached(
        "SELECT registered_at, id FROM credentials
         WHERE firm = ?1 AND (registered_at, id) < (?2, ?3)
         ORDER BY registered_at DESC, id DESC LIMIT ?4",
    )?
    .query_map(params![firm, at, id, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}
