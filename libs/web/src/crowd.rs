//! Limits of concurrent use, in total and per client: requests in flight, bytes of bodies and
//! responses, waiting reads, followers of changes. No client can exhaust them for all.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dossier::contract::Subject;
use platform::network::network_of;

/// A shared, limited quantity, of which clients hold parts: addresses, or subjects of tokens.
#[derive(Debug)]
pub(crate) struct Crowd<C: Eq + Hash = IpAddr> {
    max: u64,
    of_one_max: u64,
    held: Mutex<Amounts<C>>,
}

#[derive(Debug)]
struct Amounts<C> {
    all: u64,
    by_client: HashMap<C, u64>,
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
pub(crate) struct Held<C: Eq + Hash = IpAddr> {
    crowd: Arc<Crowd<C>>,
    /// The client; `None` if it counts only in total.
    client: Option<C>,
    amount: u64,
}

impl Crowd<Subject> {
    /// Reserves `amount` for the subject of a token.
    pub(crate) fn enter(
        self: &Arc<Self>,
        client: Subject,
        amount: u64,
    ) -> Result<Held<Subject>, Full> {
        self.reserve(client, amount)
    }
}

impl Crowd {
    /// Reserves `amount` for a client; an IPv6 /64 counts as one.
    pub(crate) fn enter(self: &Arc<Self>, client: IpAddr, amount: u64) -> Result<Held, Full> {
        self.reserve(network_of(client), amount)
    }

    /// Reserves `amount` even beyond the limit, because it is in memory already; later ones are
    /// refused.
    #[must_use]
    pub(crate) fn count(self: &Arc<Self>, client: IpAddr, amount: u64) -> Held {
        self.take(&mut self.lock(), network_of(client), amount)
    }
}

impl<C: Eq + Hash + Clone> Crowd<C> {
    /// At most `max` in all, and `of_one_max` by one client.
    #[must_use]
    pub(crate) fn new(max: u64, of_one_max: u64) -> Arc<Self> {
        let held = Amounts { all: 0, by_client: HashMap::new() };
        Arc::new(Self { max, of_one_max, held: Mutex::new(held) })
    }

    fn reserve(self: &Arc<Self>, client: C, amount: u64) -> Result<Held<C>, Full> {
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
    pub(crate) fn enter_beyond_share(self: &Arc<Self>, amount: u64) -> Result<Held<C>, Full> {
        let mut held = self.lock();
        if held.all.saturating_add(amount) > self.max {
            return Err(Full::All);
        }
        // It counts for no client.
        held.all += amount;
        Ok(Held { crowd: Arc::clone(self), client: None, amount })
    }

    fn take(self: &Arc<Self>, held: &mut Amounts<C>, client: C, amount: u64) -> Held<C> {
        held.all = held.all.saturating_add(amount);
        let of_one = held.by_client.entry(client.clone()).or_default();
        *of_one = of_one.saturating_add(amount);
        Held { crowd: Arc::clone(self), client: Some(client), amount }
    }

    /// The reserved amount.
    #[must_use]
    pub(crate) fn held(&self) -> u64 {
        self.lock().all
    }
}

impl<C: Eq + Hash> Crowd<C> {
    fn lock(&self) -> MutexGuard<'_, Amounts<C>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Eq + Hash> Drop for Held<C> {
    fn drop(&mut self) {
        let mut held = self.crowd.lock();
        held.all = held.all.saturating_sub(self.amount);
        let Some(client) = &self.client else { return };
        let left = held.by_client.get_mut(client).map(|of_one| {
            *of_one = of_one.saturating_sub(self.amount);
            *of_one
        });
        if left == Some(0) {
            held.by_client.remove(client);
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
        let crowd = Crowd::<IpAddr>::new(8, 2);
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
        let crowd = Crowd::<IpAddr>::new(2, 2);
        let _held = crowd.count(address("192.0.2.1"), 2);
        assert_eq!(crowd.enter(address("192.0.2.2"), 1).unwrap_err(), Full::All);
    }

    #[test]
    fn what_is_there_already_counts_even_beyond_the_limit() {
        let crowd = Crowd::<IpAddr>::new(2, 2);
        let _held = crowd.count(address("192.0.2.1"), 5);
        assert_eq!(crowd.held(), 5);
    }

    #[test]
    fn the_addresses_of_one_network_are_one_client() {
        let crowd = Crowd::<IpAddr>::new(8, 1);
        let _held = crowd.enter(address("2001:db8::1"), 1).unwrap();
        assert_eq!(crowd.enter(address("2001:db8::2"), 1).unwrap_err(), Full::One);
    }
}
