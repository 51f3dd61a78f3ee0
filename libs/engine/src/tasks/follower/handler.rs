//! What to do with the events of the log.

use std::future::{Future, pending};

use events::{Page, Position};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::tasks::Stalled;

/// Changes of rows that are written in one transaction with the position.
pub type Rows = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

/// How a page was handled.
pub enum Handled {
    /// Its effect is these rows. The page counts as handled once they are written.
    Rows(Rows),
    /// Its effect is durable. Whether the position, and what [`Handler::state`] returns, must be
    /// saved now, or may be saved after further pages.
    Done { save: bool },
    /// Something must come first. The page is handled again when the task is woken.
    NotYet,
}

/// What a handler does when all events are handled.
#[derive(Debug, Clone, Copy)]
pub enum Rest {
    /// There is more to do at once.
    More,
    /// Nothing until there are new events, or this time comes.
    Until { wake_at: Option<Timestamp>, save: bool },
}

/// What to do with the events of the log.
pub trait Handler: Send + 'static {
    /// Whether [`Handler::prepare`] reads rows that it has returned: these are written first.
    fn needs_rows(&self) -> bool {
        false
    }

    /// Before a page is read; an error if nothing may be handled now. Returns whether
    /// [`Handler::state`] has changed and must be saved first.
    fn prepare(&mut self) -> impl Future<Output = Result<bool, Stalled>> + Send {
        async { Ok(false) }
    }

    /// Handles the events of a page, of which there is at least one. The log was scanned from
    /// `after`, exclusively, up to `page.through`.
    ///
    /// Must have the same effect when it is repeated. The rows of the page before may not be
    /// written yet, and if that fails, this page is handled again after that one.
    fn handle(
        &mut self,
        after: Position,
        page: Page,
    ) -> impl Future<Output = Result<Handled, Stalled>> + Send;

    /// Called when there are no more events; `at` is the position that was reached.
    fn rest(&mut self, _at: Position) -> impl Future<Output = Result<Rest, Stalled>> + Send {
        async { Ok(Rest::Until { wake_at: None, save: false }) }
    }

    /// The handler's own state, to be written with the position.
    fn state(&mut self) -> impl Future<Output = Result<Rows, Stalled>> + Send {
        async { Ok(Box::new(|_: &Connection| Ok(())) as Rows) }
    }

    /// The rows of [`Handler::state`] were written.
    fn saved(&mut self) {}

    /// A position up to which nothing is left to do, if everything up to `at` was handled.
    fn settled(&self, at: Position) -> Position {
        at
    }

    /// Returns when there is something to do other than new events.
    fn woken(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }
}
