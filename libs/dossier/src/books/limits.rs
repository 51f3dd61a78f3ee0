//! Limits of the books.

/// Lines of one request.
pub const LINES_MAX: usize = 1_000;
/// Lines of one event: of the longest ones, so many fit into an event.
pub const EVENT_LINES_MAX: usize = 50;
/// Lines of an account on a day.
pub const DAY_LINES_MAX: usize = 20_000;
/// Lines that a correction adds.
pub const CORRECTION_LINES_MAX: usize = 20;
/// Differences that a correction explains.
pub const ACCEPTS_MAX: usize = 100;
/// Corrections of an account and day that wait for a second person.
pub const PROPOSALS_MAX: usize = 20;
/// Corrections of an account and day.
pub const CORRECTIONS_MAX: usize = 1_000;
/// Maximum amount of a line, in đồng.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;
