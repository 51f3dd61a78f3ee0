//! What follows from the result of a try.

use jiff::{SignedDuration, Timestamp};
use partners::Limits;

/// How requests to a partner are repeated, and how often it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Wait after the first failed try; it doubles with each one.
    pub first_wait: SignedDuration,
    pub wait_max: SignedDuration,
    /// How long a request is repeated.
    pub retry_for: SignedDuration,
    pub calls_per_minute: u32,
    /// Requests on their way at the same time.
    pub in_flight_max: u32,
    /// Failures in a row after which the breaker opens.
    pub failures_max: u32,
    /// How long it is open before one request tries again; it doubles up to [`Policy::wait_max`].
    pub open_for: SignedDuration,
}

impl Policy {
    /// The policy of a partner with these limits.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self {
            first_wait: SignedDuration::from_secs(5),
            wait_max: SignedDuration::from_hours(1),
            retry_for: SignedDuration::from_hours(i64::from(limits.retry_hours)),
            calls_per_minute: limits.calls_per_minute,
            in_flight_max: 4,
            failures_max: 5,
            open_for: SignedDuration::from_secs(30),
        }
    }

    /// The policy of one of `partners` partners that share at most `calls_max` calls: each has a
    /// part of its own, so that slow ones never take those of the others.
    #[must_use]
    pub fn shared(self, calls_max: usize, partners: usize) -> Self {
        let share = calls_max.checked_div(partners).unwrap_or(calls_max).max(1);
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        Self { in_flight_max: self.in_flight_max.min(share), ..self }
    }

    /// The wait after `tries` failed tries, from half of the full one to all of it by `random`, so
    /// that requests that failed together do not return together.
    #[must_use]
    pub fn wait(&self, tries: u32, random: u32) -> SignedDuration {
        let full = doubled(self.first_wait, tries.saturating_sub(1), self.wait_max);
        let half = full.as_millis() / 2;
        let part = half.saturating_mul(i128::from(random)) / i128::from(u32::MAX);
        let wait = i64::try_from(half.saturating_add(part)).unwrap_or(i64::MAX);
        SignedDuration::from_millis(wait.max(1))
    }
}

/// A duration that doubles `times` times, up to `max`.
pub(crate) fn doubled(first: SignedDuration, times: u32, max: SignedDuration) -> SignedDuration {
    (0..times.min(32)).fold(first, |wait, _| wait.saturating_mul(2).min(max)).min(max)
}

/// How a request ended that was sent, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryResult {
    /// A response with this status; `understood` if its content has a meaning by the scheme.
    Response { status: u16, understood: bool, retry_after: Option<SignedDuration> },
    /// No response: not resolved, not connected, timed out, or cut off. The partner may have taken
    /// the request.
    NoResponse(String),
    /// The address may not be called; nothing was sent.
    Blocked(String),
}

/// What follows from a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has an outcome, which its response tells.
    Done,
    /// The same request again, not before this time.
    Again(Timestamp),
    /// The partner refuses it, or it may not be sent; a person has to look into it.
    GivenUp,
}

impl TryResult {
    /// Whether the partner works; a refusal is an answer.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Response { status, .. } if *status < 500 && !is_busy(*status))
    }
}

/// Statuses by which a server asks to come back (RFC 9110 408, RFC 8470 425, RFC 6585 429).
const fn is_busy(status: u16) -> bool {
    matches!(status, 408 | 425 | 429)
}

/// What follows from the try with this number, from 1, of a request that was added at `since`.
#[must_use]
pub fn after(
    policy: &Policy,
    result: &TryResult,
    (tries, since): (u32, Timestamp),
    now: Timestamp,
    random: u32,
) -> Verdict {
    let wait = policy.wait(tries, random);
    let again = |wait: SignedDuration| {
        let at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let ends_at = since.checked_add(policy.retry_for).unwrap_or(Timestamp::MAX);
        if at > ends_at { Verdict::GivenUp } else { Verdict::Again(at) }
    };
    match result {
        TryResult::Response { status: 200..=299, understood: true, .. } => Verdict::Done,
        // A page of a proxy is no answer of the partner.
        TryResult::Response { status: 200..=299, .. } | TryResult::NoResponse(_) => again(wait),
        TryResult::Response { status, retry_after, .. } if is_busy(*status) || *status >= 500 => {
            again(retry_after.map_or(wait, |asked| asked.clamp(wait, policy.wait_max.max(wait))))
        }
        TryResult::Response { .. } | TryResult::Blocked(_) => Verdict::GivenUp,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> Policy {
        let retry_for = SignedDuration::from_hours(72);
        Policy {
            first_wait: SignedDuration::from_secs(5),
            wait_max: SignedDuration::from_hours(1),
            retry_for,
            calls_per_minute: 60,
            in_flight_max: 4,
            failures_max: 5,
            open_for: SignedDuration::from_secs(30),
        }
    }

    fn response(status: u16) -> TryResult {
        TryResult::Response { status, understood: true, retry_after: None }
    }

    #[test]
    fn the_parts_of_all_partners_are_at_most_what_they_share() {
        for (partners, expected) in [(1, 4), (4, 4), (25, 4), (26, 3), (60, 1), (100, 1)] {
            let share = policy().shared(100, partners).in_flight_max;
            assert_eq!(share, expected, "{partners}");
            assert!(usize::try_from(share).unwrap() * partners <= 100);
        }
    }

    #[test]
    fn waits_double_up_to_the_maximum() {
        let seconds: Vec<i64> = [1, 2, 3, 9, 10, 11, 4_000_000_000]
            .map(|n| policy().wait(n, u32::MAX).as_secs())
            .to_vec();
        assert_eq!(seconds, [5, 10, 20, 1_280, 2_560, 3_600, 3_600]);
        assert_eq!(policy().wait(1, 0), SignedDuration::from_millis(2_500));
    }

    #[test]
    fn answers_end_a_request_and_failures_repeat_it_until_its_time_is_over() {
        let since = Timestamp::UNIX_EPOCH;
        let soon = since + SignedDuration::from_secs(10);
        let verdict = |result: &TryResult, now| after(&policy(), result, (1, since), now, u32::MAX);
        assert_eq!(verdict(&response(200), soon), Verdict::Done);
        let strange = TryResult::Response { status: 200, understood: false, retry_after: None };
        let again = Verdict::Again(soon + SignedDuration::from_secs(5));
        for result in [response(500), response(429), strange, TryResult::NoResponse(String::new())]
        {
            assert_eq!(verdict(&result, soon), again, "{result:?}");
            let late = since + SignedDuration::from_hours(72);
            assert_eq!(verdict(&result, late), Verdict::GivenUp, "{result:?}");
        }
        for result in [response(400), response(301), TryResult::Blocked(String::new())] {
            assert_eq!(verdict(&result, soon), Verdict::GivenUp, "{result:?}");
        }
        let asked = |seconds| TryResult::Response {
            status: 503,
            understood: true,
            retry_after: Some(SignedDuration::from_secs(seconds)),
        };
        let at = |seconds| Verdict::Again(soon + SignedDuration::from_secs(seconds));
        assert_eq!(verdict(&asked(60), soon), at(60));
        assert_eq!(verdict(&asked(-60), soon), at(5));
        assert_eq!(verdict(&asked(99_999), soon), at(3_600));
    }

    proptest! {
        #[test]
        fn a_wait_is_positive_and_bounded(tries in any::<u32>(), random in any::<u32>()) {
            let wait = policy().wait(tries, random);
            prop_assert!(wait > SignedDuration::ZERO && wait <= policy().wait_max);
        }
    }
}
