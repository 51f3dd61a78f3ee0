//! Limits of concurrent use, in total and per client: requests in flight, bytes of bodies and
//! responses, waiting reads. No client can exhaust them for all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platform::network::network_of;

/// A shared, limited quantity.
#[derive(Debug)]
pub(crate) struct Crowd {
    max: u64,
    of_one_max: u64,
    held: Mutex<Amounts>,
}

#[derive(Debug, Default)]
struct Amounts {
    all: u64,
    by_client: HashMap<IpAddr, u64>,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The client's limit is reached.
    One,
    /// The total limit is reached.
    All,
}

/// A reserved amount, released on drop.
#[derive(Debug)]
pub(crate) struct Held {
    crowd: Arc<Crowd>,
    /// The client; `None` if it counts only in total.
    client: Option<IpAddr>,
    amount: u64,
}

impl Crowd {
    /// At most `max` in all, and `of_one_max` by one client.
    #[must_use]
    pub(crate) fn new(max: u64, of_one_max: u64) -> Arc<Self> {
        Arc::new(Self { max, of_one_max, held: Mutex::default() })
    }

    /// Reserves `amount` for a client; an IPv6 /64 counts as one.
    pub(crate) fn enter(self: &Arc<Self>, client: IpAddr, amount: u64) -> Result<Held, Full> {
        let client = network_of(client);
        let mut held = self.lock();
        let of_one = held.by_client.get(&client).copied().unwrap_or(0);
        if of_one.saturating_add(amount) > self.of_one_max {
            return Err(Full::One);
        }
        if held.all.saturating_add(amount) > self.max {
            return Err(Full::All);
        }
        Ok(self.take(&mut held, client, amount))
    }

    /// The same with the total limit only, for uses that have a limit per client of their own.
    pub(crate) fn enter_beyond_share(self: &Arc<Self>, amount: u64) -> Result<Held, Full> {
        let mut held = self.lock();
        if held.all.saturating_add(amount) > self.max {
            return Err(Full::All);
        }
        // It counts for no client.
        held.all += amount;
        Ok(Held { crowd: Arc::clone(self), client: None, amount })
    }

    /// Reserves `amount` even beyond the limit, because it is in memory already; later ones are
    /// refused.
    #[must_use]
    pub(crate) fn count(self: &Arc<Self>, client: IpAddr, amount: u64) -> Held {
        self.take(&mut self.lock(), network_of(client), amount)
    }

    fn take(self: &Arc<Self>, held: &mut Amounts, client: IpAddr, amount: u64) -> Held {
        held.all = held.all.saturating_add(amount);
        let of_one = held.by_client.entry(client).or_default();
        *of_one = of_one.saturating_add(amount);
        Held { crowd: Arc::clone(self), client: Some(client), amount }
    }

    /// The reserved amount.
    #[must_use]
    pub(crate) fn held(&self) -> u64 {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Amounts> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.crowd.lock();
        held.all = held.all.saturating_sub(self.amount);
        let Some(client) = self.client else { return };
        let left = held.by_client.get_mut(&client).map(|of_one| {
            *of_one = of_one.saturating_sub(self.amount);
            *of_one
        });
        if left == Some(0) {
            held.by_client.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_client_takes_its_share_and_no_more_and_gives_it_back() {
        let crowd = Crowd::new(8, 2);
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        let first = crowd.enter(one, 2).unwrap();
        assert_eq!(crowd.enter(one, 1).unwrap_err(), Full::One);
        assert!(crowd.enter(other, 1).is_ok());
        drop(first);
        assert!(crowd.enter(one, 2).is_ok());
        assert_eq!(crowd.held(), 0);
        assert!(crowd.lock().by_client.is_empty());
    }

    #[test]
    fn what_is_taken_by_all_together_is_full_for_everybody() {
        let crowd = Crowd::new(2, 2);
        let _held = crowd.count(address("192.0.2.1"), 2);
        assert_eq!(crowd.enter(address("192.0.2.2"), 1).unwrap_err(), Full::All);
    }

    #[test]
    fn what_is_there_already_counts_even_beyond_the_limit() {
        let crowd = Crowd::new(2, 2);
        let _held = crowd.count(address("192.0.2.1"), 5);
        assert_eq!(crowd.held(), 5);
    }

    #[test]
    fn the_addresses_of_one_network_are_one_client() {
        let crowd = Crowd::new(8, 1);
        let _held = crowd.enter(address("2001:db8::1"), 1).unwrap();
        assert_eq!(crowd.enter(address("2001:db8::2"), 1).unwrap_err(), Full::One);
    }
}
