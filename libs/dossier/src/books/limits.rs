//! Limits of the books.

use jiff::SignedDuration;

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
/// Longest time between the report of a transfer and its booking: a weekend.
pub const SAME_TRANSFER_WITHIN: SignedDuration = SignedDuration::from_hours(72);
/// Maximum length of the bank's name of a line, in characters.
pub const EVENT_CHARS_MAX: usize = 200;
/// Maximum length of the text of a transfer, in characters.
pub const MEMO_CHARS_MAX: usize = 500;
