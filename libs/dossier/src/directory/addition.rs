//! The addition of a record of a unit or an officer: whether it changes anything, and whether the
//! directory has room for it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::limits::{BYTES_MAX, RECORDS_MAX};
use crate::contract::DirectoryEvent;
use crate::law::{Directory, Records};

/// What the addition of a record comes to.
pub(super) struct Addition {
    /// Absent if the same is recorded already.
    pub(super) event: Option<DirectoryEvent>,
    pub(super) has_room: bool,
}

/// Adds `recorded`, which holds from a day on, to the records of `key` in `all`. There is room for
/// `max` keys.
pub(super) fn addition<K: Ord, R: PartialEq + Into<DirectoryEvent>>(
    directory: &Directory,
    all: &BTreeMap<K, Records<R>>,
    (key, from): (&K, Date),
    recorded: R,
    max: usize,
) -> Addition {
    let records = all.get(key);
    let full = match records {
        Some(records) => records.len() >= RECORDS_MAX && !records.contains_key(&from),
        None => all.len() >= max,
    };
    let is_known = records.and_then(|records| records.get(&from)) == Some(&recorded);
    let event: DirectoryEvent = recorded.into();
    let has_room = !full && directory.bytes_with(&event) <= BYTES_MAX.max(directory.bytes());
    Addition { event: (!is_known).then_some(event), has_room }
}
