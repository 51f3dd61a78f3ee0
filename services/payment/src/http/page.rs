//! Lists, a page at a time.

use service_kit::http::Problem;

/// Rows of a page, if the caller says nothing.
pub(super) const PAGE_DEFAULT: u32 = 50;
/// Rows of a page at the most.
const PAGE_MAX: u32 = 100;

/// How many rows were asked for.
pub(super) fn limit(asked: u32) -> Result<u32, Problem> {
    let possible = (1..=PAGE_MAX).contains(&asked);
    possible.then_some(asked).ok_or_else(|| Problem::query("limit is from 1 to 100"))
}
