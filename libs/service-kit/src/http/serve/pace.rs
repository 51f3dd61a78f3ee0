//! How many requests a second one client may make. Whoever makes more is not refused but answered later, so a client that
//! sends its next request as soon as it has an answer cannot use up the processors that others need.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::http::counted;

/// Clients that are remembered before those that have been quiet for long enough are forgotten.
const CLIENTS_KEPT: usize = 10_000;

/// The generic cell rate algorithm (ITU-T I.371): for each client the time at which its next request would be due if all of
/// them came evenly.
#[derive(Debug)]
pub(super) struct Pace {
    /// Between two requests of a client; nothing if there is no limit.
    interval: Option<Duration>,
    /// How far ahead of that a client may be: what it may send at once.
    burst: Duration,
    due: Mutex<HashMap<IpAddr, Instant>>,
}

impl Pace {
    /// `per_second` requests of a client, twice as many at once; 0 is no limit.
    pub(super) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second);
        Self { interval, burst: Duration::from_secs(2), due: Mutex::default() }
    }

    /// Counts a request that comes `now`; how long it has to wait for its turn.
    pub(super) fn turn(&self, client: IpAddr, now: Instant) -> Duration {
        let Some(interval) = self.interval else { return Duration::ZERO };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if due.len() >= CLIENTS_KEPT {
            due.retain(|_, due| *due > now);
        }
        let due = due.entry(counted(client)).or_insert(now);
        let begins = (*due).max(now);
        *due = begins + interval;
        (begins - now).saturating_sub(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_burst_is_answered_at_once_and_what_follows_it_in_its_turn() {
        let (pace, now) = (Pace::new(10), Instant::now());
        let waits: Vec<_> = (0..23).map(|_| pace.turn(CLIENT, now).as_millis()).collect();
        assert!(waits[..21].iter().all(|wait| *wait == 0), "{waits:?}");
        assert_eq!(waits[21..], [100, 200]);
        let other = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(pace.turn(other, now), Duration::ZERO);
        let later = now + Duration::from_secs(1);
        assert_eq!(pace.turn(CLIENT, later), Duration::ZERO, "ten have become free");
    }

    #[test]
    fn without_a_limit_nobody_waits_and_nobody_is_remembered() {
        let (pace, now) = (Pace::new(0), Instant::now());
        assert!((0..1_000).all(|_| pace.turn(CLIENT, now).is_zero()));
        assert!(pace.due.lock().unwrap().is_empty());
    }

    #[test]
    fn clients_that_have_been_quiet_are_forgotten() {
        let (pace, now) = (Pace::new(1), Instant::now());
        for number in 0..10_000_u32 {
            pace.turn(IpAddr::V4(number.into()), now);
        }
        pace.turn(CLIENT, now + Duration::from_secs(2));
        assert_eq!(pace.due.lock().unwrap().len(), 1);
    }
}
