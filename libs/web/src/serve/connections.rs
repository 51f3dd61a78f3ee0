//! Open connections, by address. One address may have a part of them. If all are in use, a client
//! with few connections takes the place of an idle connection of the address that has most.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use platform::network::network_of;
use tokio::sync::Notify;

#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    of_one_max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: usize,
    by_address: HashMap<IpAddr, HashMap<u64, Arc<Activity>>>,
}

/// State of a connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    serving: AtomicBool,
    /// Its request waits for the client's turn.
    waiting: AtomicBool,
    /// The body of its request is being read.
    reading: AtomicBool,
    /// Data was written and is not flushed yet.
    writing: AtomicBool,
    /// When the peer stopped reading, in milliseconds after the connection was opened, plus 1; 0 if
    /// it reads.
    blocked: AtomicU64,
    requests: AtomicU64,
    evicted: Notify,
}

impl Activity {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            serving: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
            reading: AtomicBool::new(false),
            writing: AtomicBool::new(false),
            blocked: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            evicted: Notify::new(),
        }
    }

    /// Whether no request is in progress and nothing is left to send.
    pub(super) fn is_idle(&self) -> bool {
        !self.serving.load(Relaxed) && !self.writing.load(Relaxed)
    }

    /// Whether it may be closed to make room: it is idle, or its request has not begun.
    fn is_evictable(&self) -> bool {
        self.is_idle() || self.waiting.load(Relaxed)
    }

    /// Sets whether its request waits for the client's turn.
    pub(super) fn waits(&self, waiting: bool) {
        self.waiting.store(waiting, Relaxed);
    }

    pub(super) fn is_reading(&self) -> bool {
        self.reading.load(Relaxed)
    }

    /// Sets whether the body of its request is being read.
    pub(super) fn reads(&self, reading: bool) {
        self.reading.store(reading, Relaxed);
    }

    /// Marks the begin of a request; returns the number of requests so far.
    pub(super) fn begins(&self) -> u64 {
        self.serving.store(true, Relaxed);
        self.requests.fetch_add(1, Relaxed) + 1
    }

    /// Marks the end of a request: its answer was sent or dropped.
    pub(super) fn ends(&self) {
        self.reading.store(false, Relaxed);
        self.serving.store(false, Relaxed);
    }

    /// Records a write to the socket: `took` is false if the peer does not read.
    pub(super) fn wrote(&self, took: bool) {
        self.writing.store(true, Relaxed);
        if took {
            self.blocked.store(0, Relaxed);
        } else if self.blocked.load(Relaxed) == 0 {
            let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
            self.blocked.store(now + 1, Relaxed);
        }
    }

    /// Records that all data has been flushed.
    pub(super) fn flushed(&self) {
        self.blocked.store(0, Relaxed);
        self.writing.store(false, Relaxed);
    }

    /// How long the peer has not read while data was waiting.
    pub(super) fn blocked_for(&self) -> Duration {
        match self.blocked.load(Relaxed) {
            0 => Duration::ZERO,
            since => self.opened.elapsed().saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Returns once the connection has lost its place.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

/// Place of a connection; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
    number: u64,
    activity: Arc<Activity>,
}

impl Place {
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Connections {
    pub(super) fn new(max: usize, of_one_max: usize) -> Arc<Self> {
        Arc::new(Self { max, of_one_max, open: Mutex::default() })
    }

    /// Reserves a place for a connection of this address; `None` if there is none. Trusted proxies
    /// have no limit of their own.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr, trusted: bool) -> Option<Place> {
        let address = network_of(peer);
        let mut open = self.lock();
        let own = open.by_address.get(&address).map_or(0, HashMap::len);
        if !trusted && own >= self.of_one_max {
            return None;
        }
        if open.all >= self.max {
            open.evict(if trusted { 0 } else { own + 1 })?;
        }
        let (number, activity) = (open.next, Arc::new(Activity::new()));
        open.next += 1;
        open.all += 1;
        open.by_address.entry(address).or_default().insert(number, Arc::clone(&activity));
        Some(Place { connections: Arc::clone(self), address, number, activity })
    }

    pub(super) fn count(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Evicts a connection: of the addresses with more than `more_than` connections and one that
    /// may be evicted, the one with most; of its connections an idle one or, failing that, one that
    /// waits for its client's turn.
    fn evict(&mut self, more_than: usize) -> Option<()> {
        let idle = |open: &HashMap<u64, Arc<Activity>>| {
            let mut evictable = open.iter().filter(|(_, activity)| activity.is_evictable());
            let first = evictable.next()?;
            let idle =
                std::iter::once(first).chain(evictable).find(|(_, activity)| activity.is_idle());
            Some(*idle.unwrap_or(first).0)
        };
        let (mut most, mut victim) = (more_than, None);
        for (address, open) in &self.by_address {
            if open.len() > most
                && let Some(number) = idle(open)
            {
                (most, victim) = (open.len(), Some((*address, number)));
            }
        }
        let (address, number) = victim?;
        self.remove(address, number)?.evicted.notify_one();
        Some(())
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<Arc<Activity>> {
        let of_one = self.by_address.get_mut(&address)?;
        let removed = of_one.remove(&number)?;
        if of_one.is_empty() {
            self.by_address.remove(&address);
        }
        self.all -= 1;
        Some(removed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // An evicted connection has been removed already.
        self.connections.lock().remove(self.address, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_a_part_of_all_connections_and_a_trusted_proxy_as_many_as_there_are() {
        let connections = Connections::new(8, 2);
        let enter = |trusted| connections.enter(address("192.0.2.1"), trusted);
        let places = [enter(false), enter(false)];
        assert!(places.iter().all(Option::is_some) && enter(false).is_none());
        assert!(enter(true).is_some());
        drop(places);
        assert!(enter(false).is_some());
        assert_eq!(connections.count(), 0);
    }

    #[tokio::test]
    async fn where_all_are_in_use_an_idle_one_of_whoever_has_most_makes_room() {
        let connections = Connections::new(4, 3);
        let greedy = [1, 2, 3].map(|_| connections.enter(address("192.0.2.1"), false).unwrap());
        let _modest = connections.enter(address("192.0.2.2"), false).unwrap();
        greedy[0].activity().begins();
        greedy[1].activity().wrote(false);
        // Only the third connection of the greedy address is idle.
        let newcomer = connections.enter(address("192.0.2.3"), false).unwrap();
        greedy[2].activity().evicted().await;
        assert_eq!(connections.count(), 4);
        assert!(connections.enter(address("192.0.2.4"), false).is_none(), "nothing is idle");
        drop(greedy);
        assert_eq!(connections.count(), 2);
        drop(newcomer);
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_makes_room_after_whoever_is_idle() {
        let connections = Connections::new(3, 3);
        let greedy = [1, 2, 3].map(|_| connections.enter(address("192.0.2.1"), false).unwrap());
        for place in &greedy[..2] {
            place.activity().begins();
        }
        greedy[0].activity().waits(true);
        let _second = connections.enter(address("192.0.2.2"), false).unwrap();
        greedy[2].activity().evicted().await;
        let _third = connections.enter(address("192.0.2.3"), false).unwrap();
        greedy[0].activity().evicted().await;
        assert!(connections.enter(address("192.0.2.4"), false).is_none(), "one is answered");
    }

    #[test]
    fn nobody_makes_room_for_an_address_that_has_as_many() {
        let connections = Connections::new(4, 2);
        let both = ["192.0.2.1", "192.0.2.2"];
        let _places = both.map(|of| [1, 2].map(|_| connections.enter(address(of), false).unwrap()));
        let _third = connections.enter(address("192.0.2.3"), false).unwrap();
        assert!(connections.enter(address("192.0.2.3"), false).is_none());
    }

    #[test]
    fn a_peer_that_takes_nothing_is_known_by_how_long() {
        let activity = Activity::new();
        assert!(activity.is_idle());
        activity.wrote(false);
        activity.wrote(false);
        assert!(!activity.is_idle() && activity.blocked.load(Relaxed) > 0);
        activity.wrote(true);
        assert_eq!(activity.blocked_for(), Duration::ZERO);
        activity.flushed();
        assert!(activity.is_idle());
    }
}
