//! The table of dossiers, one row each: status, deadline, and the figures for statistics.

use std::sync::Arc;

use dossier::contract::{
    ClosedAs, ComplaintEvent, DecidedBy, DossierId, IntakeEvent, Outcome, PaymentEvent, Promise,
    RatingEvent, ReviewEvent, SupplementEffect, party_name,
};
use dossier::services::Category;
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use engine::{Engine, decode, envelope};
use events::Recorded;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

/// Statuses as the national portal numbers them.
mod status {
    pub(super) const SUBMITTED: u8 = 1;
    pub(super) const ACCEPTED: u8 = 2;
    pub(super) const NOT_ACCEPTED: u8 = 3;
    pub(super) const PROCESSING: u8 = 4;
    pub(super) const SUPPLEMENT: u8 = 5;
    pub(super) const FEE: u8 = 6;
    pub(super) const WITHDRAWN: u8 = 7;
    pub(super) const STOPPED: u8 = 8;
    pub(super) const DECIDED: u8 = 9;
    pub(super) const DELIVERED: u8 = 10;
}

const TABLES: &str = "
CREATE TABLE dossiers (
  id           TEXT    PRIMARY KEY,
  code         TEXT    NOT NULL,
  procedure    TEXT    NOT NULL,
  agency       TEXT    NOT NULL,
  channel      TEXT    NOT NULL,
  applicant    TEXT    NOT NULL,
  filed_by     TEXT,
  status       INTEGER NOT NULL,
  submitted_at INTEGER NOT NULL,
  due_at       INTEGER,
  due_day      TEXT,
  suspended    INTEGER NOT NULL DEFAULT 0,
  missed       INTEGER NOT NULL DEFAULT 0,
  handled_at   INTEGER,
  handled_day  TEXT,
  outcome      TEXT,
  by_rule      INTEGER NOT NULL DEFAULT 0,
  officer      TEXT,
  accepted     INTEGER NOT NULL DEFAULT 0,
  supplements  INTEGER NOT NULL DEFAULT 0,
  rated        INTEGER,
  delivered    INTEGER NOT NULL DEFAULT 0,
  contacts     INTEGER NOT NULL DEFAULT 1,
  restarts     INTEGER NOT NULL DEFAULT 0,
  awaiting     INTEGER NOT NULL DEFAULT 0,
  awaits_since INTEGER,
  applicant_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE complaints (id TEXT PRIMARY KEY, dossier TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX complaints_by_dossier ON complaints (dossier, id);
CREATE UNIQUE INDEX dossiers_by_code ON dossiers (code);
CREATE INDEX dossiers_by_due ON dossiers (due_at, id) WHERE handled_at IS NULL;
CREATE INDEX dossiers_by_officer ON dossiers (officer, due_at, id) WHERE handled_at IS NULL;
CREATE INDEX dossiers_by_agency ON dossiers (agency, submitted_at);";

/// The reasons for waiting for the applicant, as bits of `awaiting`. While a bit is set, time
/// counts as the applicant's, not the agency's.
mod awaits {
    pub(super) const FEE: u8 = 1;
    pub(super) const SUPPLEMENT: u8 = 2;
    /// Starts waiting for the bit `?2` at `?3`.
    pub(super) const BEGIN: &str =
        "awaits_since = iif(awaiting = 0, ?3, awaits_since), awaiting = awaiting | ?2";
    /// Ends waiting for the bit `?2` at `?3`, and counts a contact with the applicant.
    pub(super) const END: &str = "contacts = contacts + 1,
       applicant_ms = applicant_ms + iif(awaiting = ?2, ?3 - awaits_since, 0),
       awaits_since = iif(awaiting = ?2, NULL, awaits_since), awaiting = awaiting & ~?2";
}

/// The projection of dossiers and their complaints.
pub(crate) struct Dossiers {
    engine: Arc<Engine>,
}

impl Dossiers {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// The local date of an instant in the agency of a dossier; `None` if its calendar is unknown.
    fn day(&self, rows: &Connection, id: &str, at: Timestamp) -> rusqlite::Result<Option<String>> {
        let agency: Option<String> = rows
            .prepare_cached("SELECT agency FROM dossiers WHERE id = ?1")?
            .query_map([id], |row| row.get(0))?
            .next()
            .transpose()?;
        let law = self.engine.law();
        let calendar = agency.and_then(|agency| law.calendar_of(&agency.as_str().into()));
        Ok(calendar.map(|calendar| calendar.date_of(at).to_string()))
    }

    fn promised(&self, rows: &Connection, id: &str, promise: &Promise) -> rusqlite::Result<()> {
        // A period of days ends at midnight; its last day is the one before.
        let last =
            promise.due_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(promise.due_at);
        let day = self.day(rows, id, last)?;
        rows.prepare_cached(
            "UPDATE dossiers SET due_at = ?2, due_day = ?3, suspended = 0 WHERE id = ?1",
        )?
        .execute(params![id, promise.due_at.as_millisecond(), day])?;
        Ok(())
    }

    fn handled(&self, rows: &Connection, id: &str, at: Timestamp) -> rusqlite::Result<()> {
        let day = self.day(rows, id, at)?;
        rows.prepare_cached(
            "UPDATE dossiers SET handled_at = ?2, handled_day = ?3,
               due_day = iif(suspended = 1 AND due_day < ?3, ?3, due_day), suspended = 0,
               applicant_ms = applicant_ms + iif(awaiting > 0, ?2 - awaits_since, 0),
               awaiting = 0, awaits_since = NULL
             WHERE id = ?1 AND handled_at IS NULL",
        )?
        .execute(params![id, at.as_millisecond(), day])?;
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "one arm an event: what each changes, top to bottom")]
    fn intake(
        &self,
        rows: &Connection,
        id: &str,
        event: IntakeEvent,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let status =
            |value: u8| set(rows, id, "UPDATE dossiers SET status = ?2 WHERE id = ?1", value);
        match event {
            IntakeEvent::DossierSubmitted(submitted) => {
                let brief = submitted.brief;
                let first = if submitted.fee_first { status::FEE } else { status::SUBMITTED };
                rows.prepare_cached(
                    "INSERT OR IGNORE INTO dossiers (id, code, procedure, agency, channel, status, submitted_at,
                       awaiting, awaits_since, applicant, filed_by)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?8 > 0, ?7, NULL), ?9, ?10)",
                )?
                .execute(params![
                    id,
                    brief.code.as_str(),
                    brief.procedure.code.as_str(),
                    brief.agency.as_str(),
                    channel_name(brief.channel),
                    first,
                    at.as_millisecond(),
                    if submitted.fee_first { awaits::FEE } else { 0 },
                    party_name(brief.applicant.as_str()),
                    brief.representative.as_ref().map(|one| party_name(one.as_str()))
                ])?;
                Ok(())
            }
            IntakeEvent::DossierAccepted(accepted) => {
                let sql = "UPDATE dossiers SET status = ?2, accepted = 1 WHERE id = ?1";
                set(rows, id, sql, status::ACCEPTED)?;
                accepted.promise.map_or(Ok(()), |promise| self.promised(rows, id, &promise))
            }
            IntakeEvent::DossierRefused(_) => {
                status(status::NOT_ACCEPTED)?;
                self.handled(rows, id, at)
            }
            IntakeEvent::SupplementRequested(request) => {
                // The clock had started and will restart: a delay that the agency causes.
                let restarts = request.stops_clock && request.effect == SupplementEffect::Restart;
                let sql = format!(
                    "UPDATE dossiers SET status = {}, suspended = 1, supplements = supplements + 1,
                       restarts = restarts + {}, {} WHERE id = ?1",
                    status::SUPPLEMENT,
                    u8::from(restarts),
                    awaits::BEGIN
                );
                waiting(rows, &sql, (id, awaits::SUPPLEMENT, at))
            }
            IntakeEvent::SupplementSubmitted(supplement) => {
                // If the fee is awaited as well, the dossier continues to wait for it.
                let sql = format!(
                    "UPDATE dossiers SET suspended = iif(awaiting & {fee}, suspended, 0),
                       status = iif(awaiting & {fee}, {}, iif(accepted = 1, {}, 1)), {} WHERE id = ?1",
                    status::FEE,
                    status::PROCESSING,
                    awaits::END,
                    fee = awaits::FEE,
                );
                waiting(rows, &sql, (id, awaits::SUPPLEMENT, at))?;
                supplement.promise.map_or(Ok(()), |promise| self.promised(rows, id, &promise))
            }
            IntakeEvent::FeeReceived(fee) => {
                // If a supplement is awaited, the dossier continues to wait for it.
                let sql = format!(
                    "UPDATE dossiers SET status = iif(awaiting & {}, {}, iif(status = {},
                       iif(accepted = 1, {}, 1), status)), {} WHERE id = ?1",
                    awaits::SUPPLEMENT,
                    status::SUPPLEMENT,
                    status::FEE,
                    status::PROCESSING,
                    awaits::END
                );
                waiting(rows, &sql, (id, awaits::FEE, at))?;
                fee.promise.map_or(Ok(()), |promise| self.promised(rows, id, &promise))
            }
            IntakeEvent::FeeReturned(returned) => {
                let stops = returned.clock_stops_at.map_or("", |_| "suspended = 1,");
                let sql = format!(
                    "UPDATE dossiers SET status = {}, {stops} {} WHERE id = ?1 AND handled_at IS NULL",
                    status::FEE,
                    awaits::BEGIN
                );
                waiting(rows, &sql, (id, awaits::FEE, at))
            }
            IntakeEvent::DossierWithdrawn(_) => {
                status(status::WITHDRAWN)?;
                self.handled(rows, id, at)
            }
            IntakeEvent::AppointmentMoved(moved) => self.promised(rows, id, &moved.promise),
            IntakeEvent::TimeNotCounted(span) => {
                span.promise.map_or(Ok(()), |promise| self.promised(rows, id, &promise))
            }
            IntakeEvent::DeadlineExtended(extended) => self.promised(rows, id, &extended.promise),
            IntakeEvent::AppointmentFixed(fixed) => self.promised(rows, id, &fixed.promise),
            IntakeEvent::DeadlineRestated(restated) => self.promised(rows, id, &restated.promise),
            IntakeEvent::DeadlineMissed(_) => {
                set(rows, id, "UPDATE dossiers SET missed = missed + ?2 WHERE id = ?1", 1)
            }
            IntakeEvent::DeadlineMissWithdrawn(_) => {
                set(rows, id, "UPDATE dossiers SET missed = max(missed - ?2, 0) WHERE id = ?1", 1)
            }
            IntakeEvent::DossierDecided(decided) => {
                status(status::DECIDED)?;
                let outcome = match decided.outcome {
                    Outcome::Approved => "approved",
                    Outcome::Refused => "refused",
                };
                rows.prepare_cached(
                    "UPDATE dossiers SET outcome = ?2, by_rule = ?3 WHERE id = ?1",
                )?
                .execute(params![id, outcome, decided.by == DecidedBy::Rule])?;
                self.handled(rows, id, decided.decided_at)
            }
            IntakeEvent::DossierClosed(closed) => {
                let delivered = matches!(
                    closed.closed_as,
                    ClosedAs::Delivered | ClosedAs::NoResult | ClosedAs::Ended
                );
                status(if delivered { status::DELIVERED } else { status::STOPPED })?;
                set(
                    rows,
                    id,
                    "UPDATE dossiers SET delivered = ?2 WHERE id = ?1",
                    u8::from(closed.closed_as == ClosedAs::Delivered),
                )?;
                self.handled(rows, id, at)
            }
            IntakeEvent::SupplementDeclined(_)
            | IntakeEvent::IntakeAnswerMissed(_)
            | IntakeEvent::LatenessForeseen(_)
            | IntakeEvent::PeriodExtended(_) => Ok(()),
        }
    }
}

/// Executes an update with the parameters of [`awaits`].
fn waiting(
    rows: &Connection,
    sql: &str,
    (id, bit, at): (&str, u8, Timestamp),
) -> rusqlite::Result<()> {
    rows.prepare_cached(sql)?.execute(params![id, bit, at.as_millisecond()])?;
    Ok(())
}

fn set(rows: &Connection, id: &str, sql: &str, value: u8) -> rusqlite::Result<()> {
    rows.prepare_cached(sql)?.execute(params![id, value])?;
    Ok(())
}

pub(crate) const fn channel_name(channel: dossier::contract::Channel) -> &'static str {
    match channel {
        dossier::contract::Channel::Online => "online",
        dossier::contract::Channel::Counter => "counter",
        dossier::contract::Channel::Post => "post",
    }
}

impl Projection for Dossiers {
    const SHAPE: Shape = Shape { name: "register", version: 5, tables: TABLES };
    const KINDS: &'static [&'static str] =
        &["intake.", "payment.FeeAssessed", "review.", "feedback."];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let (id, at) = (event.stream.id(), envelope(event)?.at);
        let Some(category) = Category::named(event.stream.category()) else { return Ok(()) };
        match category {
            Category::Intake => self.intake(rows, id, decode(event)?, at)?,
            Category::Payment => {
                if let PaymentEvent::FeeAssessed(_) = decode(event)? {
                    let sql = format!(
                        "UPDATE dossiers SET status = {}, {} WHERE id = ?1 AND handled_at IS NULL",
                        status::FEE,
                        awaits::BEGIN
                    );
                    waiting(rows, &sql, (id, awaits::FEE, at))?;
                }
            }
            Category::Review => review(rows, id, &decode(event)?)?,
            Category::Rating => match decode(event)? {
                RatingEvent::DossierRated(rated) => {
                    set(rows, id, "UPDATE dossiers SET rated = ?2 WHERE id = ?1", rated.score)?;
                }
                RatingEvent::RatingInvited(_) => {}
            },
            Category::Complaint => {
                if let ComplaintEvent::ComplaintFiled(filed) = decode(event)? {
                    complaint(rows, id, filed.dossier)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Complaints about a dossier are part of its timeline.
fn complaint(rows: &Connection, id: &str, dossier: Option<DossierId>) -> rusqlite::Result<()> {
    let Some(dossier) = dossier else { return Ok(()) };
    rows.prepare_cached("INSERT OR IGNORE INTO complaints (id, dossier) VALUES (?1, ?2)")?
        .execute(params![id, dossier.to_string()])?;
    Ok(())
}

fn review(rows: &Connection, id: &str, event: &ReviewEvent) -> rusqlite::Result<()> {
    let officer = |officer: Option<&str>| -> rusqlite::Result<()> {
        rows.prepare_cached("UPDATE dossiers SET officer = ?2 WHERE id = ?1")?
            .execute(params![id, officer])?;
        Ok(())
    };
    match event {
        ReviewEvent::ReviewClaimed(claimed) => {
            let sql = "UPDATE dossiers SET status = ?2
                       WHERE id = ?1 AND handled_at IS NULL AND awaiting = 0";
            set(rows, id, sql, status::PROCESSING)?;
            officer(Some(claimed.officer.as_str()))
        }
        ReviewEvent::ReviewHandedOver(handed) => officer(Some(handed.to.as_str())),
        ReviewEvent::ReviewReturned(_) => officer(None),
        _ => Ok(()),
    }
}
