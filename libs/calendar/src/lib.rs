//! Working time, as an agency keeps it: a weekly pattern of office hours, days off, make-up days,
//! and what follows for counting a statutory period. Pure: no clock, no input or output; every
//! function is total and bounded.
//!
//! A calendar belongs to one agency and has a version, because days off and make-up days are
//! announced late (the swap of 29 April 2024 was announced on 12 April) and a promise made under
//! version *n* must stay explainable under version *n + 1*.
//!
//! - [`Calendar`]: what a day is, and working time between two instants.
//! - [`reckon`]: a period ([`Budget`]) from a start, past the spans in which it does not run, to
//!   its end, with the reason for each day or hour that was counted or skipped.

#![cfg_attr(
    not(test),
    deny(
        clippy::wildcard_enum_match_arm,
        clippy::float_arithmetic,
        clippy::arithmetic_side_effects
    )
)]

mod calendar;
mod file;
mod lunar;
mod reckon;
mod span;
mod statutory;
mod text;

pub use calendar::{Calendar, CalendarError, Day, Shift};
pub use file::{CalendarFile, InvalidCalendar};
pub use reckon::{Budget, End, Reckoning, Trace, Unit, Why, end_of, reckon};
pub use span::{Gaps, Span};
pub use text::Text;

/// The calendars that ship with the program: file name and text.
#[must_use]
pub const fn shipped() -> [(&'static str, &'static str); 2] {
    [
        ("vietnam.yaml", include_str!("../data/vietnam.yaml")),
        ("netherlands.yaml", include_str!("../data/netherlands.yaml")),
    ]
}

/// How far past its start a period is followed, in days. Forty years: longer than any period the
/// law knows, short enough that a calendar without a single working day ends in an error and not in
/// an endless loop.
pub const HORIZON_DAYS: u32 = 14_610;
