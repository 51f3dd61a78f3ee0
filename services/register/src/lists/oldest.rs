//! The dossiers of agencies in the order of their submission: the list of the newest, read from its
//! end.

use dossier::contract::{AgencyCode, DossierId};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{Range, Scope};

/// A dossier, and when it was submitted, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Submitted {
    pub(crate) id: DossierId,
    pub(crate) at: i64,
}

const SELECT: &str = "SELECT listed.sort, listed.id, dossiers.agency, dossiers.receiver
 FROM listed JOIN dossiers ON dossiers.id = listed.id
 WHERE scope = ?1 AND class = ?2 AND sort <= ?3 AND sort > ?4 AND (sort, listed.id) < (?5, ?6)
 ORDER BY sort DESC, listed.id DESC LIMIT ?7";

/// At most `rows` dossiers that agencies and those below them decide or received, submitted from
/// `from` until before `to`, in milliseconds since 1970: those that follow after `after`, the
/// oldest first.
pub(crate) fn oldest(
    tables: &Connection,
    agencies: &[AgencyCode],
    (from, to): (i64, i64),
    (after, rows): (Option<Submitted>, u32),
) -> rusqlite::Result<Vec<Submitted>> {
    let tables = tables.unchecked_transaction()?;
    // The list is sorted by the negative instant.
    let (last_sort, last_id) = after.map_or((i64::MAX, Uuid::max()), |it| (-it.at, it.id.0));
    let mut found = Vec::new();
    let mut statement = tables.prepare_cached(SELECT)?;
    for agency in agencies {
        let Range { scope, class } = Range::newest(Scope::agency(agency.as_str()));
        let values = params![scope.0, class, -from, -to, last_sort, last_id.as_bytes(), rows];
        let listed = statement.query_map(values, |row| {
            let (sort, id) = (row.get::<_, i64>(0)?, row.get(1)?);
            let of = [Some(row.get::<_, String>(2)?), row.get(3)?];
            let of = of.into_iter().flatten().map(|code| AgencyCode::from(&*code));
            let is_theirs = of.into_iter().any(|of| agency.covers(&of));
            Ok((Submitted { id: DossierId(Uuid::from_bytes(id)), at: -sort }, is_theirs))
        })?;
        for one in listed {
            let (submitted, is_theirs) = one?;
            // The key is a digest.
            if is_theirs {
                found.push(submitted);
            }
        }
    }
    found.sort_by_key(|one| (one.at, std::cmp::Reverse(one.id.0)));
    found.dedup();
    found.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::page::tests::{at, row, save, tables};

    /// Submitted in the hours of their numbers.
    fn some() -> Connection {
        let tables = tables();
        for (n, agency) in [(1, "G02.001"), (2, "G02.002"), (3, "G02.001"), (4, "H26"), (5, "G02")]
        {
            save(&tables, row(n, agency, 1));
        }
        tables
    }

    fn numbers(
        tables: &Connection,
        agencies: &[&str],
        (from, to): (i64, i64),
        mut after: Option<Submitted>,
    ) -> Vec<Vec<u128>> {
        let agencies: Vec<AgencyCode> = agencies.iter().map(|code| (*code).into()).collect();
        let ends = (at(from).as_millisecond(), at(to).as_millisecond());
        let mut pages = Vec::new();
        loop {
            let page = oldest(tables, &agencies, ends, (after, 2)).unwrap();
            after = page.last().copied();
            if after.is_none() {
                return pages;
            }
            pages.push(page.iter().map(|one| one.id.0.as_u128()).collect());
        }
    }

    #[test]
    fn the_register_has_the_dossiers_of_the_agencies_in_the_order_of_submission() {
        let tables = some();
        assert_eq!(numbers(&tables, &["G02"], (0, 9), None), [vec![1, 2], vec![3, 5]]);
        assert_eq!(numbers(&tables, &["G02.001"], (0, 9), None), [[1, 3]]);
        let with_predecessor = numbers(&tables, &["H26", "G02.001", "G02"], (0, 9), None);
        assert_eq!(with_predecessor, [vec![1, 2], vec![3, 4], vec![5]], "each once");
        // From the first instant, until before the last.
        assert_eq!(numbers(&tables, &["G02"], (2, 5), None), [[2, 3]]);
        let begun = Submitted { id: DossierId(Uuid::from_u128(2)), at: at(2).as_millisecond() };
        assert_eq!(numbers(&tables, &["G02"], (0, 9), Some(begun)), [[3, 5]]);
    }

    #[test]
    fn dossiers_of_the_same_instant_are_each_on_one_page() {
        let tables = tables();
        for n in 1..=5 {
            save(&tables, crate::lists::ListedRow { submitted_at: at(1), ..row(n, "G02", 1) });
        }
        let mut all = numbers(&tables, &["G02"], (0, 9), None).concat();
        assert_eq!(all, [5, 4, 3, 2, 1]);
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn no_row_of_another_agency_is_scanned_and_none_is_sorted() {
        let tables = tables();
        let mut plan = tables.prepare(&format!("EXPLAIN QUERY PLAN {SELECT}")).unwrap();
        let id = Uuid::max();
        let values = params![1, 0, 9, 1, 5, id.as_bytes(), 2];
        let steps = plan.query_map(values, |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
        assert!(
            steps[0].starts_with("SEARCH listed USING PRIMARY KEY (scope=? AND class=?"),
            "{steps:?}"
        );
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
    }
}
