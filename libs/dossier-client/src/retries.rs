//! Which attempts are followed by another one, and when.

use std::time::Duration;

use http::StatusCode;

/// Limits of the attempts of one request.
///
/// All attempts of a request have the same `Idempotency-Key`, so that a step is taken once even if
/// the response to an earlier attempt was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Time since the first attempt after which none begins.
    pub within: Duration,
    /// Pause after the first attempt; it doubles with each further one.
    pub first_pause: Duration,
    /// Longest pause, unless `Retry-After` asks for a longer one.
    pub pause_max: Duration,
}

impl Default for Retries {
    /// 60 s, with pauses from 100 ms to 5 s.
    fn default() -> Self {
        Self {
            within: Duration::from_secs(60),
            first_pause: Duration::from_millis(100),
            pause_max: Duration::from_secs(5),
        }
    }
}

impl Retries {
    /// One attempt.
    pub const NONE: Self =
        Self { within: Duration::ZERO, first_pause: Duration::ZERO, pause_max: Duration::ZERO };

    /// The pause after an attempt (counted from 0); `None` if there is no further one. Half of it
    /// is random (0: none, 255: all), so that clients do not return at the same instant.
    pub(crate) fn pause(
        self,
        attempt: u32,
        since_first: Duration,
        retry_after: Option<Duration>,
        random: u8,
    ) -> Option<Duration> {
        let doubled = self.first_pause.saturating_mul(2_u32.saturating_pow(attempt));
        let half = doubled.min(self.pause_max) / 2;
        let backed_off = half + half * u32::from(random) / u32::from(u8::MAX);
        let pause = retry_after.map_or(backed_off, |named| named.max(backed_off));
        (since_first.saturating_add(pause) < self.within).then_some(pause)
    }
}

/// Whether the same request may succeed later. `Retry-After` announces it for 409 `contended`.
pub(crate) fn is_temporary(status: StatusCode, retry_after: Option<Duration>) -> bool {
    let passes = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    passes.contains(&status) || (!status.is_success() && retry_after.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_a_limit_and_half_of_each_is_random() {
        let retries = Retries::default();
        let pauses =
            |random| (0..8).map(move |n| retries.pause(n, S, None, random).unwrap().as_millis());
        assert!(pauses(255).eq([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]));
        assert!(pauses(0).eq([50, 100, 200, 400, 800, 1_600, 2_500, 2_500]));
    }

    #[test]
    fn a_named_pause_is_kept_and_one_beyond_the_limit_ends_the_attempts() {
        let retries = Retries::default();
        assert_eq!(retries.pause(0, S, Some(30 * S), 255), Some(30 * S));
        assert_eq!(retries.pause(0, 40 * S, Some(30 * S), 255), None);
        assert_eq!(retries.pause(3, 60 * S, None, 0), None);
    }

    #[test]
    fn without_retries_there_is_one_attempt() {
        assert_eq!(Retries::NONE.pause(0, Duration::ZERO, None, 0), None);
        assert_eq!(Retries::NONE.pause(0, Duration::ZERO, Some(Duration::ZERO), 0), None);
    }

    #[test]
    fn a_conflict_is_temporary_only_if_the_service_says_when_to_retry() {
        assert!(is_temporary(StatusCode::CONFLICT, Some(S)));
        assert!(!is_temporary(StatusCode::CONFLICT, None));
        assert!(is_temporary(StatusCode::SERVICE_UNAVAILABLE, None));
        assert!(!is_temporary(StatusCode::INTERNAL_SERVER_ERROR, None));
        assert!(!is_temporary(StatusCode::OK, Some(S)));
    }
}
