//! Local times of partners: `yyyyMMddHHmmss` in Vietnam, on a clock of 24 hours.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// The zone of Vietnam, UTC+7 without daylight saving time since 1975.
pub(crate) const VIETNAM: TimeZone = TimeZone::fixed(Offset::constant(7));

const COMPACT: &str = "%Y%m%d%H%M%S";

/// An instant as `yyyyMMddHHmmss` in Vietnam.
pub(crate) fn compact(at: Timestamp) -> String {
    at.to_zoned(VIETNAM).strftime(COMPACT).to_string()
}

/// The instant of `yyyyMMddHHmmss` in Vietnam.
pub(crate) fn parse_compact(text: &str) -> Option<Timestamp> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    parse(text, COMPACT)
}

/// The instant of a local time in Vietnam in a format of `strptime`; a date alone is its first
/// instant.
pub(crate) fn parse(text: &str, format: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
    let local = parsed.to_datetime().or_else(|_| parsed.to_date().map(DateTime::from)).ok()?;
    Some(local.to_zoned(VIETNAM).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn afternoons_are_on_a_clock_of_24_hours() {
        let at: Timestamp = "2026-11-26T10:05:09Z".parse().unwrap();
        assert_eq!(compact(at), "20261126170509");
        assert_eq!(parse_compact("20261126170509"), Some(at));
        for wrong in ["", "2026112617050", "20261126250509", "2026112617050x", "20261326170509"] {
            assert_eq!(parse_compact(wrong), None, "{wrong}");
        }
        assert_eq!(parse("26/11/2026", "%d/%m/%Y"), Some("2026-11-25T17:00:00Z".parse().unwrap()));
    }
}
