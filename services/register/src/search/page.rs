//! Pages of results, the newest dossier first, with a limited scan.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::expression::Sought;
use super::index::ROWS_OF_A_RECORD;

/// Records that one page scans at most: words that are common, and rarely occur together, would
/// otherwise be compared throughout the index.
const SCANNED_MAX: i64 = 250_000;
/// Records with the words whose rights one page checks at most.
const CHECKED_MAX: usize = 5_000;
/// Records by which the frequency of rights is estimated.
const SAMPLE_RECORDS: i64 = 32;

/// A page of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Number and id of each dossier, the newest first. The number is the cursor after it.
    pub(crate) rows: Vec<(i64, Uuid)>,
    /// Cursor of the next page; absent if nothing follows.
    pub(crate) next: Option<i64>,
}

/// The records that are sought, with numbers below `before`.
pub(super) fn scan(
    rows: &Connection,
    sought: &Sought,
    before: Option<i64>,
    limit: usize,
) -> rusqlite::Result<Found> {
    let newest: i64 = rows
        .prepare_cached("SELECT coalesce(max(number), 0) FROM records")?
        .query_row([], |row| row.get(0))?;
    let end = before.unwrap_or(i64::MAX).clamp(0, newest.saturating_add(1));
    let begin = end.saturating_sub(SCANNED_MAX).max(0);
    let expression = sought.expression(&sample(rows, begin, end)?);
    let mut matching = rows.prepare_cached(
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3
         ORDER BY rowid DESC",
    )?;
    let range = params![expression, begin * ROWS_OF_A_RECORD, end * ROWS_OF_A_RECORD];
    let mut matching = matching.query(range)?;
    let mut record = rows.prepare_cached("SELECT id, rights FROM records WHERE number = ?1")?;
    let mut found: Vec<(i64, Uuid)> = Vec::new();
    let (mut last, mut checked) = (None, 0);
    while let Some(row) = matching.next()? {
        let number = row.get::<_, i64>(0)? / ROWS_OF_A_RECORD;
        // Form and papers of one record follow one another.
        if last.replace(number) == Some(number) {
            continue;
        }
        let (id, rights): (Uuid, String) =
            record.query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        checked += 1;
        if sought.admits(&rights) {
            if found.len() == limit {
                let next = found.last().map(|(number, _)| *number);
                return Ok(Found { rows: found, next });
            }
            found.push((number, id));
        }
        if checked == CHECKED_MAX {
            return Ok(Found { rows: found, next: Some(number) });
        }
    }
    Ok(Found { rows: found, next: (begin > 0).then_some(begin) })
}

/// The rights of some records between two numbers, evenly distributed.
fn sample(rows: &Connection, begin: i64, end: i64) -> rusqlite::Result<Vec<String>> {
    let mut rights = rows.prepare_cached("SELECT rights FROM records WHERE number = ?1")?;
    let step = end.saturating_sub(begin) / SAMPLE_RECORDS;
    let numbers = (1..=SAMPLE_RECORDS).map(|place| begin + place * step.max(1));
    let mut sample = Vec::new();
    for number in numbers.take_while(|number| *number < end) {
        sample.extend(rights.query_row([number], |row| row.get(0)).optional()?);
    }
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::super::index::{Inserts, TABLES};
    use super::*;

    fn index(records: u128) -> Connection {
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch(TABLES).unwrap();
        for n in 1..=records {
            let tokens = if n % 2 == 0 { "even all" } else { "odd all" };
            put(&rows, n, tokens);
        }
        rows
    }

    fn put(rows: &Connection, id: u128, tokens: &str) {
        let mut inserts = Inserts::default();
        inserts.put(rows, Uuid::from_u128(id), (tokens, "rights")).unwrap();
        inserts.write(rows).unwrap();
    }

    fn add_paper(rows: &Connection, id: u128, tokens: &str) {
        let mut inserts = Inserts::default();
        inserts.add_paper(rows, Uuid::from_u128(id), tokens).unwrap();
        inserts.write(rows).unwrap();
    }

    fn found(rows: &Connection, expression: &str, before: Option<i64>) -> (Vec<u128>, Option<i64>) {
        let sought = Sought::of_words(expression, &["rights"], &[]);
        let Found { rows, next } = scan(rows, &sought, before, 2).unwrap();
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
        add_paper(&rows, 2, "all receipt");
        assert_eq!(found(&rows, "all", None), (vec![3, 2], Some(2)));
        assert_eq!(found(&rows, "receipt AND rights", None), (vec![2], None));
        put(&rows, 2, "corrected");
        assert_eq!(found(&rows, "even", None), (vec![], None));
        assert_eq!(found(&rows, "corrected", None), (vec![2], None));
        assert_eq!(found(&rows, "receipt", None), (vec![2], None));
    }

    #[test]
    fn what_a_page_says_of_a_record_in_several_events_is_found_as_the_last_says_it() {
        let rows = index(3);
        let mut inserts = Inserts::default();
        for (id, tokens) in [(9, "first"), (2, "second"), (9, "third")] {
            inserts.put(&rows, Uuid::from_u128(id), (tokens, "rights")).unwrap();
        }
        inserts.add_paper(&rows, Uuid::from_u128(9), "paper").unwrap();
        inserts.add_paper(&rows, Uuid::from_u128(1), "paper").unwrap();
        inserts.put(&rows, Uuid::from_u128(2), ("fourth", "rights")).unwrap();
        inserts.write(&rows).unwrap();
        for gone in ["first", "second", "even"] {
            assert_eq!(found(&rows, gone, None), (vec![], None), "{gone}");
        }
        assert_eq!(found(&rows, "third AND rights", None), (vec![9], None));
        assert_eq!(found(&rows, "fourth", None), (vec![2], None));
        assert_eq!(found(&rows, "paper AND rights", None), (vec![9, 1], None));
    }

    #[test]
    fn the_papers_of_a_record_are_limited_and_never_those_of_another() {
        let rows = index(2);
        for n in 0..20 {
            add_paper(&rows, 1, &format!("paper{n}"));
        }
        assert_eq!(found(&rows, "paper14", None), (vec![1], None));
        assert_eq!(found(&rows, "paper15", None), (vec![], None));
        add_paper(&rows, 3, "unknown");
        assert_eq!(found(&rows, "unknown", None), (vec![], None));
    }

    #[test]
    fn the_papers_of_a_record_get_its_new_rights_with_it() {
        let rows = index(40);
        add_paper(&rows, 2, "receipt");
        let mut inserts = Inserts::default();
        inserts.add_paper(&rows, Uuid::from_u128(2), "waybill").unwrap();
        inserts.put(&rows, Uuid::from_u128(2), ("even", "moved")).unwrap();
        inserts.remove_papers(&rows, Uuid::from_u128(2)).unwrap();
        for paper in ["receipt", "waybill"] {
            inserts.add_paper(&rows, Uuid::from_u128(2), paper).unwrap();
        }
        inserts.write(&rows).unwrap();
        for paper in ["receipt", "waybill"] {
            assert_eq!(found(&rows, &format!("{paper} AND rights"), None), (vec![], None));
            let sought = Sought::of_words(paper, &["moved"], &[]);
            assert_eq!(scan(&rows, &sought, None, 2).unwrap().rows.len(), 1, "{paper}");
        }
    }

    #[test]
    fn records_without_the_rights_are_neither_in_a_page_nor_counted_for_the_next() {
        let rows = index(40);
        let mut inserts = Inserts::default();
        for id in [50, 51, 52] {
            inserts.put(&rows, Uuid::from_u128(id), ("even", "rights secret")).unwrap();
        }
        inserts.write(&rows).unwrap();
        let sought = Sought::of_words("even", &["rights"], &["secret"]);
        let found = scan(&rows, &sought, None, 20).unwrap();
        assert_eq!(found.rows.len(), 20);
        assert_eq!((found.rows[0].0, found.next), (40, None));
        let rare = Sought::of_words("even", &["secret"], &[]);
        assert_eq!(scan(&rows, &rare, None, 20).unwrap().rows.len(), 3);
    }

    #[test]
    fn a_page_checks_a_limited_number_of_records() {
        let count = CHECKED_MAX as u128 + 10;
        let rows = index(count);
        let sought = Sought::of_words("all", &["rights"], &["rights"]);
        let first = scan(&rows, &sought, None, 2).unwrap();
        assert_eq!(first, Found { rows: Vec::new(), next: Some(11) });
        assert_eq!(scan(&rows, &sought, first.next, 2).unwrap().next, None);
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
