//! A share with its numerator and denominator.

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    pub numerator: u64,
    pub denominator: u64,
}

impl Share {
    /// `numerator` of `denominator` cases.
    #[must_use]
    pub const fn of(numerator: u64, denominator: u64) -> Self {
        Self { numerator, denominator }
    }

    /// The share in hundredths of a per cent, rounded half up; `None` if the denominator is 0.
    #[must_use]
    pub fn basis_points(self) -> Option<u64> {
        let doubled = u128::from(self.denominator).checked_mul(2)?;
        let scaled = u128::from(self.numerator).checked_mul(20_000)?;
        let rounded = scaled.checked_add(u128::from(self.denominator))?.checked_div(doubled)?;
        u64::try_from(rounded).ok()
    }

    /// Whether the share is at least `percent`; false if the denominator is 0.
    #[must_use]
    pub fn reaches(self, percent: u64) -> bool {
        let wanted = u128::from(percent).saturating_mul(u128::from(self.denominator));
        self.denominator > 0 && u128::from(self.numerator).saturating_mul(100) >= wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_up_and_has_no_value_without_a_denominator() {
        assert_eq!(Share::of(1, 3).basis_points(), Some(3_333));
        assert_eq!(Share::of(2, 3).basis_points(), Some(6_667));
        assert_eq!(Share::of(1, 20_000).basis_points(), Some(1), "half a hundredth rounds up");
        assert_eq!(Share::of(0, 7).basis_points(), Some(0));
        assert_eq!(Share::of(7, 7).basis_points(), Some(10_000));
        assert_eq!(Share::of(u64::MAX, u64::MAX).basis_points(), Some(10_000));
        assert_eq!(Share::of(0, 0).basis_points(), None);
    }

    #[test]
    fn a_share_reaches_a_percentage_by_its_exact_value_and_not_by_the_rounded_one() {
        assert!(Share::of(11, 20).reaches(55));
        assert!(!Share::of(54_999, 100_000).reaches(55));
        assert_eq!(Share::of(549_999, 1_000_000).basis_points(), Some(5_500));
        assert!(!Share::of(549_999, 1_000_000).reaches(55));
        assert!(!Share::of(0, 0).reaches(0), "nothing was counted");
    }
}
