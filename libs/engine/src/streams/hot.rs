//! Cache of stream states, bounded in number and bytes.

use std::sync::Arc;

use events::StreamName;
use lru::LruCache;

use super::Loaded;
use crate::limits::{STATES_BYTES_MAX, STATES_MAX};

/// States by stream; the least recently used are dropped first.
#[derive(Debug)]
pub(super) struct Hot<S> {
    states: LruCache<StreamName, Arc<Loaded<S>>>,
    bytes: usize,
}

impl<S> Hot<S> {
    pub(super) fn new() -> Self {
        Self { states: LruCache::new(STATES_MAX), bytes: 0 }
    }

    pub(super) fn get(&mut self, stream: &StreamName) -> Option<Arc<Loaded<S>>> {
        self.states.get(stream).cloned()
    }

    /// Caches a state, unless a newer one is cached.
    pub(super) fn put(&mut self, stream: &StreamName, loaded: &Arc<Loaded<S>>) {
        if self.states.peek(stream).is_some_and(|known| known.version >= loaded.version) {
            return;
        }
        self.bytes += loaded.bytes;
        // Returns the previous state of the stream, or the evicted one if the cache is full.
        if let Some((_, gone)) = self.states.push(stream.clone(), Arc::clone(loaded)) {
            self.bytes -= gone.bytes;
        }
        while self.bytes > STATES_BYTES_MAX
            && let Some((_, gone)) = self.states.pop_lru()
        {
            self.bytes -= gone.bytes;
        }
    }

    pub(super) fn forget(&mut self, stream: &StreamName) {
        if let Some(gone) = self.states.pop(stream) {
            self.bytes -= gone.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use events::Version;

    use super::*;

    fn stream(n: usize) -> StreamName {
        StreamName::new(&format!("a-{n}")).unwrap()
    }

    fn state(version: u64, bytes: usize) -> Arc<Loaded<()>> {
        Arc::new(Loaded { version: Some(Version(version)), bytes, ..Loaded::default() })
    }

    #[test]
    fn states_are_bounded_in_number_and_in_bytes_and_the_newest_stay() {
        let mut hot = Hot::new();
        let large = STATES_BYTES_MAX / 4;
        for n in 0..10 {
            hot.put(&stream(n), &state(1, large));
        }
        let kept: Vec<usize> = (0..10).filter(|n| hot.get(&stream(*n)).is_some()).collect();
        assert_eq!((kept, hot.bytes), (vec![6, 7, 8, 9], 4 * large));
        for n in 0..2 * STATES_MAX.get() {
            hot.put(&stream(n), &state(2, 1));
        }
        assert_eq!((hot.states.len(), hot.bytes), (STATES_MAX.get(), STATES_MAX.get()));
    }

    #[test]
    fn what_is_counted_goes_with_what_is_replaced_or_forgotten() {
        let mut hot = Hot::new();
        hot.put(&stream(1), &state(3, 10));
        hot.put(&stream(1), &state(2, 99));
        assert_eq!(hot.bytes, 10, "an older one is not kept");
        hot.put(&stream(1), &state(4, 30));
        assert_eq!((hot.bytes, hot.get(&stream(1)).unwrap().version), (30, Some(Version(4))));
        hot.forget(&stream(1));
        hot.forget(&stream(1));
        assert_eq!(hot.bytes, 0);
    }

    #[test]
    fn a_state_larger_than_all_may_be_is_not_kept() {
        let mut hot = Hot::new();
        hot.put(&stream(1), &state(1, STATES_BYTES_MAX + 1));
        assert_eq!((hot.bytes, hot.states.len()), (0, 0));
    }
}
