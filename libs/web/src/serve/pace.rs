//! Request rate of one client. Requests above it are delayed, so that a client that sends requests
//! without a pause cannot use up the processors; far above it they are refused with the time to
//! retry.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use platform::network::network_of;

/// Clients kept before the ones that are within their rate again are removed.
const CLIENTS_KEPT: usize = 10_000;

/// The generic cell rate algorithm (ITU-T I.371): for each client, the time at which its next
/// request would arrive at an even rate.
#[derive(Debug)]
pub(super) struct Pace {
    /// Time between two requests of a client; `None` if there is no limit.
    interval: Option<Duration>,
    /// How far ahead of the even rate a client may be, which permits bursts.
    burst: Duration,
    /// Longest delay of a request.
    wait_max: Duration,
    due: Mutex<HashMap<IpAddr, Instant>>,
}

/// A client's turn. If it is dropped unused, because the client has disconnected, the request does
/// not count.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pace: &'a Pace,
    client: IpAddr,
    pub(super) wait: Duration,
    used: bool,
}

impl Turn<'_> {
    /// Marks the turn as used: the request is executed now.
    pub(super) fn used(mut self) {
        self.used = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.used {
            self.pace.give_back(self.client);
        }
    }
}

impl Pace {
    /// At most `per_second` requests per client, and bursts of twice as many; 0 is no limit. No
    /// request waits longer than `wait_max`.
    pub(super) fn new(per_second: u32, wait_max: Duration) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second);
        Self { interval, burst: Duration::from_secs(2), wait_max, due: Mutex::default() }
    }

    /// Counts a request that arrives `now`, and returns its turn. A request that would wait too
    /// long is not counted; the error is the time after which to retry.
    pub(super) fn turn(&self, client: IpAddr, now: Instant) -> Result<Turn<'_>, Duration> {
        let client = network_of(client);
        let turn = |wait| Turn { pace: self, client, wait, used: false };
        let Some(interval) = self.interval else { return Ok(turn(Duration::ZERO)) };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if due.len() >= CLIENTS_KEPT {
            due.retain(|_, due| *due > now);
        }
        let due = due.entry(client).or_insert(now);
        let begins = (*due).max(now);
        let wait = (begins - now).saturating_sub(self.burst);
        if wait > self.wait_max {
            return Err(wait.saturating_sub(self.wait_max));
        }
        *due = begins + interval;
        Ok(turn(wait))
    }

    fn give_back(&self, client: IpAddr) {
        let Some(interval) = self.interval else { return };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(due) = due.get_mut(&client)
            && let Some(earlier) = due.checked_sub(interval)
        {
            *due = earlier;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn pace(per_second: u32) -> Pace {
        Pace::new(per_second, Duration::from_secs(1))
    }

    /// The delay of an accepted request, or the time after which to retry a refused one, in
    /// milliseconds.
    fn ask(pace: &Pace, client: IpAddr, now: Instant) -> Result<u128, u128> {
        let turn = pace.turn(client, now).map_err(|again| again.as_millis())?;
        let wait = turn.wait.as_millis();
        turn.used();
        Ok(wait)
    }

    #[test]
    fn a_burst_is_answered_at_once_and_what_follows_it_in_its_turn() {
        let (pace, now) = (pace(10), Instant::now());
        let waits: Vec<_> = (0..23).map(|_| ask(&pace, CLIENT, now).unwrap()).collect();
        assert!(waits[..21].iter().all(|wait| *wait == 0), "{waits:?}");
        assert_eq!(waits[21..], [100, 200]);
        let other = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(ask(&pace, other, now), Ok(0));
        let later = now + Duration::from_secs(1);
        assert_eq!(ask(&pace, CLIENT, later), Ok(0), "ten have become free");
    }

    #[test]
    fn nobody_waits_longer_than_the_limit_however_much_was_asked_before() {
        let (pace, now) = (pace(10), Instant::now());
        let asked: Vec<_> = (0..1_000).map(|_| ask(&pace, CLIENT, now)).collect();
        assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 31);
        assert_eq!(asked[30..33], [Ok(1_000), Err(100), Err(100)]);
        assert_eq!(ask(&pace, CLIENT, now + Duration::from_millis(100)), Ok(1_000));
    }

    #[test]
    fn who_goes_away_before_the_turn_gives_it_back() {
        let (pace, now) = (pace(10), Instant::now());
        for _ in 0..21 {
            ask(&pace, CLIENT, now).unwrap();
        }
        let waiting: Vec<_> = (0..5).map(|_| pace.turn(CLIENT, now).unwrap()).collect();
        assert_eq!(waiting[4].wait.as_millis(), 500);
        drop(waiting);
        assert_eq!(ask(&pace, CLIENT, now), Ok(100), "as if they had not asked");
    }

    #[test]
    fn without_a_limit_nobody_waits_and_nobody_is_remembered() {
        let (pace, now) = (pace(0), Instant::now());
        assert!((0..1_000).all(|_| ask(&pace, CLIENT, now) == Ok(0)));
        assert!(pace.due.lock().unwrap().is_empty());
    }

    #[test]
    fn clients_that_have_been_quiet_are_forgotten() {
        let (pace, now) = (pace(1), Instant::now());
        for number in 0..10_000_u32 {
            ask(&pace, IpAddr::V4(number.into()), now).unwrap();
        }
        ask(&pace, CLIENT, now + Duration::from_secs(2)).unwrap();
        assert_eq!(pace.due.lock().unwrap().len(), 1);
    }
}
