//! What review, complaints and outages change in the rows of dossiers.

use dossier::contract::{AgencyCode, ComplaintClass, ComplaintEvent, OutageDeclared, ReviewEvent};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{AGENCY_MS, Dossiers, set, status};

/// Agencies that handle complaints about one dossier, at most.
const HANDLERS_MAX: u32 = 100;
/// Begins or ends a stage of a complaint in which its agency has something to do.
const OPENED: &str = "UPDATE complaints SET open = ?2, merged = 0 WHERE id = ?1";
/// While a complaint is merged into another one, its agency has nothing to do.
const MERGED: &str = "UPDATE complaints SET merged = ?2 WHERE id = ?1";

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
                proposal_ended(rows, id, at)?;
                self.begun(rows, id, None)
            }
            ReviewEvent::DecisionProposed(_) => {
                let sql = format!(
                    "UPDATE dossiers SET proposed_ms = {AGENCY_MS}
                     WHERE id = ?1 AND handled_at IS NULL"
                );
                rows.prepare_cached(&sql)?.execute(params![id, at.as_millisecond()])?;
                Ok(())
            }
            ReviewEvent::ProposalRejected(_)
            | ReviewEvent::ReviewPaused(_)
            | ReviewEvent::SupplementNeeded(_) => proposal_ended(rows, id, at),
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
    /// counted by its agency. `open` and `merged` change as [`dossier::feedback::Complaint`] does.
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
                set(rows, id, OPENED, 1)?;
            }
            ComplaintEvent::ComplaintClassified(classified) => {
                let is_open = !matches!(classified.class, ComplaintClass::NotAcceptable);
                set(rows, id, OPENED, u8::from(is_open))?;
            }
            ComplaintEvent::ComplaintReopened(_) => set(rows, id, OPENED, 1)?,
            ComplaintEvent::AnswerPublished(_) => set(rows, id, OPENED, 0)?,
            ComplaintEvent::ComplaintMerged(_) => set(rows, id, MERGED, 1)?,
            ComplaintEvent::ComplaintSeparated(_) => set(rows, id, MERGED, 0)?,
            ComplaintEvent::ComplaintAnswered(_) => {
                set(rows, id, OPENED, 1)?;
                self.settled(rows, id, (at, false))?;
            }
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

/// The agencies that handle open complaints about a dossier.
pub(crate) fn handlers(rows: &Connection, dossier: &str) -> rusqlite::Result<Vec<AgencyCode>> {
    rows.prepare_cached(
        "SELECT DISTINCT agency FROM complaints WHERE dossier = ?1 AND open = 1 AND merged = 0
         ORDER BY agency LIMIT ?2",
    )?
    .query_map(params![dossier, HANDLERS_MAX], |row| {
        Ok(AgencyCode::from(row.get::<_, String>(0)?.as_str()))
    })?
    .collect()
}

/// No proposal waits for an approval any more, if one did.
fn proposal_ended(rows: &Connection, id: &str, at: Timestamp) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE dossiers SET approval_ms = approval_ms + {AGENCY_MS} - proposed_ms,
           proposed_ms = NULL
         WHERE id = ?1 AND proposed_ms IS NOT NULL AND handled_at IS NULL"
    );
    rows.prepare_cached(&sql)?.execute(params![id, at.as_millisecond()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossiers::TABLES;

    #[test]
    fn agencies_handle_a_complaint_while_it_is_open_and_not_merged_however_many_there_are() {
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch(TABLES).unwrap();
        for n in 0..300 {
            let agency = if n < 299 { "G02" } else { "H26" };
            let sql = "INSERT INTO complaints (id, dossier, agency) VALUES (?1, ?2, ?3)";
            rows.execute(sql, params![format!("c{n:03}"), "d1", agency]).unwrap();
        }
        let of = |dossier: &str| handlers(&rows, dossier).unwrap();
        assert_eq!(of("d1"), ["G02", "H26"].map(AgencyCode::from));
        assert!(of("d2").is_empty());
        for (sql, value, handles) in [
            (OPENED, 0, false),
            (OPENED, 1, true),
            (MERGED, 1, false),
            (MERGED, 0, true),
            (OPENED, 0, false),
            (MERGED, 1, false),
            (MERGED, 0, false),
            (MERGED, 1, false),
            (OPENED, 1, true),
        ] {
            set(&rows, "c299", sql, value).unwrap();
            assert_eq!(of("d1").contains(&AgencyCode::from("H26")), handles, "{sql} {value}");
        }
    }
}
