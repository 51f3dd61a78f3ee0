//! Follows changes by long polls.

use crate::types::{ChangeReply, GetChangesQuery};
use crate::{Client, Error, Transport};

/// Seconds that the server waits for a change, as long as it allows.
const WAIT_S: u32 = 30;

/// Follows the changes that the caller of a client may read.
#[derive(Debug)]
pub struct Following<'a, T> {
    client: &'a Client<T>,
    query: GetChangesQuery,
}

impl<'a, T: Transport> Following<'a, T> {
    /// Continues after a stored cursor. Without one it begins with the changes from now on;
    /// `start` stands for the beginning of the log.
    #[must_use]
    pub fn after(client: &'a Client<T>, cursor: Option<&str>) -> Self {
        let after = cursor.map(str::to_owned);
        let query = GetChangesQuery { after, wait: Some(WAIT_S), ..GetChangesQuery::default() };
        Self { client, query }
    }

    /// Only these kinds of events, for example `payment.*`.
    #[must_use]
    pub fn kinds(mut self, kinds: &[&str]) -> Self {
        self.query.kinds = Some(kinds.join(","));
        self
    }

    /// The next changes. Waits up to 30 s for one; then the list is empty.
    ///
    /// # Errors
    ///
    /// A 410 `cursor-gone` means that the log is another one: read everything again and begin anew.
    /// After any error, the next call continues from the same cursor.
    pub async fn next(&mut self) -> Result<Vec<ChangeReply>, Error> {
        let reply = self.client.get_changes(&self.query).await?;
        self.query.after = Some(reply.body.cursor);
        Ok(reply.body.changes)
    }

    /// The cursor to store: that after the last changes. `None` before the first call without one.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.query.after.as_deref()
    }
}
