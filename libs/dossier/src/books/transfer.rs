//! Whether a report of a partner and a line of a statement may be about one transfer. Both name it
//! as they like: only a number that both have tells for sure.

use jiff::Timestamp;

use super::limits::SAME_TRANSFER_WITHIN;
use crate::contract::Vnd;

/// Money that came in, as one side names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// The partner's name of the report, or the bank's of the line.
    pub event: &'a str,
    /// The bank's number of the transaction.
    pub number: Option<&'a str>,
    pub amount: Vnd,
    /// When the money moved, by the clock of the side.
    pub at: Timestamp,
}

impl Transfer<'_> {
    /// Whether both may be the same money. It is not, if the amounts or the numbers differ, or if
    /// the times are further apart than a bank takes to book a transfer.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        if self.amount != other.amount {
            return false;
        }
        if self.is(other) {
            return true;
        }
        let differ = matches!((self.number, other.number), (Some(one), Some(two)) if one != two);
        !differ && self.at.duration_since(other.at).abs() <= SAME_TRANSFER_WITHIN
    }

    /// Whether both are the same money for sure: one names it by the name or number of the other.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let named = |names: &Self, of: &Self| {
            let names = [Some(names.event), names.number];
            [Some(of.event), of.number].into_iter().flatten().any(|one| names.contains(&Some(one)))
        };
        self.amount == other.amount && named(self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn transfer<'a>(event: &'a str, number: Option<&'a str>, when: &str) -> Transfer<'a> {
        Transfer { event, number, amount: Vnd(30_000), at: at(when) }
    }

    #[test]
    fn a_common_number_or_name_tells_for_sure_whatever_the_times_are() {
        let notice = transfer("n-1", Some("FT1"), "2026-11-20T09:00");
        for line in [
            transfer("FT1", None, "2026-11-27T09:00"),
            transfer("L1", Some("FT1"), "2026-11-27T09:00"),
            transfer("n-1", None, "2026-11-27T09:00"),
        ] {
            assert!(notice.is(&line) && line.is(&notice) && notice.may_be(&line), "{line:?}");
        }
        let less = Transfer { amount: Vnd(29_000), ..transfer("FT1", None, "2026-11-20T09:00") };
        assert!(!notice.is(&less) && !notice.may_be(&less), "another amount is other money");
    }

    #[test]
    fn without_a_common_number_the_amount_and_the_days_leave_it_open() {
        let notice = transfer("n-1", None, "2026-11-20T09:00");
        assert!(notice.may_be(&transfer("L1", Some("FT1"), "2026-11-20T09:05")));
        assert!(notice.may_be(&transfer("L1", None, "2026-11-23T09:00")), "over a weekend");
        assert!(!notice.may_be(&transfer("L1", None, "2026-11-23T09:01")));
        let numbered = transfer("n-1", Some("FT2"), "2026-11-20T09:00");
        assert!(!numbered.may_be(&transfer("L1", Some("FT1"), "2026-11-20T09:00")));
    }
}
