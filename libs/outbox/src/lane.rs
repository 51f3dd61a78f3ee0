//! When the next request to a partner may be sent.

use jiff::{SignedDuration, Timestamp};

use crate::policy::{Policy, TryResult, doubled};

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    Now,
    /// Not before this time.
    At(Timestamp),
    /// Not before another one has ended.
    Full,
}

/// The way to one partner.
#[derive(Debug, Clone)]
pub struct Lane {
    policy: Policy,
    /// When the rate permits the next request.
    next_at: Timestamp,
    in_flight: u32,
    /// Failures in a row.
    failures: u32,
    /// The breaker is open until then, if failures have reached their maximum.
    open_until: Timestamp,
}

impl Lane {
    /// A lane with nothing on its way and a closed breaker.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        let start = Timestamp::MIN;
        Self { policy, next_at: start, in_flight: 0, failures: 0, open_until: start }
    }

    /// Takes over a changed policy; the state of the breaker stays.
    pub const fn change(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Whether the breaker is open: the partner does not work.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.failures >= self.policy.failures_max
    }

    /// Whether a request may be sent now.
    #[must_use]
    pub fn permit(&self, now: Timestamp) -> Permit {
        // An open breaker lets one request through at a time, which finds out whether it works.
        let in_flight_max = if self.is_open() { 1 } else { self.policy.in_flight_max };
        if self.in_flight >= in_flight_max {
            return Permit::Full;
        }
        let mut at = self.next_at;
        if self.is_open() {
            at = at.max(self.open_until);
        }
        if at <= now { Permit::Now } else { Permit::At(at) }
    }

    /// A request is sent.
    pub fn begin(&mut self, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_add(1);
        let per_minute = i64::from(self.policy.calls_per_minute.max(1));
        let interval =
            SignedDuration::from_millis(60_000_i64.saturating_add(per_minute - 1) / per_minute);
        self.next_at = now.checked_add(interval).unwrap_or(Timestamp::MAX);
    }

    /// A request has ended.
    pub fn end(&mut self, result: &TryResult, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match result {
            // Nothing was sent: this says nothing about the partner.
            TryResult::Blocked(_) => {}
            result if result.is_answer() => self.failures = 0,
            _ => {
                self.failures = self.failures.saturating_add(1);
                if self.is_open() {
                    let beyond = self.failures.saturating_sub(self.policy.failures_max);
                    let wait = doubled(self.policy.open_for, beyond, self.policy.wait_max);
                    self.open_until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy {
            first_wait: SignedDuration::from_secs(5),
            wait_max: SignedDuration::from_mins(4),
            retry_for: SignedDuration::from_hours(72),
            calls_per_minute: 30,
            in_flight_max: 2,
            failures_max: 3,
            open_for: SignedDuration::from_mins(1),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn answer(status: u16) -> TryResult {
        TryResult::Response { status, understood: true, retry_after: None }
    }

    #[test]
    fn the_rate_and_the_number_on_their_way_are_limited() {
        let mut lane = Lane::new(policy());
        assert_eq!(lane.permit(at(0)), Permit::Now);
        lane.begin(at(0));
        assert_eq!(lane.permit(at(1)), Permit::At(at(2)));
        lane.begin(at(2));
        assert_eq!(lane.permit(at(60)), Permit::Full);
        lane.end(&answer(200), at(61));
        assert_eq!(lane.permit(at(61)), Permit::Now);
    }

    #[test]
    fn an_open_breaker_lets_one_through_and_waits_longer_each_time() {
        let mut lane = Lane::new(policy());
        for second in [0, 10, 20] {
            lane.begin(at(second));
            lane.end(&TryResult::NoResponse(String::new()), at(second));
        }
        assert!(lane.is_open());
        assert_eq!(lane.permit(at(21)), Permit::At(at(80)));
        lane.begin(at(80));
        assert_eq!(lane.permit(at(90)), Permit::Full, "one request finds out");
        lane.end(&answer(503), at(90));
        assert_eq!(lane.permit(at(91)), Permit::At(at(90 + 120)));
        lane.begin(at(210));
        lane.end(&TryResult::Blocked(String::new()), at(210));
        assert!(lane.is_open(), "nothing was sent");
        lane.begin(at(220));
        lane.end(&answer(400), at(221));
        assert!(!lane.is_open(), "a refusal is an answer");
        assert_eq!(lane.permit(at(230)), Permit::Now);
    }
}
