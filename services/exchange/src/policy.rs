//! How messages to subscribers are repeated, and how many are on their way.

use jiff::SignedDuration;
use outbox::Policy;

use crate::limits::{
    CALLS_MAX, CALLS_OF_ONE_MAX, CALLS_PER_MINUTE, FAILURES_MAX, FIRST_WAIT, WAIT_MAX,
};

/// How messages are repeated, if `lanes` share all calls.
pub(crate) fn policy(lanes: usize) -> Policy {
    let policy = Policy {
        first_wait: FIRST_WAIT,
        wait_max: WAIT_MAX,
        retry_for: SignedDuration::MAX,
        calls_per_minute: CALLS_PER_MINUTE,
        in_flight_max: CALLS_OF_ONE_MAX,
        failures_max: FAILURES_MAX,
        open_for: SignedDuration::from_secs(30),
    };
    policy.shared(CALLS_MAX, lanes)
}
