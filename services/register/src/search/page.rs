//! Pages of results, the newest dossier first, with a limited scan.

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::index::ROWS_OF_A_RECORD;

/// Records that one page scans at most: words that are common, and rarely occur together, would
/// otherwise be compared throughout the index.
const SCANNED_MAX: i64 = 250_000;

/// A page of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Number and id of each dossier, the newest first. The number is the cursor after it.
    pub(crate) rows: Vec<(i64, Uuid)>,
    /// Cursor of the next page; absent if nothing follows.
    pub(crate) next: Option<i64>,
}

/// The records that match `expression`, with numbers below `before`.
pub(super) fn scan(
    rows: &Connection,
    expression: &str,
    before: Option<i64>,
    limit: usize,
) -> rusqlite::Result<Found> {
    let newest: i64 = rows
        .prepare_cached("SELECT coalesce(max(number), 0) FROM records")?
        .query_row([], |row| row.get(0))?;
    let end = before.unwrap_or(i64::MAX).clamp(0, newest.saturating_add(1));
    let begin = end.saturating_sub(SCANNED_MAX).max(0);
    let mut matching = rows.prepare_cached(
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3
         ORDER BY rowid DESC",
    )?;
    let range = params![expression, begin * ROWS_OF_A_RECORD, end * ROWS_OF_A_RECORD];
    let mut matching = matching.query(range)?;
    let mut numbers: Vec<i64> = Vec::new();
    let mut more = begin > 0;
    let mut next = begin;
    while let Some(row) = matching.next()? {
        let number = row.get::<_, i64>(0)? / ROWS_OF_A_RECORD;
        // Form and papers of one record follow one another.
        if numbers.last() == Some(&number) {
            continue;
        }
        if numbers.len() == limit {
            more = true;
            next = numbers.last().copied().unwrap_or(begin);
            break;
        }
        numbers.push(number);
    }
    let mut id = rows.prepare_cached("SELECT id FROM records WHERE number = ?1")?;
    let ids = numbers.iter().map(|number| id.query_row([number], |row| Ok((*number, row.get(0)?))));
    Ok(Found { rows: ids.collect::<rusqlite::Result<_>>()?, next: more.then_some(next) })
}

#[cfg(test)]
mod tests {
    use super::super::index::{TABLES, add_paper, put};
    use super::*;

    fn index(records: u128) -> Connection {
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch(TABLES).unwrap();
        for n in 1..=records {
            let tokens = if n % 2 == 0 { "even all" } else { "odd all" };
            put(&rows, Uuid::from_u128(n), (tokens, "rights")).unwrap();
        }
        rows
    }

    fn found(rows: &Connection, expression: &str, before: Option<i64>) -> (Vec<u128>, Option<i64>) {
        let Found { rows, next } = scan(rows, expression, before, 2).unwrap();
        (rows.iter().map(|(_, id)| id.as_u128()).collect(), next)
    }

    #[test]
    fn pages_go_from_the_newest_to_the_oldest_without_gaps() {
        let rows = index(5);
        assert_eq!(found(&rows, "all AND rights", None), (vec![5, 4], Some(4)));
        assert_eq!(found(&rows, "all AND rights", Some(4)), (vec![3, 2], Some(2)));
        assert_eq!(found(&rows, "all AND rights", Some(2)), (vec![1], None));
        assert_eq!(found(&rows, "odd NOT rights", None), (vec![], None));
        assert_eq!(found(&rows, "even", None), (vec![4, 2], None));
    }

    #[test]
    fn a_record_is_found_once_by_form_and_papers_and_no_longer_by_replaced_words() {
        let rows = index(3);
        add_paper(&rows, Uuid::from_u128(2), "all receipt").unwrap();
        assert_eq!(found(&rows, "all", None), (vec![3, 2], Some(2)));
        assert_eq!(found(&rows, "receipt AND rights", None), (vec![2], None));
        put(&rows, Uuid::from_u128(2), ("corrected", "rights")).unwrap();
        assert_eq!(found(&rows, "even", None), (vec![], None));
        assert_eq!(found(&rows, "corrected", None), (vec![2], None));
        assert_eq!(found(&rows, "receipt", None), (vec![2], None));
    }

    #[test]
    fn the_papers_of_a_record_are_limited_and_never_those_of_another() {
        let rows = index(2);
        for n in 0..20 {
            add_paper(&rows, Uuid::from_u128(1), &format!("paper{n}")).unwrap();
        }
        assert_eq!(found(&rows, "paper14", None), (vec![1], None));
        assert_eq!(found(&rows, "paper15", None), (vec![], None));
        add_paper(&rows, Uuid::from_u128(3), "unknown").unwrap();
        assert_eq!(found(&rows, "unknown", None), (vec![], None));
    }

    #[test]
    fn a_scan_is_limited_and_the_next_page_goes_on_below() {
        let rows = index(2);
        let far = SCANNED_MAX + 10;
        rows.execute("INSERT INTO records (number, id, rights) VALUES (?1, x'00000000000000000000000000000009', '')", [far]).unwrap();
        assert_eq!(found(&rows, "odd", None), (vec![], Some(11)));
        assert_eq!(found(&rows, "odd", Some(11)), (vec![1], None));
    }
}
