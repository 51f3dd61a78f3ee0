//! What review, complaints and outages change in the rows of dossiers.

use dossier::contract::{AgencyCode, ComplaintEvent, OutageDeclared, ReviewEvent};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Dossiers, set, status};

impl Dossiers {
    pub(super) fn review(
        &self,
        rows: &Connection,
        id: &str,
        event: &ReviewEvent,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
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
                officer(Some(claimed.officer.as_str()))?;
                self.begun(rows, id, claimed.due_at)
            }
            ReviewEvent::ReviewHandedOver(handed) => officer(Some(handed.to.as_str())),
            ReviewEvent::ReviewReturned(_) | ReviewEvent::ReviewTransferred(_) => {
                officer(None)?;
                self.begun(rows, id, None)
            }
            ReviewEvent::ActivityCompleted(completed) => {
                self.completed(rows, id, at)?;
                self.begun(rows, id, completed.next_due_at)
            }
            ReviewEvent::ReviewResumed(resumed) if resumed.due_at.is_some() => {
                self.begun(rows, id, resumed.due_at)
            }
            ReviewEvent::PeriodExtended(extended) if extended.period == "activity" => {
                self.begun(rows, id, Some(extended.due_at))
            }
            _ => Ok(()),
        }
    }

    /// The period of an activity begins, or has another end.
    fn begun(&self, rows: &Connection, id: &str, end: Option<Timestamp>) -> rusqlite::Result<()> {
        let day = end.map_or(Ok(None), |end| self.last_day(rows, id, end))?;
        rows.prepare_cached(
            "UPDATE dossiers SET activity_day = ?2 WHERE id = ?1 AND activity_day IS NOT ?2",
        )?
        .execute(params![id, day])?;
        Ok(())
    }

    /// An activity was completed: 2 points if early, 1 on its last day, 0 after it. The slowest
    /// activity counts (Circular 01/2018/TT-VPCP, art. 13, indicator 2).
    fn completed(&self, rows: &Connection, id: &str, at: Timestamp) -> rusqlite::Result<()> {
        let day = self.day(rows, id, at)?;
        rows.prepare_cached(
            "UPDATE dossiers SET activity_points = min(coalesce(activity_points, 2),
               iif(?2 < activity_day, 2, iif(?2 = activity_day, 1, 0)))
             WHERE id = ?1 AND activity_day IS NOT NULL",
        )?
        .execute(params![id, day])?;
        Ok(())
    }

    /// A complaint about a dossier is part of its timeline. Whether it was answered in time is
    /// counted by its agency.
    pub(super) fn complaint(
        &self,
        rows: &Connection,
        id: &str,
        event: ComplaintEvent,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        match event {
            ComplaintEvent::ComplaintFiled(filed) => {
                rows.prepare_cached(
                    "INSERT OR IGNORE INTO complaints (id, dossier, agency) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![
                    id,
                    filed.dossier.map(|dossier| dossier.to_string()),
                    filed.agency.as_str()
                ])?;
            }
            ComplaintEvent::ComplaintForwarded(forwarded) => {
                rows.prepare_cached("UPDATE complaints SET agency = ?2 WHERE id = ?1")?
                    .execute(params![id, forwarded.to.as_str()])?;
            }
            ComplaintEvent::ComplaintAnswered(_) => self.settled(rows, id, (at, false))?,
            ComplaintEvent::ComplaintOverdue(missed) if missed.stage == "answer" => {
                self.settled(rows, id, (at, true))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The first answer to a complaint, or the end of the period for it without one.
    fn settled(
        &self,
        rows: &Connection,
        id: &str,
        (at, overdue): (Timestamp, bool),
    ) -> rusqlite::Result<()> {
        let agency: Option<String> = rows
            .prepare_cached("SELECT agency FROM complaints WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let day = agency.and_then(|agency| self.day_at(&AgencyCode::from(agency.as_str()), at));
        rows.prepare_cached(
            "UPDATE complaints SET settled_day = coalesce(settled_day, ?2), overdue = overdue OR ?3
             WHERE id = ?1",
        )?
        .execute(params![id, day, overdue])?;
        Ok(())
    }

    /// Notes an outage that was declared on a later day than it began.
    pub(super) fn outage(
        &self,
        rows: &Connection,
        declared: &OutageDeclared,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let day = |instant| self.day_at(&declared.agency, instant);
        if day(declared.from) < day(at) {
            rows.prepare_cached("INSERT OR IGNORE INTO late_outages (id) VALUES (?1)")?
                .execute([declared.outage.to_string()])?;
        }
        Ok(())
    }
}
