//! The states of dossiers in memory, and which events they reflect.

use std::num::NonZeroUsize;
use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::overview::DossierStates;
use dossier::services::Category;
use engine::overview::apply;
use events::{ReadError, Recorded, Version};
use lru::LruCache;

use super::ListedRow;
use super::limits::{STATES_BYTES_MAX, STATES_MAX};

/// The newest version of each stream of a dossier that was applied; 0 if none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen([u64; Category::OF_A_DOSSIER.len()]);

impl Seen {
    fn place(recorded: &Recorded) -> Option<usize> {
        let category = Category::named(recorded.stream.category())?;
        Category::OF_A_DOSSIER.iter().position(|known| *known == category)
    }

    /// Whether the event is applied already.
    pub(super) fn has(&self, recorded: &Recorded) -> bool {
        let newest = Self::place(recorded).and_then(|place| self.0.get(place));
        newest.is_none_or(|newest| *newest >= recorded.version.0)
    }

    /// The newest version of a stream; `None` if the dossier has no such stream.
    pub(crate) fn version(&self, of: Category) -> Option<Version> {
        let place = Category::OF_A_DOSSIER.iter().position(|known| *known == of)?;
        self.0.get(place).copied().filter(|newest| *newest > 0).map(Version)
    }

    fn add(&mut self, recorded: &Recorded) {
        if let Some(newest) = Self::place(recorded).and_then(|place| self.0.get_mut(place)) {
            *newest = recorded.version.0.max(*newest);
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|version| version.to_be_bytes()).collect()
    }

    /// Nothing is seen if the bytes are not those of this type.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut seen = Self::default();
        for (newest, version) in seen.0.iter_mut().zip(bytes.chunks_exact(8)) {
            *newest = version.try_into().map(u64::from_be_bytes).unwrap_or_default();
        }
        seen
    }
}

/// A dossier in memory.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) states: DossierStates,
    pub(super) seen: Seen,
    /// The row as it was last written; `None` if it is not known.
    pub(super) written: Option<ListedRow>,
    /// Bytes of the events behind the states, except for forms.
    bytes: usize,
}

/// An event with a form counts as this many bytes: the form is dropped.
const BYTES_WITHOUT_FORM: usize = 1_500;

impl Folded {
    /// Applies an event unless it is applied already. One that cannot be decoded counts as applied.
    pub(super) fn take(&mut self, recorded: &Recorded) -> Result<(), ReadError> {
        if self.seen.has(recorded) {
            return Ok(());
        }
        self.seen.add(recorded);
        self.bytes += recorded.data.len().min(BYTES_WITHOUT_FORM);
        apply(&mut self.states, recorded)
    }
}

/// Recently used dossiers, bounded in number and bytes.
#[derive(Debug)]
pub(super) struct Cache {
    folded: LruCache<DossierId, Folded>,
    bytes: usize,
}

impl Cache {
    pub(super) fn new() -> Self {
        let most = NonZeroUsize::new(STATES_MAX).unwrap_or(NonZeroUsize::MIN);
        Self { folded: LruCache::new(most), bytes: 0 }
    }

    pub(super) fn has(&self, dossier: DossierId) -> bool {
        self.folded.contains(&dossier)
    }

    pub(super) fn take(&mut self, dossier: DossierId) -> Option<Folded> {
        let folded = self.folded.pop(&dossier)?;
        self.bytes = self.bytes.saturating_sub(folded.bytes);
        Some(folded)
    }

    pub(super) fn put(&mut self, dossier: DossierId, folded: Folded) {
        self.bytes += folded.bytes;
        if let Some((_, gone)) = self.folded.push(dossier, folded) {
            self.bytes = self.bytes.saturating_sub(gone.bytes);
        }
        while self.bytes > STATES_BYTES_MAX
            && let Some((_, gone)) = self.folded.pop_lru()
        {
            self.bytes = self.bytes.saturating_sub(gone.bytes);
        }
    }

    pub(super) fn clear(&mut self) {
        self.folded.clear();
        self.bytes = 0;
    }
}

/// The events of one dossier in a page, in their order.
pub(super) struct Touched {
    pub(super) dossier: DossierId,
    pub(super) folded: Folded,
    pub(super) events: Vec<Arc<Recorded>>,
}

#[cfg(test)]
mod tests {
    use events::{Position, StreamName};
    use uuid::Uuid;

    use super::*;

    fn recorded(category: Category, version: u64) -> Recorded {
        Recorded {
            position: Position(version),
            stream: StreamName::new(&category.stream(Uuid::nil())).unwrap(),
            version: Version(version),
            id: Uuid::nil(),
            kind: "x.Y.v1".into(),
            data: String::new(),
            meta: String::new(),
        }
    }

    #[test]
    fn what_was_seen_is_known_for_each_stream_and_outlasts_the_memory() {
        let mut seen = Seen::default();
        seen.add(&recorded(Category::Review, 3));
        let again = Seen::of(&seen.bytes());
        assert_eq!(again, seen);
        assert_eq!(again.version(Category::Review), Some(Version(3)));
        assert_eq!(again.version(Category::Payment), None, "no such stream");
        assert!(again.has(&recorded(Category::Review, 3)));
        assert!(!again.has(&recorded(Category::Review, 4)));
        assert!(!again.has(&recorded(Category::Intake, 1)));
        assert!(again.has(&recorded(Category::Law, 1)), "not an event of a dossier");
        assert_eq!(Seen::of(b"damaged"), Seen::default());
    }

    #[test]
    fn an_event_that_cannot_be_decoded_is_reported_once() {
        let mut folded = Folded::default();
        assert!(folded.take(&recorded(Category::Review, 1)).is_err());
        assert!(folded.take(&recorded(Category::Review, 1)).is_ok());
    }

    #[test]
    fn the_memory_of_dossiers_is_bounded_in_bytes() {
        let mut cache = Cache::new();
        for n in 0..100 {
            let bytes = STATES_BYTES_MAX / 10;
            cache.put(DossierId(Uuid::from_u128(n)), Folded { bytes, ..Folded::default() });
        }
        assert!(cache.bytes <= STATES_BYTES_MAX);
        assert!(cache.has(DossierId(Uuid::from_u128(99))));
        assert!(cache.take(DossierId(Uuid::from_u128(0))).is_none());
    }
}
