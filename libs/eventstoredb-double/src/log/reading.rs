//! Start positions of reads, and their pages.

use std::sync::Arc;

use super::prefix::Filter;
use super::{Log, Record};
use crate::wire::Empty;
use crate::wire::read::From;

/// Why a read of the log is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The place is inside a record.
    InvalidPosition,
    /// A read backwards from after the end of the log.
    Beyond,
    /// The place exceeds a signed 64-bit number.
    Unreadable,
}

/// Filter and limits of a page.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) filter: Filter,
    /// Most events of the page.
    pub(crate) events_max: usize,
    /// Most events scanned for the page.
    pub(crate) window: usize,
    /// End of the log for this reader.
    pub(crate) until: u64,
}

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) events: Vec<Arc<Record>>,
    /// Place of the next page.
    pub(crate) next: u64,
    pub(crate) considered: usize,
    /// First and last place scanned.
    pub(crate) looked_at: Option<(u64, u64)>,
    /// Whether this is the last page.
    pub(crate) ends: bool,
}

impl Page {
    const fn nothing() -> Self {
        Self { events: Vec::new(), next: 0, considered: 0, looked_at: None, ends: true }
    }

    fn looks_at(&mut self, record: &Record) {
        self.considered += 1;
        let first = self.looked_at.map_or(record.place, |(first, _)| first);
        self.looked_at = Some((first, record.place));
    }
}

impl Log {
    /// Start of a read forwards: the event at the place, or the next one if it was removed.
    pub(crate) fn forwards_from(&self, from: From) -> Result<u64, Refused> {
        match from {
            From::Start(Empty {}) => Ok(0),
            From::End(Empty {}) => Ok(self.end),
            From::Position(position) => match position.commit {
                u64::MAX => Ok(self.end),
                place if i64::try_from(place).is_err() => Err(Refused::Unreadable),
                place => match self.inside(place) {
                    // The server takes the end of the newest record for the end of the file.
                    Inside::Last => Ok(self.end),
                    Inside::Earlier => Err(Refused::InvalidPosition),
                    Inside::None => Ok(place),
                },
            },
        }
    }

    /// Start of a read backwards: the event before the place.
    pub(crate) fn backwards_from(&self, from: From) -> Result<u64, Refused> {
        match from {
            From::Start(Empty {}) => Ok(0),
            From::End(Empty {}) => Ok(self.end),
            From::Position(position) => match position.commit {
                u64::MAX => Ok(self.end),
                place if i64::try_from(place).is_err() => Err(Refused::Unreadable),
                place if place > self.end => Err(Refused::Beyond),
                place => match self.inside(place) {
                    Inside::Last | Inside::Earlier => Err(Refused::InvalidPosition),
                    Inside::None => Ok(place),
                },
            },
        }
    }

    /// Start of a subscription: after the event that a read from this place would return. If the
    /// record at the place was removed, the subscription therefore misses the next event.
    pub(crate) fn behind(&self, place: u64) -> u64 {
        let first = self.records.partition_point(|record| record.place < place);
        self.records.get(first).map_or(self.end, |record| record.place + record.length)
    }

    /// Whether a place is inside a record, after its beginning.
    fn inside(&self, place: u64) -> Inside {
        let behind = self.records.partition_point(|record| record.place <= place);
        let Some(record) = behind.checked_sub(1).and_then(|index| self.records.get(index)) else {
            return Inside::None;
        };
        if place == record.place || place >= record.place + record.length {
            Inside::None
        } else if behind == self.records.len() {
            Inside::Last
        } else {
            Inside::Earlier
        }
    }

    /// The page from a place on.
    pub(crate) fn forwards(&self, from: u64, look: &Look) -> Page {
        let first = self.records.partition_point(|record| record.place < from);
        let mut page = Page { events: Vec::new(), next: from, ..Page::nothing() };
        for record in self.records.iter().skip(first) {
            if record.place >= look.until {
                break;
            }
            if page.events.len() == look.events_max || page.considered == look.window {
                page.next = record.place;
                page.ends = false;
                return page;
            }
            page.looks_at(record);
            page.next = record.place + record.length;
            if look.filter.passes(record) {
                page.events.push(Arc::clone(record));
            }
        }
        page
    }

    /// The page before a place, newest first.
    pub(crate) fn backwards(&self, before: u64, look: &Look) -> Page {
        let before = before.min(look.until);
        let behind = self.records.partition_point(|record| record.place < before);
        let mut page = Page { events: Vec::new(), next: before, ..Page::nothing() };
        for record in self.records.iter().take(behind).rev() {
            if page.events.len() == look.events_max || page.considered == look.window {
                page.ends = false;
                return page;
            }
            page.looks_at(record);
            page.next = record.place;
            if look.filter.passes(record) {
                page.events.push(Arc::clone(record));
            }
        }
        page
    }

    /// Visible events of a stream, in order; `None` if there are none.
    pub(crate) fn stream(&self, name: &str, until: u64) -> Option<&[Arc<Record>]> {
        let records = self.streams.get(name)?;
        let first = self.metadata(name).map_or(0, |metadata| metadata.first(records));
        let from = records.partition_point(|record| record.revision < first);
        let to = records.partition_point(|record| record.place < until);
        let seen = records.get(from.min(to)..to)?;
        (to > 0).then_some(seen)
    }
}

enum Inside {
    None,
    Earlier,
    Last,
}
