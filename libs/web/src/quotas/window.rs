//! Usage in a sliding window: thirteen parts, each a twelfth of the window, so that together they
//! are never shorter than it. The limit is never exceeded in any window; usage expires at most a
//! twelfth of the window late.

use std::time::Duration;

use jiff::Timestamp;

use super::rules::Rate;

const PARTS: i64 = 12;
const KEPT: usize = 13;

/// Usage of one quota.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    /// By part; the newest is last.
    used: [u64; KEPT],
    /// Number of the newest part.
    newest: i64,
}

/// A limit, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) count: u64,
    pub(super) seconds: u32,
    part_ms: i64,
}

impl Limit {
    pub(super) fn of(rate: Rate, times: u64) -> Self {
        // Rounded up: all parts together are never shorter than the window.
        let part_ms = (i64::from(rate.seconds) * 1_000 + PARTS - 1) / PARTS;
        let count = rate.count.saturating_mul(times);
        Self { count, seconds: rate.seconds, part_ms: part_ms.max(1) }
    }
}

/// The remainder of a quota, and how long it is valid at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) count: u64,
    pub(super) wait: Duration,
}

impl Window {
    /// What is left.
    pub(super) fn left(&mut self, limit: Limit, now: Timestamp) -> Left {
        self.advance(limit, now);
        let used = self.used.iter().sum::<u64>();
        let oldest = self.used.iter().position(|used| *used > 0);
        let wait = oldest.map_or(Duration::ZERO, |index| self.free_again_in(limit, now, index));
        Left { count: limit.count.saturating_sub(used), wait }
    }

    /// Wait until `amount` is available. An amount beyond the quota waits until all is available.
    pub(super) fn lacks(&mut self, limit: Limit, now: Timestamp, amount: u64) -> Option<Duration> {
        self.advance(limit, now);
        let mut used = self.used.iter().sum::<u64>();
        if used.saturating_add(amount) <= limit.count {
            return None;
        }
        let mut wait = Duration::from_millis(limit.part_ms.unsigned_abs());
        for index in 0..KEPT {
            used -= self.used[index];
            if self.used[index] > 0 {
                wait = self.free_again_in(limit, now, index);
            }
            if used.saturating_add(amount) <= limit.count {
                break;
            }
        }
        Some(wait)
    }

    /// Uses it.
    pub(super) fn take(&mut self, limit: Limit, now: Timestamp, amount: u64) {
        self.advance(limit, now);
        let newest = &mut self.used[KEPT - 1];
        *newest = newest.saturating_add(amount);
    }

    /// Returns unused amounts, as far as they are still in the window.
    pub(super) fn give_back(&mut self, mut amount: u64) {
        for used in self.used.iter_mut().rev() {
            let back = amount.min(*used);
            *used -= back;
            amount -= back;
        }
    }

    fn free_again_in(&self, limit: Limit, now: Timestamp, index: usize) -> Duration {
        let parts = i64::try_from(index).unwrap_or(0) + 1;
        let at = (self.newest + parts) * limit.part_ms;
        Duration::from_millis(u64::try_from(at - now.as_millisecond()).unwrap_or(0))
    }

    fn advance(&mut self, limit: Limit, now: Timestamp) {
        let part = now.as_millisecond().div_euclid(limit.part_ms);
        // A clock that goes back releases nothing.
        let passed = usize::try_from(part - self.newest).unwrap_or(0);
        if passed >= KEPT {
            self.used = [0; KEPT];
        } else {
            self.used.rotate_left(passed);
            self.used[KEPT - passed..].fill(0);
        }
        self.newest = self.newest.max(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 / 60 * 60 + seconds).unwrap()
    }

    fn limit() -> Limit {
        Limit::of(Rate { count: 6, seconds: 60 }, 1)
    }

    fn take(window: &mut Window, seconds: i64, amount: u64) -> Option<u64> {
        if let Some(wait) = window.lacks(limit(), at(seconds), amount) {
            return Some(wait.as_secs());
        }
        window.take(limit(), at(seconds), amount);
        None
    }

    #[test]
    fn never_more_than_the_limit_is_used_in_any_window() {
        let mut window = Window::default();
        let mut taken: Vec<i64> = Vec::new();
        for second in 0..1_000 {
            if take(&mut window, second, 1).is_none() {
                taken.push(second);
            }
        }
        for from in 0..1_000 {
            let within = taken.iter().filter(|at| (from..from + 60).contains(*at)).count();
            assert!(within <= 6, "{within} from second {from}");
        }
        assert!(taken.len() >= 6 * 15, "a twelfth later at most: {}", taken.len());
    }

    #[test]
    fn who_waits_as_long_as_is_said_is_let_in() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, 3, 4), None);
        assert_eq!(take(&mut window, 31, 2), None);
        // What was used at second 3, in the part from 0 to 5, is free again at 65.
        assert_eq!(take(&mut window, 40, 1), Some(25));
        assert_eq!(window.left(limit(), at(40)), Left { count: 0, wait: Duration::from_secs(25) });
        assert_eq!(take(&mut window, 64, 1), Some(1));
        assert_eq!(take(&mut window, 65, 4), None);
        assert_eq!(take(&mut window, 66, 1), Some(29));
        assert_eq!(
            take(&mut window, 66, 3),
            Some(64),
            "two of them are free at 95, the others later"
        );
    }

    #[test]
    fn what_is_given_back_can_be_used_again() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, 0, 6), None);
        window.give_back(2);
        assert_eq!(take(&mut window, 1, 2), None);
        assert!(take(&mut window, 1, 1).is_some());
        window.give_back(100);
        assert_eq!(window.left(limit(), at(1)).count, 6);
    }

    #[test]
    fn a_clock_that_goes_back_frees_nothing_and_more_than_all_never_fits() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, 100, 6), None);
        assert!(take(&mut window, 10, 1).is_some());
        assert!(take(&mut window, 1_000, 7).is_some());
        assert_eq!(take(&mut window, 1_000, 6), None);
    }
}
