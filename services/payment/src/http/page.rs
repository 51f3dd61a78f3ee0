//! Lists, a page at a time.

use service_kit::http::{Problem, Request};

use crate::App;

/// Rows of a page, if the caller says nothing.
pub(super) const PAGE_DEFAULT: u32 = 50;
/// Rows of a page at the most.
const PAGE_MAX: u32 = 100;

/// How many rows were asked for.
pub(super) fn limit(asked: u32) -> Result<u32, Problem> {
    let possible = (1..=PAGE_MAX).contains(&asked);
    possible.then_some(asked).ok_or_else(|| Problem::query("limit is from 1 to 100"))
}

/// Waits until the lists show what the caller has written.
pub(super) async fn shown_up_to(app: &App, request: &Request) -> Result<(), Problem> {
    match request.consistency_token()? {
        Some(position) if !app.shown.reach(position).await => Err(Problem::not_yet_consistent()),
        Some(_) | None => Ok(()),
    }
}

/// The address of the next page, behind the last row of a full one.
pub(super) fn next(address: &str, limit: u32, rows: usize, last: Option<String>) -> Option<String> {
    let full = rows == usize::try_from(limit).unwrap_or(usize::MAX);
    last.filter(|_| full).map(|last| format!("{address}?limit={limit}&after={last}"))
}
