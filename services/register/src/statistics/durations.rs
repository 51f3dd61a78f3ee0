//! Percentiles of the time from submission to handling.

/// Percentiles in seconds; `None` if no dossier was handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Durations {
    pub(super) median: Option<i64>,
    pub(super) p90: Option<i64>,
    pub(super) p99: Option<i64>,
}

impl Durations {
    /// Of durations in seconds, in any order: a percentile is the nearest value that is not above
    /// it.
    pub(super) fn of(mut seconds: Vec<i64>) -> Self {
        let Some(last) = seconds.len().checked_sub(1) else { return Self::default() };
        let mut at = |percent: usize| *seconds.select_nth_unstable(last * percent / 100).1;
        Self { median: Some(at(50)), p90: Some(at(90)), p99: Some(at(99)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_value_that_is_not_above_it() {
        let of = |values: &[i64]| {
            let durations = Durations::of(values.to_vec());
            (durations.median, durations.p90, durations.p99)
        };
        assert_eq!(of(&[]), (None, None, None));
        assert_eq!(of(&[7]), (Some(7), Some(7), Some(7)));
        // Of ten values the places are 4.5, 8.1 and 8.91.
        assert_eq!(of(&[9, 2, 3, 8, 5, 6, 7, 4, 1, 10]), (Some(5), Some(9), Some(9)));
    }
}
