//! The tables of the index.

use std::collections::BTreeMap;

use dossier::access::Resource;
use dossier::contract::{AgencyCode, Subject, party_name};
use dossier::search::Terms;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::key::{Key, Of, Part};

/// Increased with every change of the tables or of the terms. The upper bits of the view's version
/// are those of the key.
pub(super) const SHAPE_VERSION: u32 = 3;

/// Rows of a record in the table of words: its form, and its papers.
pub(super) const ROWS_OF_A_RECORD: i64 = 16;

/// `records` numbers the dossiers and complaints in the order of their submission. `words` has the
/// rows `number * 16`, for what was submitted, and up to 15 more, for papers.
pub(super) const TABLES: &str = "
CREATE TABLE records (
  number INTEGER PRIMARY KEY,
  id     BLOB    NOT NULL UNIQUE,
  rights TEXT    NOT NULL,
  papers INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE VIRTUAL TABLE words USING fts5(
  tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
INSERT INTO words(words, rank) VALUES ('hashsize', 4194304);";

/// The terms of a row, by the fields from which they are.
pub(super) type Words = Vec<(Part, Terms)>;

/// The tokens of these terms, as the text of a row.
pub(super) fn tokens(key: &Key, words: &[(Part, Terms)]) -> String {
    let mut tokens = String::new();
    for (part, terms) in words {
        for term in terms.iter() {
            key.add_token(Of::Word(*part), term, &mut tokens);
            tokens.push(' ');
        }
    }
    tokens
}

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dossier,
    Complaint,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dossier => "dossier",
            Self::Complaint => "complaint",
        }
    }
}

/// The tokens of a record's kind, parties and agencies.
pub(super) fn rights(key: &Key, kind: Kind, of: &Resource) -> String {
    let name = |party: &Subject| party_name(party.as_str());
    let parties = of.owners.iter().chain(&of.representatives);
    let parties = parties.map(|party| key.token(Of::Party, &name(party)));
    let owners = of.owners.iter().map(|owner| key.token(Of::Owner, &name(owner)));
    let agencies = of.agencies.iter().chain(&of.informed).flat_map(with_those_above);
    let agencies = agencies.map(|agency| key.token(Of::Agency, agency));
    let kind = key.token(Of::Kind, kind.as_str());
    parties.chain(owners).chain(agencies).chain([kind]).collect::<Vec<_>>().join(" ")
}

/// The agency and those above it: `G02.001` and `G02`.
fn with_those_above(agency: &AgencyCode) -> impl Iterator<Item = &str> {
    let code = agency.as_str();
    let above = code.match_indices('.').filter_map(|(at, _)| code.get(..at));
    above.chain([code])
}

/// The rows of words that a page adds, by their number. FTS5 writes all that it has in memory
/// whenever a row has a lower number than the one before, so they are inserted in order.
#[derive(Default)]
pub(super) struct Inserts(BTreeMap<i64, String>);

impl Inserts {
    /// Adds a record, or replaces its words and rights, but not those of its papers.
    pub(super) fn put(
        &mut self,
        rows: &Connection,
        id: Uuid,
        (tokens, rights): (&str, &str),
    ) -> rusqlite::Result<()> {
        let known: Option<i64> = rows
            .prepare_cached("SELECT number FROM records WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let number = if let Some(number) = known {
            let row = number * ROWS_OF_A_RECORD;
            if !self.0.contains_key(&row) {
                rows.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([row])?;
            }
            rows.prepare_cached("UPDATE records SET rights = ?2 WHERE number = ?1")?
                .execute(params![number, rights])?;
            number
        } else {
            rows.prepare_cached("INSERT INTO records (id, rights) VALUES (?1, ?2)")?
                .execute(params![id, rights])?;
            rows.last_insert_rowid()
        };
        self.0.insert(number * ROWS_OF_A_RECORD, format!("{tokens} {rights}"));
        Ok(())
    }

    /// Adds the words of a paper to a dossier; of more than 15, the last are left out.
    pub(super) fn add_paper(
        &mut self,
        rows: &Connection,
        id: Uuid,
        tokens: &str,
    ) -> rusqlite::Result<()> {
        let record: Option<(i64, i64, String)> = rows
            .prepare_cached("SELECT number, papers, rights FROM records WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((number, papers, rights)) = record else { return Ok(()) };
        if papers + 1 >= ROWS_OF_A_RECORD {
            tracing::warn!(%id, "too many papers of a dossier: one is not found by its number");
            return Ok(());
        }
        rows.prepare_cached("UPDATE records SET papers = papers + 1 WHERE number = ?1")?
            .execute([number])?;
        self.0.insert(number * ROWS_OF_A_RECORD + papers + 1, format!("{tokens} {rights}"));
        Ok(())
    }

    /// Removes the words of all papers of a record.
    pub(super) fn remove_papers(&mut self, rows: &Connection, id: Uuid) -> rusqlite::Result<()> {
        let record: Option<(i64, i64)> = rows
            .prepare_cached("SELECT number, papers FROM records WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, papers)) = record else { return Ok(()) };
        let row = number * ROWS_OF_A_RECORD;
        let mut delete = rows.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
        for paper in row + 1..=row + papers {
            if self.0.remove(&paper).is_none() {
                delete.execute([paper])?;
            }
        }
        rows.prepare_cached("UPDATE records SET papers = 0 WHERE number = ?1")?
            .execute([number])
            .map(|_| ())
    }

    pub(super) fn write(self, rows: &Connection) -> rusqlite::Result<()> {
        let mut insert =
            rows.prepare_cached("INSERT INTO words (rowid, tokens) VALUES (?1, ?2)")?;
        self.0.into_iter().try_for_each(|row| insert.execute(row).map(|_| ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_is_found_by_those_above_it() {
        let agency = AgencyCode::from("G02.001.05");
        let all: Vec<&str> = with_those_above(&agency).collect();
        assert_eq!(all, ["G02", "G02.001", "G02.001.05"]);
    }
}
