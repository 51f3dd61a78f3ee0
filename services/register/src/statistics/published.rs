//! The figures of a month for the public.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dossier::contract::{AgencyCode, ProcedureCode};
use dossier::figures::MonthCounts;
use dossier::law::{Law, Publication, Text};
use dossier::text::refused;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde::{Deserialize, Deserializer};

/// Months that are published: the last ones that are over.
pub(crate) const MONTHS_MAX: i32 = 60;
/// How long a month is kept.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_mins(10);

/// A month, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(pub(crate) Date);

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let first = (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten();
        first.map(Self).ok_or_else(|| {
            refused(&Text::new(
                "phải là một tháng, ví dụ 2026-10",
                "must be a month, for example 2026-10",
            ))
        })
    }
}

/// A published month and the instant at which it was computed.
type Kept<T> = (Timestamp, Arc<T>);

/// The months that were published lately, so that readers without a token do not cause work.
#[derive(Debug)]
pub(crate) struct Published<T> {
    months: Mutex<BTreeMap<Month, Kept<T>>>,
    /// Held while a month is computed: a month costs a scan of all dossiers, and readers without a
    /// token cause one scan at a time.
    pub(crate) computing: tokio::sync::Mutex<()>,
}

impl<T> Default for Published<T> {
    fn default() -> Self {
        Self { months: Mutex::default(), computing: tokio::sync::Mutex::default() }
    }
}

impl<T> Published<T> {
    /// A month, if it was computed less than [`KEPT`] before `now`.
    pub(crate) fn get(&self, month: Month, now: Timestamp) -> Option<Arc<T>> {
        let months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, kept) = months.get(&month)?;
        (now.duration_since(*at) < KEPT).then(|| Arc::clone(kept))
    }

    /// Keeps a month, and removes those that are too old to be used.
    pub(crate) fn keep(&self, month: Month, now: Timestamp, computed: T) -> Arc<T> {
        let computed = Arc::new(computed);
        let mut months = self.months.lock().unwrap_or_else(PoisonError::into_inner);
        months.insert(month, (now, Arc::clone(&computed)));
        // At most the months that are published, and those that were until a month ago.
        months.retain(|_, (at, _)| now.duration_since(*at) < KEPT);
        computed
    }
}

/// The counts of a month by agency and group of procedures. All of them are facts that later events
/// do not change.
pub(crate) fn month_counts(
    rows: &Connection,
    Month(first): Month,
    (law, publication): (&Law, &Publication),
) -> rusqlite::Result<BTreeMap<(AgencyCode, String), MonthCounts>> {
    let mut counts: BTreeMap<(AgencyCode, String), MonthCounts> = BTreeMap::new();
    let mut statement = rows.prepare(
        "SELECT agency, procedure, version, sum(received), sum(received AND online), sum(handled),
           sum(handled AND online), sum(handled AND due_day IS NOT NULL),
           sum(handled AND handled_day <= due_day), sum(rating), sum(rating AND rated >= 4)
         FROM (SELECT agency, procedure, version, due_day, handled_day, channel = 'online' AS online,
                 submitted_day BETWEEN ?1 AND ?2 AS received,
                 coalesce(handled_day BETWEEN ?1 AND ?2, 0) AS handled,
                 coalesce(rated_day BETWEEN ?1 AND ?2, 0) AS rating, rated
               FROM dossiers)
         WHERE received OR handled OR rating GROUP BY agency, procedure, version",
    )?;
    let mut found = statement.query([first.to_string(), first.last_of_month().to_string()])?;
    while let Some(row) = found.next()? {
        let number = |place| {
            Ok::<u64, rusqlite::Error>(row.get::<_, Option<u32>>(place)?.unwrap_or(0).into())
        };
        let code = ProcedureCode::from(row.get::<_, String>(1)?.as_str());
        let group =
            publication.group_of(&code).map_or_else(|| code.to_string(), |g| g.code.clone());
        let agency = AgencyCode::from(row.get::<_, String>(0)?.as_str());
        let is_online = law.is_online_service(&code, row.get(2)?);
        let cell = counts.entry((agency, group)).or_default();
        cell.received += number(3)?;
        cell.received_online += number(4)?;
        cell.handled += number(5)?;
        cell.handled_online += if is_online { number(6)? } else { 0 };
        cell.dated += number(7)?;
        cell.in_time += number(8)?;
        cell.rated += number(9)?;
        cell.satisfied += number(10)?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_are_kept_for_ten_minutes_and_then_removed() {
        let published = Published::default();
        let at = |minute| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let (october, november) = (Month(date(2026, 10, 1)), Month(date(2026, 11, 1)));
        published.keep(october, at(0), 7);
        assert_eq!(published.get(october, at(9)).as_deref(), Some(&7));
        assert_eq!(published.get(october, at(10)), None, "it is computed again");
        assert_eq!(published.get(november, at(0)), None);
        published.keep(november, at(9), 8);
        assert_eq!(published.months.lock().unwrap().len(), 2);
        published.keep(november, at(10), 9);
        let kept: Vec<Month> = published.months.lock().unwrap().keys().copied().collect();
        assert_eq!(kept, [november]);
    }

    #[test]
    fn a_month_is_written_with_its_year() {
        let month = |text: &str| serde_json::from_value::<Month>(text.into()).ok();
        assert_eq!(month("2026-10"), Some(Month(date(2026, 10, 1))));
        for wrong in ["2026-13", "2026", "2026-1", "2026-10-01", "10-2026"] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
    }
}
