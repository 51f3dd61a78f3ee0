//! Cursors of lists (keyset pagination): each has the key of the last row of a page and a digest of
//! the list, so that it is not used with another list.

use super::{Problem, Request};

/// Cursors of one list, with the caller's filters.
#[derive(Debug)]
pub struct Cursors {
    list: String,
}

impl Cursors {
    /// Cursors of the list that `asked` identifies: its address and filters.
    #[must_use]
    pub fn of(request: &Request, asked: &[&str]) -> Self {
        let parts: Vec<&[u8]> = asked.iter().map(|part| part.as_bytes()).collect();
        Self { list: request.context().secret.digest(&parts) }
    }

    /// The cursor after the row with this key.
    #[must_use]
    pub fn write(&self, key: &str) -> String {
        format!("{key}.{}", self.list)
    }

    /// The problem of a cursor that is none.
    #[must_use]
    pub fn invalid() -> Problem {
        let vi = "phải là con trỏ lấy từ liên kết `next`";
        Problem::parameter("after", vi, "must be the cursor of a `next` link")
    }

    /// The key in a cursor of this list. A cursor of another list, or with other filters, is a 400.
    pub fn read<'a>(&self, cursor: &'a str) -> Result<&'a str, Problem> {
        let (key, list) = cursor.rsplit_once('.').ok_or_else(Self::invalid)?;
        if list == self.list {
            Ok(key)
        } else {
            Err(Problem::parameter(
                "after",
                "là con trỏ của danh sách có bộ lọc khác: hãy dùng nguyên liên kết `next`",
                "is the cursor of a list with other filters: follow its `next` link unchanged",
            ))
        }
    }
}
