//! The table of dossiers, one row each: status, deadline, and the figures for statistics.

use std::sync::Arc;

use dossier::contract::{
    AgencyCode, Brief, ClosedAs, DecidedBy, IntakeEvent, LawEvent, Outcome, Promise, RatingEvent,
    SupplementEffect, party_name,
};
use dossier::figures::ApplicantKind;
use dossier::services::Category;
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use engine::{Engine, decode, time_of};
use events::Recorded;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use kinds::{SUBMITTED, Submission, is_without_effect};

mod kinds;
mod others;

pub(crate) use others::handlers;

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

/// `dossiers` has its rows in the order of submission, not of their random ids, so that the rows
/// that change are near each other in the file.
pub(crate) const TABLES: &str = "
CREATE TABLE dossiers (
  id           TEXT    PRIMARY KEY,
  code         TEXT    NOT NULL,
  procedure    TEXT    NOT NULL,
  version      INTEGER NOT NULL,
  agency       TEXT    NOT NULL,
  receiver     TEXT,
  channel      TEXT    NOT NULL,
  applicant    TEXT    NOT NULL,
  filed_by     TEXT,
  business     INTEGER NOT NULL,
  status       INTEGER NOT NULL,
  submitted_at INTEGER NOT NULL,
  submitted_day TEXT   NOT NULL,
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
  rated_day    TEXT,
  delivered    INTEGER NOT NULL DEFAULT 0,
  contacts     INTEGER NOT NULL DEFAULT 1,
  restarts     INTEGER NOT NULL DEFAULT 0,
  awaiting     INTEGER NOT NULL DEFAULT 0,
  awaits_since INTEGER,
  applicant_ms INTEGER NOT NULL DEFAULT 0,
  reception_ms INTEGER,
  proposed_ms  INTEGER,
  approval_ms  INTEGER NOT NULL DEFAULT 0,
  last_day_requests INTEGER NOT NULL DEFAULT 0,
  redated      INTEGER NOT NULL DEFAULT 0,
  extended     INTEGER NOT NULL DEFAULT 0,
  late_outages INTEGER NOT NULL DEFAULT 0,
  activity_day TEXT,
  activity_points INTEGER
) STRICT;
CREATE TABLE complaints (
  id           TEXT    PRIMARY KEY,
  dossier      TEXT,
  agency       TEXT    NOT NULL,
  settled_day  TEXT,
  open         INTEGER NOT NULL DEFAULT 1,
  merged       INTEGER NOT NULL DEFAULT 0,
  overdue      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE late_outages (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE INDEX complaints_by_dossier ON complaints (dossier, id);
CREATE UNIQUE INDEX dossiers_by_code ON dossiers (code);
CREATE INDEX dossiers_by_due ON dossiers (due_at, id) WHERE handled_at IS NULL;
CREATE INDEX dossiers_by_submission ON dossiers (submitted_at, id);
CREATE INDEX dossiers_by_agency ON dossiers (agency);";

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

/// The agency's milliseconds until `?2`: since the submission, without those of the applicant. A
/// stage lasts from one value to another one, so that stages do not overlap.
const AGENCY_MS: &str =
    "(?2 - submitted_at - applicant_ms - iif(awaiting > 0, ?2 - awaits_since, 0))";

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
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(agency.and_then(|agency| self.day_at(&agency.as_str().into(), at)))
    }

    /// The local date of an instant in an agency; `None` if its calendar is unknown.
    fn day_at(&self, agency: &AgencyCode, at: Timestamp) -> Option<String> {
        let law = self.engine.law();
        law.calendar_of(agency).map(|calendar| calendar.date_of(at).to_string())
    }

    /// The last day of a period that ends at `end`, which is the first instant outside it.
    fn last_day(
        &self,
        rows: &Connection,
        id: &str,
        end: Timestamp,
    ) -> rusqlite::Result<Option<String>> {
        self.day(rows, id, end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end))
    }

    fn promised(&self, rows: &Connection, id: &str, promise: &Promise) -> rusqlite::Result<()> {
        let day = self.last_day(rows, id, promise.due_at)?;
        rows.prepare_cached(
            "UPDATE dossiers SET due_at = ?2, due_day = ?3, suspended = 0 WHERE id = ?1",
        )?
        .execute(params![id, promise.due_at.as_millisecond(), day])?;
        Ok(())
    }

    fn handled(&self, rows: &Connection, id: &str, at: Timestamp) -> rusqlite::Result<()> {
        let day = self.day(rows, id, at)?;
        let sql = format!(
            "UPDATE dossiers SET handled_at = ?2, handled_day = ?3,
               due_day = iif(suspended = 1 AND due_day < ?3, ?3, due_day), suspended = 0,
               applicant_ms = applicant_ms + iif(awaiting > 0, ?2 - awaits_since, 0),
               awaiting = 0, awaits_since = NULL,
               reception_ms = coalesce(reception_ms, {AGENCY_MS}),
               approval_ms = approval_ms + coalesce({AGENCY_MS} - proposed_ms, 0),
               proposed_ms = NULL
             WHERE id = ?1 AND handled_at IS NULL"
        );
        rows.prepare_cached(&sql)?.execute(params![id, at.as_millisecond(), day])?;
        Ok(())
    }

    fn submitted(
        &self,
        rows: &Connection,
        id: &str,
        brief: &Brief,
        (fee_first, at): (bool, Timestamp),
    ) -> rusqlite::Result<()> {
        let status = if fee_first { status::FEE } else { status::SUBMITTED };
        let applicant = party_name(brief.applicant.as_str());
        let kind = ApplicantKind::of(&applicant, brief.representative.is_some());
        // Agencies stay in the registry, so only a damaged law has none: UTC then.
        let day = self.day_at(&brief.agency, at);
        let day = day.unwrap_or_else(|| TimeZone::UTC.to_datetime(at).date().to_string());
        rows.prepare_cached(
            "INSERT OR IGNORE INTO dossiers (id, code, procedure, version, agency, channel, status,
               submitted_at, submitted_day, awaiting, awaits_since, applicant, filed_by, business,
               receiver)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, iif(?10 > 0, ?8, NULL), ?11, ?12, ?13,
               ?14)",
        )?
        .execute(params![
            id,
            brief.code.as_str(),
            brief.procedure.code.as_str(),
            brief.procedure.version,
            brief.agency.as_str(),
            channel_name(brief.channel),
            status,
            at.as_millisecond(),
            day,
            if fee_first { awaits::FEE } else { 0 },
            applicant,
            brief.representative.as_ref().map(|one| party_name(one.as_str())),
            kind == ApplicantKind::Business,
            brief.other_receiver().map(AgencyCode::as_str),
        ])?;
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
                self.submitted(rows, id, &submitted.brief, (submitted.fee_first, at))
            }
            IntakeEvent::DossierAccepted(accepted) => {
                let sql = format!(
                    "UPDATE dossiers SET status = {}, accepted = 1,
                       reception_ms = coalesce(reception_ms, {AGENCY_MS}) WHERE id = ?1",
                    status::ACCEPTED
                );
                rows.prepare_cached(&sql)?.execute(params![id, at.as_millisecond()])?;
                accepted.promise.map_or(Ok(()), |promise| self.promised(rows, id, &promise))
            }
            IntakeEvent::DossierRefused(_) => {
                status(status::NOT_ACCEPTED)?;
                self.handled(rows, id, at)
            }
            IntakeEvent::SupplementRequested(request) => {
                if let Some(day) = self.day(rows, id, at)? {
                    rows.prepare_cached(
                        "UPDATE dossiers SET last_day_requests = last_day_requests + 1
                         WHERE id = ?1 AND due_day = ?2 AND suspended = 0",
                    )?
                    .execute(params![id, day])?;
                }
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
                awaits_fee(rows, id, at, returned.clock_stops_at.is_some())
            }
            IntakeEvent::FeeClaimsDecided(decided) => {
                decided.fee.map_or(Ok(()), |_| awaits_fee(rows, id, at, false))
            }
            IntakeEvent::DossierWithdrawn(_) => {
                status(status::WITHDRAWN)?;
                self.handled(rows, id, at)
            }
            IntakeEvent::DossierTransferred(transferred) => {
                rows.prepare_cached(
                    "UPDATE dossiers SET agency = ?2, receiver = ?3 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    transferred.to.as_str(),
                    transferred.brief.other_receiver().map(AgencyCode::as_str)
                ])?;
                Ok(())
            }
            IntakeEvent::AppointmentMoved(moved) => {
                set(rows, id, "UPDATE dossiers SET redated = redated + ?2 WHERE id = ?1", 1)?;
                self.promised(rows, id, &moved.promise)
            }
            IntakeEvent::TimeNotCounted(span) => {
                span.promise.map_or(Ok(()), |promise| self.promised(rows, id, &promise))
            }
            IntakeEvent::DeadlineExtended(extended) => {
                set(rows, id, "UPDATE dossiers SET extended = extended + ?2 WHERE id = ?1", 1)?;
                self.promised(rows, id, &extended.promise)
            }
            IntakeEvent::AppointmentFixed(fixed) => self.promised(rows, id, &fixed.promise),
            IntakeEvent::DeadlineRestated(restated) => {
                if restated.promise.due_at > restated.was_due_at
                    && any_late(rows, &restated.outages)?
                {
                    let sql = "UPDATE dossiers SET late_outages = late_outages + ?2 WHERE id = ?1";
                    set(rows, id, sql, 1)?;
                }
                self.promised(rows, id, &restated.promise)
            }
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

/// The dossier waits for its fee again; `stops` tells whether its clock is suspended meanwhile.
fn awaits_fee(rows: &Connection, id: &str, at: Timestamp, stops: bool) -> rusqlite::Result<()> {
    let stops = if stops { "suspended = 1," } else { "" };
    let sql = format!(
        "UPDATE dossiers SET status = {}, {stops} {} WHERE id = ?1 AND handled_at IS NULL",
        status::FEE,
        awaits::BEGIN
    );
    waiting(rows, &sql, (id, awaits::FEE, at))
}

pub(crate) const fn channel_name(channel: dossier::contract::Channel) -> &'static str {
    match channel {
        dossier::contract::Channel::Online => "online",
        dossier::contract::Channel::Counter => "counter",
        dossier::contract::Channel::Post => "post",
    }
}

impl Projection for Dossiers {
    const SHAPE: Shape = Shape { name: "register", version: 11, tables: TABLES };
    const KINDS: &'static [&'static str] =
        &["intake.", "payment.FeeAssessed", "review.", "feedback.", "law.OutageDeclared"];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        if is_without_effect(event) {
            return Ok(());
        }
        let (id, at) = (event.stream.id(), time_of(event)?);
        if &*event.kind == SUBMITTED {
            let submission = Submission::of(event)?;
            let (brief, fee_first) = (&submission.brief, submission.fee_first);
            return Ok(self.submitted(rows, id, brief, (fee_first, at))?);
        }
        let Some(category) = Category::named(event.stream.category()) else { return Ok(()) };
        match category {
            Category::Intake => self.intake(rows, id, decode(event)?, at)?,
            // The only one of its kinds; its content is not needed.
            Category::Payment => {
                let sql = format!(
                    "UPDATE dossiers SET status = {}, {} WHERE id = ?1 AND handled_at IS NULL",
                    status::FEE,
                    awaits::BEGIN
                );
                waiting(rows, &sql, (id, awaits::FEE, at))?;
            }
            Category::Review => self.review(rows, id, &decode(event)?, at)?,
            Category::Rating => match decode(event)? {
                RatingEvent::DossierRated(rated) => {
                    let day = self.day(rows, id, at)?;
                    rows.prepare_cached(
                        "UPDATE dossiers SET rated = ?2, rated_day = ?3 WHERE id = ?1",
                    )?
                    .execute(params![id, rated.score, day])?;
                }
                RatingEvent::RatingInvited(_) => {}
            },
            Category::Complaint => self.complaint(rows, id, decode(event)?, at)?,
            Category::Outage => {
                if let LawEvent::OutageDeclared(declared) = decode(event)? {
                    self.outage(rows, &declared, at)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether one of these outages was declared afterwards.
fn any_late(rows: &Connection, outages: &[Uuid]) -> rusqlite::Result<bool> {
    let mut known = rows.prepare_cached("SELECT 1 FROM late_outages WHERE id = ?1")?;
    for outage in outages {
        if known.exists([outage.to_string()])? {
            return Ok(true);
        }
    }
    Ok(false)
}
