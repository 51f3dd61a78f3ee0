//! Page sizes of lists.

use service_kit::http::Problem;

/// Rows per page if the request has no limit.
pub(super) const PAGE_DEFAULT: u32 = 50;
/// Maximum rows per page.
const PAGE_MAX: u32 = 100;

/// The requested page size, if it is allowed.
pub(super) fn limit(asked: u32) -> Result<u32, Problem> {
    let possible = (1..=PAGE_MAX).contains(&asked);
    possible.then_some(asked).ok_or_else(|| Problem::query("limit is from 1 to 100"))
}
