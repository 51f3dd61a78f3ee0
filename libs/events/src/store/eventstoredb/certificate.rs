//! When a certificate ends: nobody who verifies it says so before.

use std::time::Duration;

use crate::limits::CERTIFICATE_ENDS_SOON;

/// Whole days that are left, if it ends soon; both since the beginning of 1970.
pub(super) fn ends_soon(until: Duration, now: Duration) -> Option<u64> {
    let left = until.saturating_sub(now);
    (left <= CERTIFICATE_ENDS_SOON).then_some(left.as_secs() / (24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn thirty_days_before_it_ends_is_soon() {
        let until = DAY * 1_000;
        assert_eq!(ends_soon(until, DAY * 969), None);
        assert_eq!(ends_soon(until, DAY * 970), Some(30));
        assert_eq!(ends_soon(until, DAY * 999), Some(1));
        assert_eq!(ends_soon(until, DAY * 1_001), Some(0));
    }
}
