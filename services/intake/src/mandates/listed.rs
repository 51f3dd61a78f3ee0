//! The view of mandates by party, and of credentials by firm. Parties are in the form in which they
//! are compared. It has no texts.

use dossier::contract::{AgencyCode, CredentialEvent, MandateEvent, Subject, party_name};
use dossier::mandates::MandateStatus;
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use events::Recorded;
use jiff::Timestamp;
use rusqlite::{Connection, params};

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
CREATE INDEX mandates_by_agency ON mandates (agency, granted_at, id) WHERE agency IS NOT NULL;
CREATE TABLE parties (
  party      TEXT    NOT NULL,
  granted_at INTEGER NOT NULL,
  id         TEXT    NOT NULL,
  capacity   INTEGER NOT NULL,
  PRIMARY KEY (party, granted_at, id)
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
    const SHAPE: Shape = Shape { name: "mandates", version: 1, tables: TABLES };
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

/// The number of a party's open mandates in one capacity.
pub(crate) fn open_of(
    rows: &Connection,
    (party, capacity): (&str, i64),
    now: Timestamp,
) -> rusqlite::Result<u32> {
    rows.prepare_cached(
        "SELECT count(*) FROM parties p JOIN mandates m ON m.id = p.id
         WHERE p.party = ?1 AND p.capacity = ?2
           AND (m.status = 'accepted' AND m.ends_at > ?3
             OR m.status = 'offered' AND m.accept_by > ?3)",
    )?
    .query_row(params![party, capacity, now.as_millisecond()], |row| row.get(0))
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
