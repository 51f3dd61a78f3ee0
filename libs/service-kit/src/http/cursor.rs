//! Cursors of lists (keyset pages): each says behind which row the next page begins, and of which list it is.

use super::Problem;
use crate::Kit;

/// The cursors of one list, with the filters that the caller asked for.
#[derive(Debug)]
pub struct Cursors {
    list: String,
}

impl Cursors {
    /// Those of the list that `asked` tells from every other: its address and its filters.
    #[must_use]
    pub fn of(kit: &Kit, asked: &[&str]) -> Self {
        let parts: Vec<&[u8]> = asked.iter().map(|part| part.as_bytes()).collect();
        Self { list: kit.keyed_digest(&parts) }
    }

    /// The cursor behind the row with this key.
    #[must_use]
    pub fn write(&self, key: &str) -> String {
        format!("{key}.{}", self.list)
    }

    /// The key in a cursor of this list. One that comes from another list, or from the same with other filters, is a 400.
    pub fn read<'a>(&self, cursor: &'a str) -> Result<&'a str, Problem> {
        let (key, list) = cursor
            .rsplit_once('.')
            .ok_or_else(|| Problem::query("after is the cursor of a `next` link"))?;
        if list == self.list {
            Ok(key)
        } else {
            Err(Problem::query(
                "after comes from a list with other filters: follow its `next` link as it is",
            ))
        }
    }
}
