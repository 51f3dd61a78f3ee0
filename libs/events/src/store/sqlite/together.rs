//! Reads several streams for one caller.

use futures_util::future::try_join_all;
use rusqlite::Connection;

use super::{Sqlite, read};
use crate::limits::{READERS_MAX, TOGETHER_BYTES_MAX, TOGETHER_PART_MIN};
use crate::{ReadError, Recorded, StreamName, Version};

impl Sqlite {
    /// At least `limit` events of each of `streams`, or of the first ones. Many streams are shared
    /// among the readers: if the log is larger than the memory, they wait for the disk at the same
    /// time.
    pub(in crate::store) async fn read_together(
        &self,
        streams: &[StreamName],
        limit: usize,
    ) -> Result<Vec<Vec<Recorded>>, ReadError> {
        let part = streams.len().div_ceil(READERS_MAX).max(TOGETHER_PART_MIN);
        let parts = streams.chunks(part);
        let bytes_max = TOGETHER_BYTES_MAX / parts.len().max(1);
        let reads = parts.map(|streams| {
            let streams = streams.to_vec();
            self.readers.with(move |rows| read_each(rows, &streams, (limit, bytes_max)))
        });
        let mut all = Vec::with_capacity(streams.len());
        for each in try_join_all(reads).await? {
            let is_cut = each.len() < part;
            all.extend(each);
            if is_cut {
                break;
            }
        }
        Ok(all)
    }
}

/// Reads streams until their events have `bytes_max` bytes. In one transaction: after a commit by
/// another connection, a new one starts with an empty page cache.
fn read_each(
    rows: &Connection,
    streams: &[StreamName],
    (limit, bytes_max): (usize, usize),
) -> rusqlite::Result<Vec<Vec<Recorded>>> {
    let transaction = rows.unchecked_transaction()?;
    let (mut each, mut bytes) = (Vec::with_capacity(streams.len()), 0);
    for stream in streams {
        if bytes >= bytes_max {
            break;
        }
        let events = read(&transaction, stream, Version(0), limit)?;
        bytes += events.iter().map(Recorded::bytes).sum::<usize>();
        each.push(events);
    }
    Ok(each)
}
